"""/v1/config and /v1/reload: what is in force, and reading the files again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import RootModel

from mocksmtp.config.mistakes import Mistake
from mocksmtp.config.settings import Settings
from mocksmtp.config.telling import told_settings
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.told import Told


class ToldSettings(RootModel[dict[str, Any]]):
    """The settings as the configuration file calls them, without the rules; secrets are masked."""


class ToldReload(Told):
    """What took effect, and what the files say that could not."""

    changed: list[str]
    kept: list[str]


def routes(settings: Callable[[], Settings], reload: Callable[[], Awaitable[Any]]) -> list[Route]:
    """Return the routes; ``reload`` tells what ``changed``, was ``kept``, and the ``mistakes``."""

    def told(_: Query) -> Answer:
        return as_json(told_settings(settings()))

    async def reloaded(_: Query) -> Answer:
        how = await reload()
        if how.mistakes:
            raise _refused(how.mistakes)
        return as_json({"changed": list(how.changed), "kept": list(how.kept)})

    return [
        Route("GET", "/v1/config", told, answer=ToldSettings, says="What is in force, but for the rules."),
        Route("POST", "/v1/reload", reloaded, answer=ToldReload, problems=(409,), says="Read the files again."),
    ]


def _refused(mistakes: tuple[Mistake, ...]) -> Problem:
    places = [
        (f"{each.file}:{each.line}:{each.column}" if each.line else each.file, each.text) for each in mistakes
    ]
    lines = "; ".join(map(str, mistakes))
    return Problem(409, "Not reloaded", f"what was in force stays: {lines}", errors=places)

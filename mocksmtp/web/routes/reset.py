"""/v1/reset: as at the start, all of it or some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from mocksmtp.stores import Store
from mocksmtp.web.asking import Body
from mocksmtp.web.routing import Answer, Query, Route, as_json
from mocksmtp.web.told import Told

Part = Literal["messages", "journal", "counters", "rules", "clock"]

PAGE = 1000
"""Messages that are removed at a time."""


class Wanted(Body):
    """What is reset; all where nothing is named."""

    only: Annotated[list[Part], Field(min_length=1)] | None = None


class Reset(Told):
    """What was reset."""

    reset: list[Part]


async def remove_messages(store: Store) -> None:
    """Keep none of the messages that are there now, but those of scopes."""
    before: str | None = None
    while page := await store.newest(PAGE, before):
        before = page[-1].id
        await store.remove([message.id for message in page if not message.scopes])


def routes(parts: Mapping[Part, Callable[[], Awaitable[Any] | None]]) -> list[Route]:
    """Return the route; each of the parts is reset by a call, some of which take their time."""

    async def reset(query: Query) -> Answer:
        named = [name for name in parts if query.body.only is None or name in query.body.only]
        for name in named:
            under_way = parts[name]()
            if under_way is not None:
                await under_way
        return as_json({"reset": named})

    return [Route("POST", "/v1/reset", reset, body=Wanted, answer=Reset, says="Begin again, wholly or in part.")]

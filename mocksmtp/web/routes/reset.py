"""/v1/reset: as at the start, all of it or some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from mocksmtp.journal import Journal
from mocksmtp.rules.scopes import Scope, Scopes
from mocksmtp.stores import Store
from mocksmtp.web.asking import Body
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.scoped import Scoped, scope_asked
from mocksmtp.web.told import Told

Part = Literal["messages", "journal", "counters", "rules", "clock"]

Resets = Mapping[Part, Callable[[], Awaitable[Any] | None]]
"""What resets each part that there is; some take their time."""

PAGE = 1000
"""Messages that are removed at a time."""


class Wanted(Body):
    """What is reset; all where nothing is named."""

    only: Annotated[list[Part], Field(min_length=1)] | None = None


class Reset(Told):
    """What was reset."""

    reset: list[Part]


def in_none(tokens: tuple[str, ...]) -> bool:
    """Say whether what carries these tokens is in no scope."""
    return not tokens


async def remove_messages(store: Store, goes: Callable[[tuple[str, ...]], bool] = in_none) -> None:
    """Keep none of the messages that are there now and of whose scopes ``goes`` says so."""
    before: str | None = None
    while page := await store.newest(PAGE, before):
        before = page[-1].id
        await store.remove([message.id for message in page if goes(message.scopes)])


async def _remove_of(scope: Scope, scopes: Scopes, store: Store) -> None:
    await store.remove(scopes.alone(scope))
    if len(scope.messages) == scope.messages.maxlen:  # There may be older ones.
        await remove_messages(store, lambda tokens: scopes.sole(scope, tokens))


def of_scope(scope: Scope, scopes: Scopes, store: Store, journal: Journal) -> Resets:
    """Return what resets a scope; what is in another one too stays."""
    return {
        "messages": lambda: _remove_of(scope, scopes, store),
        "journal": lambda: journal.clear_where(lambda tokens: scopes.sole(scope, tokens)),
        "counters": scope.forget,
        "clock": scope.clock.follow,
    }


def routes(everybody: Resets, scopes: Scopes, of_scope: Callable[[Scope], Resets]) -> list[Route]:
    """Return the route, over what is in no scope, and what is in one."""

    async def reset(query: Query) -> Answer:
        scope = scope_asked(scopes, query)
        parts = everybody if scope is None else of_scope(scope)
        only: list[Part] | None = query.body.only
        for place, name in enumerate(only or ()):
            if name not in parts:
                detail = f"{name} of a scope are not reset; PUT /v1/scopes/{{token}}/rules gives it others"
                raise Problem(422, "Bad body", detail, f"only.{place}")
        named = [name for name in parts if only is None or name in only]
        for name in named:
            under_way = parts[name]()
            if under_way is not None:
                await under_way
        return as_json({"reset": named})

    return [
        Route(
            "POST", "/v1/reset", reset, query=Scoped, body=Wanted, answer=Reset, problems=(404,),
            says="Begin again, wholly or in part.",
        )
    ]  # fmt: skip

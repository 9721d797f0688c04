"""/v1/events: what happens, as it happens, as server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field

from mocksmtp.feed import EVENTS, Event, Feed, Wanted
from mocksmtp.rules.pattern import Kind, PatternIndex, Patterns
from mocksmtp.web.asking import Asked
from mocksmtp.web.routing import Problem, Query, Route
from mocksmtp.web.search import Token, scope_test
from mocksmtp.web.stream import EventStream

MOST_VIEWERS = 64
"""Viewers at a time; each may hold a bounded queue."""

NAMES = frozenset({"missed", *(name for name, _ in EVENTS.values())})

FIELDS: Mapping[str, Kind] = {
    "session": Kind.VALUE,
    "listener": Kind.VALUE,
    "client": Kind.VALUE,
    "id": Kind.VALUE,
    "stage": Kind.VALUE,
    "code": Kind.VALUE,
    "rule": Kind.VALUE,
    "fault": Kind.VALUE,
    "mail": Kind.ADDRESS,
    "rcpt": Kind.ADDRESS,
}
"""What events can be told apart by, and how values are compared."""


Pattern = Annotated[str, Field(description="a pattern that the field of the event must match")]


class Watched(Asked):
    """Which events are told; all that is given must hold."""

    event: Annotated[str, Field(description=f"names, parted by commas: {', '.join(sorted(NAMES))}")] | None = None
    session: Pattern | None = None
    listener: Pattern | None = None
    client: Pattern | None = None
    id: Pattern | None = None
    stage: Pattern | None = None
    code: Pattern | None = None
    rule: Pattern | None = None
    fault: Pattern | None = None
    mail: Pattern | None = None
    rcpt: Pattern | None = None
    scope: Token | None = None


def routes(feed: Feed, clock: Any) -> list[Route]:
    """Return the route over this feed."""

    def listen(query: Query) -> EventStream:
        wanted = wanted_by(query.query, query.asked.scope)
        if feed.viewers >= MOST_VIEWERS:
            raise Problem(503, "Too many viewers", f"{MOST_VIEWERS} look on already")
        return EventStream(feed, wanted, clock)

    return [
        Route(
            "GET", "/v1/events", listen, query=Watched, answer="text/event-stream",
            says="Tell what happens, as it happens.",
        )
    ]  # fmt: skip


def wanted_by(query: Mapping[str, str], scope: str | None = None) -> Wanted:
    """Read a filter: all that is named must match, and belong to the scope, or to none.  Raises Problem."""
    belongs = scope_test(scope)
    names: frozenset[str] | None = None
    tests: list[tuple[str, Callable[[str], Any]]] = []
    for field, text in query.items():
        if field == "event":
            names = frozenset(text.split(","))
            if not names <= NAMES:
                raise Problem(422, "Bad query", f"events are {', '.join(sorted(NAMES))}", field=field)
        elif field != "scope":
            tests.append((field, _search(field, text)))

    def wanted(event: Event) -> bool:
        if names is not None and event.name not in names:
            return False
        return (belongs(event) or event.name == "missed") and all(
            _holds(event.told.get(field), search) for field, search in tests
        )

    return wanted


def _search(field: str, text: str) -> Callable[[str], Any]:
    try:
        items = Patterns.parse(text).items
        return PatternIndex(FIELDS[field], [(item, field) for item in items]).find
    except ValueError as error:
        raise Problem(422, "Bad query", str(error), field=field) from None


def _holds(value: Any, search: Callable[[str], Any]) -> bool:
    if value is None:
        return False
    values = value if isinstance(value, list) else [value]
    # The null reverse-path is "" in events and <> in patterns.
    return any(search(str(each).lower() or "<>") for each in values)

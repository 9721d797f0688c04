"""/v1/duplicates: messages that came more than once."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from pydantic import Field

from mocksmtp.stores import Store
from mocksmtp.web.finding import matching
from mocksmtp.web.repeats import MARKS, By, Copy, Group, Repeats
from mocksmtp.web.routing import Answer, Query, Route, as_json
from mocksmtp.web.search import MessageSearch
from mocksmtp.web.told import Time, Told, time_told
from mocksmtp.web.turns import Turns

MOST = 1000
"""Groups in one answer."""

MOST_COPIES = 100
"""Messages, and recipients, that are told of one group; the others are counted."""


class Listed(MessageSearch):
    """Among which messages duplicates are looked for, and by what."""

    by: Annotated[By, Field(description="by both where it is left out")] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50


class CopyTold(Told):
    """One of the messages."""

    id: str
    session: str
    received_at: Time
    mail: Annotated[str, Field(description="the reverse-path; empty for <>")]
    rcpt: list[str]


class GroupTold(Told):
    """Messages that are alike."""

    by: By
    value: Annotated[str, Field(description="the Message-ID, or the SHA-256 of the body")]
    count: int
    again: Annotated[list[str], Field(description="recipients who got it more than once")]
    messages: Annotated[list[CopyTold], Field(description="the first 100, oldest first")]


class Duplicates(Told):
    """The groups, the one that was added to last first; ``total`` counts those beyond the limit too."""

    groups: list[GroupTold]
    total: int


def routes(store: Store, clock: Any) -> list[Route]:
    """Return the route over this store; ``clock`` is the reactor."""
    own, says = Duplicated(store, clock), "List messages that came more than once."
    return [Route("GET", "/v1/duplicates", own.listed, query=Listed, answer=Duplicates, says=says)]


class Duplicated:
    """Looks all messages through that match."""

    def __init__(self, store: Store, clock: Any) -> None:
        self._store = store
        self._clock = clock

    async def listed(self, query: Query) -> Answer:
        """Tell of the groups."""
        asked: Listed = query.asked
        readers = {by: read for by, read in MARKS.items() if asked.by in (None, by)}

        def marks(content: bytes) -> dict[By, str | None]:
            return {by: read(content) for by, read in readers.items()}

        turns, repeats = Turns(self._clock), Repeats()
        async for message in matching(self._store, self._clock, asked):
            repeats.take(message, await turns.read(message.content, marks, message.content))
        groups = list(repeats.groups())
        return as_json(Duplicates(groups=[_told(each) for each in groups[: asked.limit]], total=len(groups)))


def _told(group: Group) -> GroupTold:
    return GroupTold(
        by=group.by, value=group.value, count=len(group.copies), again=group.again[:MOST_COPIES],
        messages=[_copy_told(each) for each in islice(group.copies, MOST_COPIES)],
    )  # fmt: skip


def _copy_told(copy: Copy) -> CopyTold:
    return CopyTold(
        id=copy.id, session=copy.session, received_at=time_told(copy.received), mail=copy.mail,
        rcpt=list(copy.rcpt.values()),
    )  # fmt: skip

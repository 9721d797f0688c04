"""/v1/messages: what was taken in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from mocksmtp.stores import Store
from mocksmtp.web import mail
from mocksmtp.web.finding import find, matching, newest, within
from mocksmtp.web.message import MessagePage, MessageTold, RemovedMessages, summary, whole
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.search import MessageSearch
from mocksmtp.web.turns import Turns

MOST = 1000
"""Messages in one answer."""

SANDBOX = (("Content-Security-Policy", "sandbox; default-src 'none'"),)
"""For what a stranger wrote: no script, and nothing is fetched."""

UNSAFE_IN_NAME = re.compile(r"[^\w.@ +-]", re.ASCII)
LONGEST_NAME = 100


class Listed(MessageSearch):
    """Which messages a page shows."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 50
    before: Annotated[str, Field(pattern="^[0-9A-F]{1,20}$", description="the id of a message")] | None = None


class Cleared(MessageSearch):
    """Which messages are removed; without a filter all that were accepted."""

    drain: Annotated[bool, Field(description=f"answer with what is removed, {MOST} or 64 MiB at most")] = False


def routes(store: Store, clock: Any) -> list[Route]:
    """Return the routes over this store; ``clock`` is the reactor."""
    own, one = Messages(store, clock), "/v1/messages/{id}"
    return [
        Route("GET", "/v1/messages", own.listed, query=Listed, answer=MessagePage, says="List messages."),
        Route(
            "DELETE", "/v1/messages", own.cleared, query=Cleared, answer=RemovedMessages, says="Remove messages."
        ),
        Route("GET", one, own.told, answer=MessageTold, says="Tell all of a message but its octets."),
        Route("DELETE", one, own.removed, status=204, says="Remove one message."),
        Route("GET", f"{one}/raw", own.raw, answer="message/rfc822", says="Return a message as it was sent."),
        Route(
            "GET", f"{one}/parts/{{part}}", own.part, answer="*/*", says="Return one part of a message, decoded."
        ),
    ]


class Messages:
    """Answers about what is in a store."""

    def __init__(self, store: Store, clock: Any) -> None:
        self._store = store
        self._clock = clock

    async def listed(self, query: Query) -> Answer:
        """Tell of a page of messages."""
        asked: Listed = query.asked
        found = await newest(self._store, self._clock, asked, asked.limit, asked.before)
        following = found[-1].id if len(found) == asked.limit else None
        return as_json(MessagePage(messages=[summary(message) for message in found], next=following))

    async def told(self, query: Query) -> Answer:
        """Tell of one message."""
        message = await find(self._store, query.path["id"])
        return as_json(await Turns(self._clock).read(message.content, whole, message))

    async def raw(self, query: Query) -> Answer:
        """Return its octets."""
        message = await find(self._store, query.path["id"])
        return _download(message.content, "message/rfc822", f"{message.id}.eml")

    async def part(self, query: Query) -> Answer:
        """Return the octets of a part."""
        message, number = await find(self._store, query.path["id"]), query.path["part"]
        content = await Turns(self._clock).read(message.content, mail.take_apart, message.content)
        for each in content.parts:
            if str(each.number) == number:
                return _download(each.octets, each.content_type, each.name or f"{message.id}-{number}")
        raise Problem(404, "Not found", f"message {message.id} has no part {number}")

    async def removed(self, query: Query) -> Answer:
        """Remove one message."""
        message = await find(self._store, query.path["id"])
        await self._store.remove([message.id])
        return Answer(b"", status=204)

    async def cleared(self, query: Query) -> Answer:
        """Remove those that match."""
        asked: Cleared = query.asked
        if not asked.drain:
            ids = [each.id async for each in matching(self._store, self._clock, asked)]
            return as_json(RemovedMessages(removed=await self._store.remove(ids), messages=None))
        found = within(await newest(self._store, self._clock, asked, MOST))
        turns = Turns(self._clock)
        told = [await turns.read(each.content, whole, each) for each in found]
        return as_json(
            RemovedMessages(removed=await self._store.remove([each.id for each in found]), messages=told)
        )


def _download(octets: bytes, content_type: str, name: str) -> Answer:
    """Whatever the mail says that it is, a browser only saves it."""
    plain = UNSAFE_IN_NAME.sub("_", name)[:LONGEST_NAME]
    attached = ("Content-Disposition", f'attachment; filename="{plain}"')
    return Answer(octets, content_type, headers=(attached, *SANDBOX))

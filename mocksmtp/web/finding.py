"""Finding: a few of the many that a store keeps, read a page at a time, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from mocksmtp.smtp.envelope import Message
from mocksmtp.stores import Store
from mocksmtp.web.routing import Problem
from mocksmtp.web.search import MessageSearch, message_test
from mocksmtp.web.turns import Turns

PAGE = 200
"""Messages read from a store at once."""

WHOLE = 64 * 1024 * 1024
"""Octets of mail that one answer tells."""


async def find(store: Store, queue_id: str) -> Message:
    """Return one message.  Raises Problem where there is none."""
    message = await store.get(queue_id)
    if message is None:
        raise Problem(404, "Not found", f"there is no message {queue_id} (any more)")
    return message


async def matching(
    store: Store, clock: Any, asked: MessageSearch, before: str | None = None
) -> AsyncIterator[Message]:
    """Yield the messages that match, newest first; with ``before`` only older ones."""
    by_envelope, by_content = message_test(asked)
    turns = Turns(clock)
    while page := await store.newest(PAGE, before):
        for message in page:
            if not by_envelope(message):
                continue
            if by_content is None or await turns.read(message.content, by_content, message):
                yield message
        before = page[-1].id
        await turns.give_way()


async def newest(
    store: Store, clock: Any, asked: MessageSearch, limit: int, before: str | None = None
) -> list[Message]:
    """Return up to ``limit`` messages that match, newest first; with ``before`` only older ones."""
    found: list[Message] = []
    async for message in matching(store, clock, asked, before):
        found.append(message)
        if len(found) == limit:
            break
    return found


def within(messages: Sequence[Message], octets: int = WHOLE) -> list[Message]:
    """Return the first of some messages, as many as may stand in one answer with all they hold; one always may."""
    found: list[Message] = []
    for message in messages:
        octets -= len(message.content)
        if octets < 0 and found:
            break
        found.append(message)
    return found


async def matches(message: Message, asked: MessageSearch, clock: Any) -> bool:
    """Say whether one message matches."""
    by_envelope, by_content = message_test(asked)
    if not by_envelope(message):
        return False
    return by_content is None or await Turns(clock).read(message.content, by_content, message)

"""Finding: a few of the many that a store keeps, read a page at a time, so that nobody waits for it."""

from __future__ import annotations

from typing import Any

from mocksmtp.smtp.envelope import Message
from mocksmtp.stores import Store
from mocksmtp.web.search import MessageSearch, message_test
from mocksmtp.web.turns import Turns

PAGE = 200
"""Messages read from a store at once."""


async def newest(
    store: Store, clock: Any, asked: MessageSearch, limit: int | None, before: str | None = None
) -> list[Message]:
    """Return up to ``limit`` messages that match, newest first; with ``before`` only older ones."""
    by_envelope, by_content = message_test(asked)
    turns = Turns(clock)
    found: list[Message] = []
    while page := await store.newest(PAGE, before):
        for message in page:
            if not by_envelope(message):
                continue
            if by_content is None or await turns.read(message.content, by_content, message):
                found.append(message)
                if len(found) == limit:
                    return found
        before = page[-1].id
        await turns.give_way()
    return found

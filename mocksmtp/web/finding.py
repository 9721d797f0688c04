"""Finding: a few of the many that a store keeps, read a page at a time."""

from __future__ import annotations

from collections.abc import Callable

from mocksmtp.smtp.envelope import Message
from mocksmtp.stores import Store

PAGE = 200
"""Messages read from a store at once."""


async def newest(store: Store, limit: int, before: str | None, wanted: Callable[[Message], bool]) -> list[Message]:
    """Return up to ``limit`` messages that are wanted, newest first; with ``before`` only older ones."""
    found: list[Message] = []
    while page := await store.newest(PAGE, before):
        for message in page:
            if wanted(message):
                found.append(message)
                if len(found) == limit:
                    return found
        before = page[-1].id
    return found


def accepted(message: Message) -> bool:
    """Say whether a message was answered 250."""
    return not message.refused

"""What is kept: one interface, as many backends as there are files here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from mocksmtp.smtp.envelope import Message, Taken
from mocksmtp.smtp.reply import Reply


class Usage(NamedTuple):
    """How full a store is: messages and octets of content now, and messages dropped to make room."""

    messages: int
    octets: int
    dropped: int


class Unavailable(Exception):
    """What is kept cannot be read or changed now; the text says why."""


class Store(Protocol):
    """Keeps messages within bounds; the oldest goes first and is counted.

    What is read is awaited, because a store on a disk or on another machine takes its
    time, and nobody else may wait for it; a store in memory answers at once.  Raises
    Unavailable.
    """

    def add(self, message: Taken, stored: Callable[[Reply | None], None]) -> bool:
        """Keep a message; True says that it is kept.

        Otherwise ``stored`` is called exactly once, now or later: with None when the message is
        kept, or with the reply that says why not.
        """
        ...

    async def get(self, message_id: str) -> Message | None:
        """Return the message with this queue id, None if it is not (or no longer) there."""
        ...

    async def newest(self, limit: int, before: str | None = None) -> Sequence[Message]:
        """Return up to ``limit`` messages by their ids, newest first, or only those older than ``before``.

        They may be fewer than there are, where they are large; none is the end.
        """
        ...

    async def remove(self, message_ids: Iterable[str]) -> int:
        """Keep these messages no longer; return how many of them were there."""
        ...

    def expire(self, before: float) -> None:
        """Drop messages that were received before this moment, in seconds since the epoch."""
        ...

    def usage(self) -> Usage:
        """Say how full the store is."""
        ...

    def bound(self, messages: int, octets: int) -> None:
        """Keep to other bounds from now on: a number of messages, and octets of content."""
        ...

    def close(self, closed: Callable[[], None]) -> None:
        """Bring to an end what is under way, then call ``closed``; nothing is asked of the store any more."""
        ...

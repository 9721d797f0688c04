"""Messages in memory, within bounds; nothing outlives the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from mocksmtp.smtp.envelope import Message
from mocksmtp.smtp.reply import Reply
from mocksmtp.stores import Usage

FULL = Reply(452, "Message is larger than the whole store", "4.3.1")


class MemoryStore:
    """Keeps messages in a dict; the one that came first goes first and is counted."""

    def __init__(self, messages: int, octets: int) -> None:
        """Take the bounds: a number of messages, and octets of content."""
        self._most = messages
        self._most_octets = octets
        # Not a plain dict: that finds its first entry by passing all that were taken from its front.
        self._messages: OrderedDict[str, Message] = OrderedDict()
        self._octets = 0
        self._dropped = 0

    def add(self, message: Message, stored: Callable[[Reply | None], None]) -> bool:
        """Keep a message, and say so at once."""
        size = len(message.content)
        if size > self._most_octets or self._most < 1:
            stored(FULL)
            return False
        messages = self._messages
        messages[message.id] = message
        self._octets += size
        if len(messages) > self._most or self._octets > self._most_octets:
            self._make_room()
        return True

    def bound(self, messages: int, octets: int) -> None:
        """Keep to other bounds from now on."""
        self._most = messages
        self._most_octets = octets
        self._make_room()

    def _make_room(self) -> None:
        messages, octets = self._messages, self._octets
        while len(messages) > self._most or octets > self._most_octets:
            _, oldest = messages.popitem(False)
            octets -= len(oldest.content)
            self._dropped += 1
        self._octets = octets

    async def get(self, message_id: str) -> Message | None:
        """Return the message with this queue id, None if it is not there."""
        return self._messages.get(message_id)

    async def newest(self, limit: int, before: str | None = None) -> Sequence[Message]:
        """Return up to ``limit`` messages, newest first, or only those older than an id."""
        # Ids sort by the time of MAIL, so a message that is gone still marks its place.
        ids = sorted(self._messages, reverse=True)
        older = ids if before is None else (each for each in ids if each < before)
        return [self._messages[each] for each in islice(older, limit)]

    async def remove(self, message_ids: Iterable[str]) -> int:
        """Keep these messages no longer; return how many of them were there."""
        removed = 0
        for message_id in message_ids:
            message = self._messages.pop(message_id, None)
            if message is not None:
                removed += 1
                self._octets -= len(message.content)
        return removed

    def expire(self, before: float) -> None:
        """Drop messages that were received before this moment, in seconds since the epoch."""
        while self._messages and next(iter(self._messages.values())).received < before:
            self._drop_oldest()

    def usage(self) -> Usage:
        """Say how full the store is."""
        return Usage(len(self._messages), self._octets, self._dropped)

    def _drop_oldest(self) -> None:
        _, oldest = self._messages.popitem(last=False)
        self._octets -= len(oldest.content)
        self._dropped += 1

    def close(self, closed: Callable[[], None]) -> None:
        """Nothing is under way here."""
        closed()

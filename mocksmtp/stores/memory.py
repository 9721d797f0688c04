"""Messages in memory, within bounds; nothing outlives the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import islice

from mocksmtp.smtp.envelope import Message
from mocksmtp.smtp.reply import Reply
from mocksmtp.stores import Usage

FULL = Reply(452, "Message is larger than the whole store", "4.3.1")


class MemoryStore:
    """Keeps messages in the order they came; the oldest goes first and is counted."""

    def __init__(self, messages: int, octets: int) -> None:
        """Take the bounds: a number of messages, and octets of content."""
        self._most = messages
        self._most_octets = octets
        # Not a plain dict: that finds its first entry by passing all that were taken from its front.
        self._messages: OrderedDict[str, Message] = OrderedDict()
        self._octets = 0
        self._dropped = 0

    def add(self, message: Message, stored: Callable[[Reply | None], None]) -> None:
        """Keep a message, and say so at once."""
        size = len(message.content)
        if size > self._most_octets or self._most < 1:
            stored(FULL)
            return
        if message.id in self._messages:
            raise AssertionError("queue ids are unique")
        self._messages[message.id] = message
        self._octets += size
        while self._octets > self._most_octets or len(self._messages) > self._most:
            _, oldest = self._messages.popitem(last=False)
            self._octets -= len(oldest.content)
            self._dropped += 1
        stored(None)

    async def get(self, message_id: str) -> Message | None:
        """Return the message with this queue id, None if it is not there."""
        return self._messages.get(message_id)

    async def newest(self, limit: int, before: str | None = None) -> Sequence[Message]:
        """Return up to ``limit`` messages, newest first; with ``before`` only those older than that id."""
        # Ids sort by time, so a message that is gone still marks its place.
        messages = reversed(self._messages.values())
        older = messages if before is None else (m for m in messages if m.id < before)
        return list(islice(older, limit))

    def usage(self) -> Usage:
        """Say how full the store is."""
        return Usage(len(self._messages), self._octets, self._dropped)

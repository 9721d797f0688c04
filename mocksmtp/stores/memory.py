"""Messages in memory, within bounds; nothing outlives the process."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from mocksmtp.smtp.envelope import CONTENT, Message, Taken
from mocksmtp.smtp.record import AT
from mocksmtp.smtp.reply import Reply
from mocksmtp.stores import Usage

TOGETHER = 64
"""Messages that may be too many for a moment: they are dropped together, which costs less than one by one."""

FULL = Reply(452, "Message is larger than the whole store", "4.3.1")


class MemoryStore:
    """Keeps messages in the order in which they came; the one that came first goes first and is counted.

    They are put in order by their ids when somebody asks for one: most come and go unseen.
    """

    def __init__(self, messages: int, octets: int) -> None:
        """Take the bounds: a number of messages, and octets of content."""
        self._most = messages
        self._most_octets = octets
        self._largest = 0
        """Octets that one may have; less than any has where none is kept."""
        self._turn = 0
        """How many may be in ``_latest`` before some have to go."""
        # Not a plain dict: that finds its first entry by passing all that were taken from its front.
        self._known: OrderedDict[str, Message] = OrderedDict()
        self._latest: deque[Taken] = deque()
        self._octets = 0
        self._dropped = 0
        self._make_room()

    def add(self, message: Taken, stored: Callable[[Reply | None], None]) -> bool:
        """Keep a message, and say so at once."""
        size, latest = len(message[CONTENT]), self._latest
        if size > self._largest:
            stored(FULL)
            return False
        latest.append(message)
        self._octets = octets = self._octets + size
        if octets > self._most_octets or len(latest) > self._turn:
            self._make_room()
        return True

    def bound(self, messages: int, octets: int) -> None:
        """Keep to other bounds from now on."""
        self._most = messages
        self._most_octets = octets
        self._make_room()

    def _make_room(self) -> None:
        """Drop what is too much: the loop of nearly every message, once the store is full."""
        known, latest, octets, most = self._known, self._latest, self._octets, self._most_octets
        number = before = len(known) + len(latest)
        while number > self._most or octets > most:
            oldest = known.popitem(last=False)[1] if known else latest.popleft()
            octets -= len(oldest[CONTENT])
            number -= 1
        self._octets = octets
        self._dropped += before - number
        self._largest = most if self._most else -1
        self._turn = self._most - len(known) + TOGETHER

    async def get(self, message_id: str) -> Message | None:
        """Return the message with this queue id, None if it is not there."""
        return self._by_id().get(message_id)

    async def newest(self, limit: int, before: str | None = None) -> Sequence[Message]:
        """Return up to ``limit`` messages, newest first, or only those older than an id."""
        # Ids sort by the time of MAIL, so a message that is gone still marks its place.
        messages = self._by_id()
        ids = sorted(messages, reverse=True)
        older = ids if before is None else (each for each in ids if each < before)
        return [messages[each] for each in islice(older, limit)]

    async def remove(self, message_ids: Iterable[str]) -> int:
        """Keep these messages no longer; return how many of them were there."""
        removed = 0
        for message_id in message_ids:
            message = self._by_id().pop(message_id, None)
            if message is not None:
                removed += 1
                self._octets -= len(message.content)
        return removed

    def expire(self, before: float) -> None:
        """Drop messages that were received before this moment, in seconds since the epoch."""
        while (oldest := self._oldest()) is not None and oldest[0][AT] < before:
            self._drop_oldest()

    def usage(self) -> Usage:
        """Say how full the store is."""
        self._make_room()
        return Usage(len(self._known) + len(self._latest), self._octets, self._dropped)

    def _by_id(self) -> OrderedDict[str, Message]:
        """Return all by their ids, the one that came first before the others."""
        self._make_room()
        known, latest = self._known, self._latest
        while latest:
            message = Message._make(latest.popleft())
            known[message.id] = message
        self._turn = self._most - len(known) + TOGETHER
        return known

    def _oldest(self) -> Taken | None:
        if self._known:
            return next(iter(self._known.values()))
        return self._latest[0] if self._latest else None

    def _drop_oldest(self) -> None:
        oldest = self._known.popitem(last=False)[1] if self._known else self._latest.popleft()
        self._octets -= len(oldest[CONTENT])
        self._dropped += 1

    def close(self, closed: Callable[[], None]) -> None:
        """Nothing is under way here."""
        closed()

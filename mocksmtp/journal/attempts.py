"""Attempts: each recipient a client named, and what became of it; a transaction without one counts too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple


class Outcome(StrEnum):
    """What became of an attempt; ``ABANDONED`` is one that the client, or the connection, gave up."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABANDONED = "abandoned"


Pairs = tuple[tuple[str, str | None], ...]
"""ESMTP parameters: names and values."""


class Struck(NamedTuple):
    """What struck a command: rules that matched, faults, and seconds of delay."""

    matched: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    delay: float = 0.0

    def __add__(self, other: Any) -> Struck:
        """Return both together, the earlier first."""
        return Struck(self.matched + other.matched, self.faults + other.faults, self.delay + other.delay)


NOTHING = Struck()


class Attempt(NamedTuple):
    """One attempt.

    ``number`` and ``part`` say its place among all: attempts that were decided together
    share a number; it is None while the attempt is open.  ``at`` is when it was decided.
    ``stage``, ``reply`` and ``rule`` are those of the reply that decided it; ``matched``
    names every rule that fired on the way, ``faults`` every fault, ``delay`` is in seconds.
    ``transaction`` is the queue id, None where MAIL was refused; ``size`` counts octets of
    mail data, None before their end.  ``scopes`` are the tokens of the scopes that its
    transaction belonged to.
    """

    number: int | None
    part: int
    at: float
    session: str
    listener: str
    client: str
    helo: str | None
    auth: str | None
    scopes: tuple[str, ...]
    transaction: str | None
    mail: str | None
    mail_params: Pairs
    rcpt: str | None
    rcpt_params: Pairs
    stage: str
    reply: bytes
    rule: str | None
    matched: tuple[str, ...]
    faults: tuple[str, ...]
    delay: float
    outcome: str
    size: int | None

    @property
    def code(self) -> int:
        """The reply's code."""
        return int(self.reply[:3])


SESSION, SCOPES, MAIL, RCPT = (Attempt._fields.index(name) - 2 for name in ("session", "scopes", "mail", "rcpt"))
"""Where a flat record has these; ``RCPT`` is a tuple where several were decided together."""

PAUSE = 1024
"""Records that are looked at between two pauses."""

NOBODYS = ("",)
"""The scopes of an attempt that was forgotten alone: nobody can ask for it."""

Flat = tuple[Any, ...]
"""The fields of attempts behind number and part, as a plain tuple: the collector need not look at those.

It begins with a ``Moment`` (``smtp/conversation.py``), field by field.
"""


GONE: Flat = ()
"""What stands in the place of a record that was dropped."""

MOST_GONE = 4_096
"""Places of dropped records after which all others move up."""


class Attempts:
    """The newest attempts, so many at least; what had to go is counted.

    Records stand in a row, in the order of their numbers, which have no gaps.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._row: list[Flat] = []
        self._begin = 1
        """The number of what stands first in the row; those before ``_first`` are gone."""
        self._first = 1
        self._count = 0
        self.dropped = 0

    def __len__(self) -> int:
        return self._count

    @property
    def last(self) -> int:
        """The number given last."""
        return self._begin + len(self._row) - 1

    def add(self, flat: Flat, count: int = 1) -> None:
        """Keep so many attempts that were decided together."""
        self._row.append(flat)
        self._count += count
        if self._count > self._most:
            self._make_room()

    def since(self, number: int, most: int) -> list[tuple[int, Flat]]:
        """Return up to so many that follow a number, each with its own."""
        first = max(number + 1, self._first)
        place = first - self._begin
        return list(enumerate(self._row[place : place + most], first))

    def put_back(self, attempts: Iterable[tuple[int, Flat]]) -> None:
        """Take what an earlier process has kept, in order; where numbers are missing, only what follows."""
        for number, flat in attempts:
            if number != self.last + 1:
                self._begin_at(number)
            self._row.append(flat)
            self._count += _parts(flat)
        self.bound(self._most)
        self.dropped = 0

    def bound(self, most: int) -> None:
        """Keep to another number from now on."""
        self._most = most
        self._make_room()

    def _make_room(self) -> None:
        while self._count > self._most:
            self._drop_first()

    def expire(self, before: float) -> None:
        """Drop those that were decided before this moment."""
        while self._first <= self.last and self._row[self._first - self._begin][0] < before:
            self._drop_first()

    def clear(self) -> None:
        """Forget all but what belongs to a scope; numbers go on."""
        rest = enumerate(self._row[self._first - self._begin :], self._first)
        first = next((number for number, flat in rest if flat[SCOPES] not in ((), NOBODYS)), None)
        if first is None:  # Nearly always: there are many, and clients wait.
            self._begin_at(self.last + 1)
            return
        while self._first < first:
            self._forget_first()
        self.clear_where(lambda scopes: not scopes)

    def clear_where(self, goes: Callable[[tuple[str, ...]], bool]) -> None:
        """Forget those of whose scopes ``goes`` says so; they age unseen in their places: numbers have no gaps."""
        for place in range(self._first - self._begin, len(self._row)):
            flat = self._row[place]
            if goes(flat[SCOPES]):
                forgotten = list(flat)
                forgotten[SESSION], forgotten[SCOPES] = "", NOBODYS
                self._row[place] = tuple(forgotten)

    def newest(self, before: tuple[int, int] | None = None) -> Iterator[Attempt]:
        """Yield attempts, newest first; with ``before``, a number and a part, only older ones."""
        start = self.last if before is None else min(before[0], self.last)
        for number in range(start, self._first - 1, -1):
            if flat := self._at(number):
                for attempt in reversed(_spread(number, flat)):
                    if before is None or (number, attempt.part) < before:
                        yield attempt

    def after(self, number: int) -> Iterator[Attempt]:
        """Yield the attempts behind a number, oldest first."""
        for each in range(max(number + 1, self._first), self.last + 1):
            if flat := self._at(each):
                yield from _spread(each, flat)

    def where(self, test: Callable[[Flat], bool]) -> Iterator[Attempt | None]:
        """Yield the attempts whose flat records pass a test, oldest first, and None now and then on the way."""
        for number in range(self._first, self.last + 1):
            flat = self._at(number)
            if flat and test(flat):
                yield from _spread(number, flat)
            elif number % PAUSE == 0:
                yield None

    def _at(self, number: int) -> Flat:
        """Return what has a number that was given; ``GONE`` where it was dropped."""
        place = number - self._begin
        return self._row[place] if 0 <= place < len(self._row) else GONE

    def _begin_at(self, number: int) -> None:
        """Begin a new row."""
        self._row = []
        self._begin = self._first = number
        self._count = 0

    def _drop_first(self) -> None:
        self.dropped += self._forget_first()

    def _forget_first(self) -> int:
        """Let go of those with the lowest number; return how many they were."""
        place = self._first - self._begin
        count = _parts(self._row[place])
        self._row[place] = GONE
        self._count -= count
        self._first += 1
        if place >= MOST_GONE:
            del self._row[: place + 1]
            self._begin = self._first
        return count


def _parts(flat: Flat) -> int:
    """Return how many attempts a record holds."""
    return len(flat[RCPT]) if type(flat[RCPT]) is tuple else 1


def _spread(number: int, flat: Flat) -> list[Attempt]:
    rcpts = flat[RCPT]
    if type(rcpts) is not tuple:
        return [Attempt._make((number, 0, *flat))]
    head, tail = flat[:RCPT], flat[RCPT + 1 :]
    return [Attempt._make((number, part, *head, rcpt, *tail)) for part, rcpt in enumerate(rcpts)]

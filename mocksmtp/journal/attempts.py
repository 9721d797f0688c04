"""Attempts: each recipient a client named, and what became of it; a transaction without one counts too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple, cast

from mocksmtp.smtp.record import AT, RCPT, SCOPES, WHOSE, Pairs, Record


class Outcome(StrEnum):
    """What became of an attempt; ``ABANDONED`` is one that the client, or the connection, gave up."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABANDONED = "abandoned"


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
    reply: bytes
    size: int | None
    stage: str
    rule: str | None
    matched: tuple[str, ...]
    faults: tuple[str, ...]
    delay: float
    outcome: str

    @property
    def code(self) -> int:
        """The reply's code."""
        return int(self.reply[:3])


PAUSE = 1024
"""Records that are looked at between two pauses."""

NOBODYS = ("",)
"""The scopes of an attempt that was forgotten alone: nobody can ask for it."""

GONE = None
"""What stands in the place of a record that was dropped."""

TOGETHER = 64
"""Attempts that may be too many for a moment: they are dropped together, which costs less than one by one."""

MOST_GONE = 4_096
"""Places of dropped records after which all others move up."""


class Attempts:
    """The newest attempts, so many at least; what had to go is counted.

    Records stand in a row, in the order of their numbers, which have no gaps.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._turn = most + TOGETHER
        """How many there may be before some have to go."""
        self._row: list[Record | None] = []
        self._begin = 1
        """The number of what stands first in the row; those before ``_first`` are gone."""
        self._first = 1
        self._count = 0
        self._dropped = 0

    def __len__(self) -> int:
        self._make_room()
        return self._count

    @property
    def dropped(self) -> int:
        """How many had to go to make room."""
        self._make_room()
        return self._dropped

    @property
    def last(self) -> int:
        """The number given last."""
        return self._begin + len(self._row) - 1

    def add(self, record: Record, count: int = 1) -> None:
        """Keep so many attempts that were decided together."""
        self._row.append(record)
        self._count = count = self._count + count
        if count > self._turn:
            self._make_room()

    def since(self, number: int, most: int) -> list[tuple[int, Record]]:
        """Return up to so many that follow a number, each with its own."""
        self._make_room()
        first = max(number + 1, self._first)
        place = first - self._begin
        found = enumerate(self._row[place : place + most], first)
        return [(each, record) for each, record in found if record is not None]

    def put_back(self, attempts: Iterable[tuple[int, Record]]) -> None:
        """Take what an earlier process has kept, in order; where numbers are missing, only what follows."""
        for number, record in attempts:
            if number != self.last + 1:
                self._begin_at(number)
            self._row.append(record)
            self._count += _parts(record)
        self.bound(self._most)
        self._dropped = 0

    def bound(self, most: int) -> None:
        """Keep to another number from now on."""
        self._most = most
        self._turn = most + TOGETHER
        self._make_room()

    def _make_room(self) -> None:
        """Drop what is too much: once there are many, the loop of nearly every message."""
        row, place, left = self._row, self._first - self._begin, self._count
        while left > self._most:
            left -= _parts(row[place])
            place += 1
        self._dropped += self._count - left
        self._let_go(place, left)

    def expire(self, before: float) -> None:
        """Drop those that were decided before this moment."""
        row, place, left = self._row, self._first - self._begin, self._count
        while place < len(row) and (record := row[place]) and record[AT] < before:
            left -= _parts(record)
            place += 1
        self._dropped += self._count - left
        self._let_go(place, left)

    def clear(self) -> None:
        """Forget all but what belongs to a scope; numbers go on."""
        rest = enumerate(self._row[self._first - self._begin :], self._first)
        first = next((n for n, record in rest if record and record[WHOSE][SCOPES] not in ((), NOBODYS)), None)
        if first is None:  # Nearly always: there are many, and clients wait.
            self._begin_at(self.last + 1)
            return
        place = first - self._begin
        self._let_go(place, self._count - sum(map(_parts, self._row[self._first - self._begin : place])))
        self.clear_where(lambda scopes: not scopes)

    def clear_where(self, goes: Callable[[tuple[str, ...]], bool]) -> None:
        """Forget those of whose scopes ``goes`` says so; they age unseen in their places: numbers have no gaps."""
        for place in range(self._first - self._begin, len(self._row)):
            record = self._row[place]
            if record and goes(record[WHOSE][SCOPES]):
                at, (_, listener, client, helo, auth, _), *rest = record
                self._row[place] = cast("Record", (at, ("", listener, client, helo, auth, NOBODYS), *rest))

    def newest(self, before: tuple[int, int] | None = None) -> Iterator[Attempt]:
        """Yield attempts, newest first; with ``before``, a number and a part, only older ones."""
        self._make_room()
        start = self.last if before is None else min(before[0], self.last)
        for number in range(start, self._first - 1, -1):
            if record := self._at(number):
                for attempt in reversed(spread(number, record)):
                    if before is None or (number, attempt.part) < before:
                        yield attempt

    def after(self, number: int) -> Iterator[Attempt]:
        """Yield the attempts behind a number, oldest first."""
        self._make_room()
        for each in range(max(number + 1, self._first), self.last + 1):
            if record := self._at(each):
                yield from spread(each, record)

    def where(self, test: Callable[[Record], bool]) -> Iterator[Attempt | None]:
        """Yield the attempts whose flat records pass a test, oldest first, and None now and then on the way."""
        self._make_room()
        for number in range(self._first, self.last + 1):
            record = self._at(number)
            if record and test(record):
                yield from spread(number, record)
            elif number % PAUSE == 0:
                yield None

    def _at(self, number: int) -> Record | None:
        """Return what has a number that was given; ``GONE`` where it was dropped."""
        place = number - self._begin
        return self._row[place] if 0 <= place < len(self._row) else GONE

    def _begin_at(self, number: int) -> None:
        """Begin a new row."""
        self._row = []
        self._begin = self._first = number
        self._count = 0

    def _let_go(self, place: int, left: int) -> None:
        """Let go of what stands before a place in the row; so many attempts are left."""
        row, first = self._row, self._first - self._begin
        if place == first:
            return
        self._count = left
        self._first = self._begin + place
        row[first:place] = [GONE] * (place - first)
        if place > MOST_GONE:
            del row[:place]
            self._begin = self._first


def _parts(record: Record | None) -> int:
    """Return how many attempts a record holds."""
    if record is None:
        return 0
    rcpt = record[RCPT]
    return len(rcpt) if type(rcpt) is tuple else 1


def spread(number: int | None, record: Record) -> list[Attempt]:
    """Return the attempts of a record, each with its part."""
    at, whose, transaction, mail, mail_params, rcpts, *said, how = record
    head = (at, *whose, transaction, mail, mail_params)
    each = rcpts if type(rcpts) is tuple else (rcpts,)
    return [Attempt._make((number, part, *head, rcpt, *said, *how)) for part, rcpt in enumerate(each)]

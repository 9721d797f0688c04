"""Attempts: each recipient a client named, and what became of it; a transaction without one counts too."""

from __future__ import annotations

from collections.abc import Iterator
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


class Attempt(NamedTuple):
    """One attempt.

    ``stage``, ``reply`` and ``rule`` are those of the last reply that decided it; ``matched``
    names every rule that fired for it, ``faults`` every fault, ``delay`` is in seconds.
    ``transaction`` is the queue id, None where MAIL was refused; ``size`` counts octets of
    mail data, None before their end.
    """

    number: int
    at: float
    session: str
    transaction: str | None
    listener: str
    client: str
    helo: str | None
    auth: str | None
    mail: str | None
    mail_params: Pairs
    rcpt: str | None
    rcpt_params: Pairs
    stage: str
    reply: bytes
    rule: str | None = None
    matched: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    delay: float = 0.0
    outcome: str = Outcome.OPEN.value
    size: int | None = None

    @property
    def code(self) -> int:
        """The reply's code."""
        return int(self.reply[:3])


HEAD = Attempt._fields.index("stage")
"""How many fields are settled from the beginning; the others change until the attempt is over."""

Flat = tuple[Any, ...]
"""The fields of an attempt as a plain tuple: the collector stops looking at those, and never at named ones."""

Struck = tuple[tuple[str, ...], tuple[str, ...], float]
"""Rules that matched, faults, and seconds of delay."""

NOTHING: Struck = ((), (), 0.0)


def both(first: Struck, second: Struck) -> Struck:
    """Return what struck at two stages together."""
    if second is NOTHING:
        return first
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


class Attempts:
    """The newest so many attempts, by number; what had to go is counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._flat: dict[int, Flat] = {}
        self._first = 1
        self._last = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._flat)

    @property
    def last(self) -> int:
        """The number given last."""
        return self._last

    def add(self, *fields: Any) -> int:
        """Keep an attempt; return its number."""
        self._last = number = self._last + 1
        self._flat[number] = (number, *fields)
        if len(self._flat) > self._most:
            self._drop_first()
        return number

    def bound(self, most: int) -> None:
        """Keep to another number from now on."""
        self._most = most
        while len(self._flat) > most:
            self._drop_first()

    def settle(
        self,
        number: int,
        stage: str,
        reply: bytes,
        rule: str | None,
        outcome: str,
        size: int | None = None,
        struck: Struck = NOTHING,
    ) -> None:
        """Say how it went on with an attempt, if it is still kept."""
        flat = self._flat.get(number)
        if flat is not None:
            before = flat[HEAD + 3 : HEAD + 6]
            self._flat[number] = (*flat[:HEAD], stage, reply, rule, *both(before, struck), outcome, size)

    def abandon(self, number: int, struck: Struck = NOTHING) -> None:
        """Say that an attempt which is still open was given up, and what struck it last."""
        flat = self._flat.get(number)
        if flat is not None and flat[-2] == Outcome.OPEN:
            before = flat[HEAD + 3 : HEAD + 6]
            self._flat[number] = (*flat[: HEAD + 3], *both(before, struck), Outcome.ABANDONED.value, flat[-1])

    def forget_refused(self, number: int) -> None:
        """Keep an attempt no longer if it was refused."""
        flat = self._flat.get(number)
        if flat is not None and flat[-2] == Outcome.REFUSED:
            del self._flat[number]

    def expire(self, before: float) -> None:
        """Drop those that began before this moment."""
        while self._first <= self._last:
            flat = self._flat.get(self._first)
            if flat is not None and flat[1] >= before:
                return
            self._drop_first()

    def clear(self) -> None:
        """Forget all; numbers go on."""
        self._flat.clear()
        self._first = self._last + 1

    def get(self, number: int) -> Attempt | None:
        """Return an attempt, None if it is not (or no longer) there."""
        flat = self._flat.get(number)
        return None if flat is None else Attempt._make(flat)

    def newest(self, before: int | None = None) -> Iterator[Attempt]:
        """Yield attempts, newest first; with ``before`` only those with a smaller number."""
        start = self._last if before is None else min(before - 1, self._last)
        for number in range(start, self._first - 1, -1):
            flat = self._flat.get(number)
            if flat is not None:
                yield Attempt._make(flat)

    def after(self, number: int) -> Iterator[Attempt]:
        """Yield the attempts behind a number, oldest first."""
        for each in range(max(number + 1, self._first), self._last + 1):
            flat = self._flat.get(each)
            if flat is not None:
                yield Attempt._make(flat)

    def _drop_first(self) -> None:
        while self._first <= self._last:
            number = self._first
            self._first += 1
            if self._flat.pop(number, None) is not None:
                self.dropped += 1
                return

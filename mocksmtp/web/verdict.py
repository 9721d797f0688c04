"""Judging attempts: conditions that take one after the other, and say in words how they stand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from math import inf
from typing import Protocol

from mocksmtp.journal import Attempt
from mocksmtp.web.attempt import address_key
from mocksmtp.web.told import reply_told, time_told

MOST_TOLD = 100
"""Attempts that an answer tells of one assertion; the others are counted."""

NEAREST = 3
"""Near misses that are told of one assertion."""


class State(Enum):
    """How a condition stands."""

    OPEN = auto()
    """It does not hold, and what comes may mend that."""

    HOLDS = auto()
    """It holds, and what comes may break it."""

    SETTLED = auto()
    """It holds, and whoever waits for it need not wait on."""

    BROKEN = auto()
    """It does not hold, whatever comes."""


class Condition(Protocol):
    """Takes the attempts that it is about, oldest first."""

    name: str

    def take(self, attempt: Attempt) -> None:
        """Look at one more."""
        ...

    @property
    def state(self) -> State:
        """How it stands now."""
        ...

    def says(self) -> str:
        """Say what was seen, and what was wanted of it."""
        ...


class Count:
    """So many attempts."""

    name = "count"

    def __init__(self, least: int, most: float = inf) -> None:
        """Take the bounds; both are still right."""
        self._least = least
        self._most = most
        self._seen = 0

    def take(self, _attempt: Attempt) -> None:
        """Count it."""
        self._seen += 1

    @property
    def state(self) -> State:
        """More may come, fewer cannot."""
        if self._seen < self._least:
            return State.OPEN
        if self._seen > self._most:
            return State.BROKEN
        return State.SETTLED if self._most == inf else State.HOLDS

    def says(self) -> str:
        """Say both numbers."""
        least, most = self._least, self._most
        if least == most:
            wanted = f"exactly {least}"
        elif most == inf:
            wanted = f"at least {least}"
        else:
            wanted = f"at least {least} and at most {most}" if least else f"at most {most}"
        return f"{_number(self._seen, 'attempt')}; wanted: {wanted}"


class Codes:
    """The first attempts were answered with these codes, in order."""

    name = "codes"

    def __init__(self, wanted: Sequence[tuple[str, Callable[[str | None], bool]]]) -> None:
        """Take each pattern as it was written, and its test."""
        self._wanted = wanted
        self._seen: list[str] = []
        self._wrong = False

    def take(self, attempt: Attempt) -> None:
        """Hold its code against the next pattern."""
        if self._wrong or len(self._seen) == len(self._wanted):
            return
        _, test = self._wanted[len(self._seen)]
        code = str(attempt.code)
        self._seen.append(code)
        self._wrong = not test(code)

    @property
    def state(self) -> State:
        """What was answered stays so."""
        if self._wrong:
            return State.BROKEN
        return State.SETTLED if len(self._seen) == len(self._wanted) else State.OPEN

    def says(self) -> str:
        """Say both rows, and where they part."""
        place = len(self._seen)
        seen = f"answered {', '.join(self._seen) or 'nothing yet'}"
        wanted = f"wanted: {', '.join(text for text, _ in self._wanted)}"
        if self._wrong:
            return f"{seen}; {wanted}; attempt {place} differs"
        return f"{seen}; {wanted}" + ("" if place == len(self._wanted) else f"; attempt {place + 1} is missing")


class Gap:
    """Between two tries of one recipient lie so many seconds."""

    name = "gap"

    def __init__(self, least: float, most: float = inf) -> None:
        """Take the bounds; both are still right."""
        self._least = least
        self._most = most
        self._last: dict[str, Attempt] = {}
        self._count = 0
        self._shortest, self._longest = inf, 0.0
        self._wrong = ""

    def take(self, attempt: Attempt) -> None:
        """Measure the time since the same recipient was tried before."""
        key = _recipient(attempt)
        before = self._last.get(key)
        self._last[key] = attempt
        if before is None or before.number == attempt.number:  # A transaction may name a recipient twice.
            return
        gap = max(0.0, round(attempt.at - before.at, 6))
        self._count += 1
        self._shortest, self._longest = min(self._shortest, gap), max(self._longest, gap)
        if not self._wrong and not self._least <= gap <= self._most:
            what = "too soon" if gap < self._least else "too late"
            self._wrong = (
                f"{_named(attempt)} was tried {what}, {_span(gap)} after the try before, at {_at(attempt)}"
            )

    @property
    def state(self) -> State:
        """Judged by the tries that there are; who wants to see more of them counts them too."""
        if self._wrong:
            return State.BROKEN
        return State.SETTLED if self._count else State.OPEN

    def says(self) -> str:
        """Say how long they were, and which one was wrong."""
        if not self._count:
            seen = "no recipient was tried twice, so there is no gap"
        elif self._shortest == self._longest:
            seen = f"{_number(self._count, 'gap')} of {_span(self._shortest)}"
        else:
            seen = f"{_number(self._count, 'gap')} of {_span(self._shortest)} to {_span(self._longest)}"
        bounds = [f"at least {_span(self._least)}"] if self._least else []
        bounds += [f"at most {_span(self._most)}"] if self._most < inf else []
        told = f"{seen}; wanted: {' and '.join(bounds)}"
        return f"{told}; {self._wrong}" if self._wrong else told


class NoneAfter5xx:
    """A recipient that was refused for good is not tried again (RFC 5321 section 4.2.1)."""

    name = "none_after_5xx"

    def __init__(self) -> None:
        self._refused: dict[str, Attempt] = {}
        self._wrong = ""

    def take(self, attempt: Attempt) -> None:
        """Look whether its recipient was refused before."""
        key = _recipient(attempt)
        before = self._refused.get(key)
        if before is not None and not self._wrong:
            gap = _span(max(0.0, round(attempt.at - before.at, 6)))
            self._wrong = (
                f"{_named(attempt)} was tried again {gap} after {reply_told(before.reply)}, at {_at(attempt)}"
            )
        if attempt.code >= 500:
            self._refused.setdefault(key, attempt)

    @property
    def state(self) -> State:
        """It can always be broken."""
        return State.BROKEN if self._wrong else State.HOLDS

    def says(self) -> str:
        """Say how many were refused, and who was tried again."""
        return self._wrong or f"{_number(len(self._refused), 'recipient')} got a 5xx, and none was tried again"


class Case:
    """One assertion: which attempts it is about, and the conditions on them."""

    def __init__(
        self,
        tests: Mapping[str, Callable[[Attempt], bool]],
        conditions: Sequence[Condition],
        belongs: Callable[[Attempt], bool] = lambda _: True,
    ) -> None:
        """Take the tests by the names of what they test; what does not belong is not even a near miss."""
        self._tests = tests
        self._belongs = belongs
        self.conditions = conditions
        self.count = 0
        self.matched: deque[Attempt] = deque(maxlen=MOST_TOLD)
        self.nearest: deque[tuple[Attempt, str]] = deque(maxlen=NEAREST)
        """Attempts that all tests but one let through, and which one did not."""

    def take(self, attempt: Attempt) -> None:
        """Look at one more attempt."""
        if not self._belongs(attempt):
            return
        failed = None
        for name, test in self._tests.items():
            if not test(attempt):
                if failed is not None:
                    return
                failed = name
        if failed is not None:
            self.nearest.append((attempt, failed))
            return
        self.count += 1
        self.matched.append(attempt)
        for condition in self.conditions:
            condition.take(attempt)

    @property
    def failed(self) -> list[str]:
        """The names of the conditions that do not hold."""
        return [each.name for each in self.conditions if each.state in (State.OPEN, State.BROKEN)]

    def says(self) -> str:
        """Say what was seen, condition by condition."""
        return ". ".join(each.says() for each in self.conditions)


def is_settled(cases: Sequence[Case]) -> bool:
    """Say whether nobody need wait on: one condition is broken, or all are settled."""
    states = {condition.state for case in cases for condition in case.conditions}
    return State.BROKEN in states or states == {State.SETTLED}


def _recipient(attempt: Attempt) -> str:
    """Return whose try it is; where no recipient was named, it is the sender's."""
    if attempt.rcpt is None:
        return f"from {attempt.mail}"
    return address_key(attempt.rcpt)


def _named(attempt: Attempt) -> str:
    return f"<{attempt.rcpt}>" if attempt.rcpt is not None else f"MAIL FROM:<{attempt.mail or ''}>"


def _at(attempt: Attempt) -> str:
    return time_told(attempt.at)


def _span(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")

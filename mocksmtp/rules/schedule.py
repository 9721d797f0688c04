"""Schedules: of the times that a rule's conditions hold, those at which it acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil
from typing import Any, NamedTuple

from mocksmtp.rules.chance import fraction

MINUTES_A_DAY = 24 * 60
INSTANT = 1e-6
"""Seconds; moments nearer to each other than that are one."""

UNITS = {86400: "d", 3600: "h", 60: "m", 1: "s"}


class Hit(NamedTuple):
    """One time that the conditions of a rule held.

    ``number`` counts the hits of the rule's key from 1, ``at`` is the moment on the rule
    clock, ``first`` that of the key's first hit, ``times`` those of its latest hits, this
    one last.  ``dice`` is what chance goes by, empty where nothing does: the seed, the
    rule's name, a key and its count.
    """

    number: int
    at: float
    first: float
    times: Sequence[float] = ()
    dice: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Over:
    """More than ``number`` hits in the last ``seconds``."""

    number: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.number} per {duration_text(self.seconds)}"

    def due(self, hit: Hit) -> bool:
        """Ask whether the hit before the last ``number`` is still in the window."""
        return len(hit.times) > self.number and hit.times[-self.number - 1] > hit.at - self.seconds + INSTANT

    def left(self, hit: Hit) -> float:
        """Return the seconds until one more hit would lie within the number."""
        return hit.times[-self.number] + self.seconds - hit.at


@dataclass(frozen=True, slots=True)
class Between:
    """From one time of the day to another, in minutes after midnight; it may go over midnight."""

    start: int
    end: int
    zone: tzinfo = UTC

    def __str__(self) -> str:
        start, end = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.start, self.end))
        return f"[{start}, {end}]" if self.zone is UTC else f"[{start}, {end}] {self.zone}"

    def due(self, hit: Hit) -> bool:
        """Ask whether it is time: the start is in, the end is not."""
        local = datetime.fromtimestamp(hit.at, self.zone)
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def left(self, hit: Hit) -> float:
        """Return the seconds until the end, by the clock on the wall."""
        local = datetime.fromtimestamp(hit.at, self.zone).replace(tzinfo=None)
        end = datetime(local.year, local.month, local.day) + timedelta(minutes=self.end)
        if end <= local:
            end += timedelta(days=1)
        return end.replace(tzinfo=self.zone).timestamp() - hit.at


class Word(NamedTuple):
    """What a word of a schedule asks of a hit, what it shows, and for how many seconds it stays due."""

    due: Callable[[Any, Hit], bool]
    text: Callable[[Any], str] = str
    left: Callable[[Any, Hit], float] | None = None


def duration_text(seconds: float) -> str:
    """Return a duration as YAML writes it."""
    for size, unit in UNITS.items():
        if seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{round(seconds * 1000)}ms"


WORDS: Mapping[str, Word] = {
    "first": Word(lambda count, hit: hit.number <= count),
    "after": Word(lambda count, hit: hit.number > count),
    "every": Word(lambda count, hit: hit.number % count == 0),
    "chance": Word(lambda percent, hit: fraction(*hit.dice) * 100 < percent, lambda percent: f"{percent:g}%"),
    "over": Word(Over.due, str, Over.left),
    "within": Word(
        lambda seconds, hit: hit.at < hit.first + seconds - INSTANT,
        duration_text,
        lambda seconds, hit: hit.first + seconds - hit.at,
    ),
    "between": Word(Between.due, str, Between.left),
}
COUNTED = ("first", "after", "every")
"""Words that a sequence takes the place of."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The words of a schedule; all that are there must be due.  None at all is always due.

    Making one raises ValueError where its words are never due together.
    """

    first: int | None = None
    after: int | None = None
    every: int | None = None
    chance: float | None = None
    over: Over | None = None
    within: float | None = None
    between: Between | None = None

    def __post_init__(self) -> None:
        if self.first is None:
            return
        every = self.every or 1
        if self.first // every * every <= (self.after or 0):
            told = [f"{name}: {getattr(self, name)}" for name in COUNTED if getattr(self, name) is not None]
            raise ValueError(f"{' and '.join(told)} are never due together")

    @property
    def words(self) -> list[tuple[str, Any]]:
        """The words that are there, with what they say."""
        given = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, value) for name, value in given if value is not None]

    @property
    def ends_by_itself(self) -> bool:
        """Whether it can be said when it is no longer due."""
        return any(WORDS[name].left is not None for name, _ in self.words)

    def tests(self) -> tuple[Callable[[Hit], bool], ...]:
        """Return the compiled questions, one a word."""
        return tuple(_bound(WORDS[name].due, value) for name, value in self.words)

    def retry_after(self, hit: Hit) -> int:
        """Return the whole seconds until it is no longer due, at least 1."""
        left = [word(value, hit) for name, value in self.words if (word := WORDS[name].left) is not None]
        return max(1, ceil(min(left, default=0.0) - INSTANT))

    def missed(self, hit: Hit) -> list[str]:
        """Return the words that are not due, as YAML writes them."""
        return [
            f"{name}: {WORDS[name].text(value)}" for name, value in self.words if not WORDS[name].due(value, hit)
        ]


def _bound(due: Callable[[Any, Hit], bool], value: Any) -> Callable[[Hit], bool]:
    return lambda hit: due(value, hit)


ALWAYS = Schedule()

"""Answer late: by a fixed time, or one that is drawn each time."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from mocksmtp.faults.fault import Fault, at_most
from mocksmtp.smtp.steps import Wait

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

LONGEST = 86_400.0
"""Seconds that may be named: a day."""

DEVIATIONS = 4.0
"""Standard deviations from the middle at which a draw is cut: 1 of 16,000 lies beyond."""

STANDARD = NormalDist()
P99 = STANDARD.inv_cdf(0.99)


def _deviation(fraction: float) -> float:
    """Return how many standard deviations from the middle this fraction lies."""
    if not 0.0 < fraction < 1.0:
        return -DEVIATIONS
    return max(-DEVIATIONS, min(DEVIATIONS, STANDARD.inv_cdf(fraction)))


class Uniform(NamedTuple):
    """Any number of seconds from ``low`` to ``high``, each as likely; a fixed time where they are one."""

    low: float
    high: float

    def at(self, fraction: float) -> float:
        """Return the seconds of a fraction."""
        return self.low + fraction * (self.high - self.low)


class Normal(NamedTuple):
    """The normal distribution, never below 0."""

    mean: float
    deviation: float

    def at(self, fraction: float) -> float:
        """Return the seconds of a fraction."""
        return max(0.0, self.mean + _deviation(fraction) * self.deviation)


class LogNormal(NamedTuple):
    """The log-normal distribution with this median and this 99th percentile: most are quick, a few very slow."""

    p50: float
    p99: float

    def at(self, fraction: float) -> float:
        """Return the seconds of a fraction."""
        return self.p50 * exp(_deviation(fraction) * log(self.p99 / self.p50) / P99)


Draw = Uniform | Normal | LogNormal


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Answer late: 2s, 2s..5s, {normal: [mean, deviation]}, {p50: …, p99: …}."""

    name: ClassVar[str] = "delay"

    value: Draw

    def __post_init__(self) -> None:
        at_most(LONGEST, delay=max(self.value))
        if isinstance(self.value, LogNormal) and not 0 < self.value.p50 <= self.value.p99:
            raise ValueError("p50 must be more than 0 and at most p99")
        if isinstance(self.value, Uniform) and self.value.low > self.value.high:
            raise ValueError("the first of the two must be the shorter")

    @property
    def by_chance(self) -> bool:
        """A fixed time is not drawn."""
        return not (isinstance(self.value, Uniform) and self.value.low == self.value.high)

    def drawn(self, fraction: float) -> Delay:
        """Return the delay of this fraction."""
        seconds = self.value.at(fraction)
        return Delay(Uniform(seconds, seconds))

    def apply(self, steps: list[Step]) -> list[Step]:
        """Wait before everything else."""
        return [Wait(self.value.at(0.0)), *steps]


FAULT = Delay

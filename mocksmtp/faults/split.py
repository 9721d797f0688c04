"""Split: send the reply in pieces that are cut where it hurts, within a code or between CR and LF."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, Seconds, at_least
from mocksmtp.faults.octets import cut
from mocksmtp.smtp.steps import Wait

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

GAP = Seconds(0.02)
"""Enough for the pieces to arrive one by one."""


@dataclass(frozen=True, slots=True)
class Split(Fault):
    """{at: [N, …], gap: T}: a piece ends after each of these octets, and T passes before the next."""

    name: ClassVar[str] = "split"
    shorthand: ClassVar[str | None] = "at"

    at: tuple[int, ...] = (1,)
    gap: Seconds = GAP

    def __post_init__(self) -> None:
        at_least(1, at=min(self.at, default=0))
        if any(one >= other for one, other in pairwise(self.at)):
            raise ValueError("at: each number must be more than the one before")

    def apply(self, steps: list[Step]) -> list[Step]:
        """Cut from the end, so that the numbers stay true."""
        for octets in reversed(self.at):
            parts = cut(steps, octets)
            if parts is not None and parts[1]:
                steps = [*parts[0], Wait(self.gap), *parts[1]]
        return steps


FAULT = Split

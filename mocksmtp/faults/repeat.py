"""Repeat: the reply more than once, so that replies and commands fall out of step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, at_least, at_most
from mocksmtp.faults.octets import told

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

MOST = 1000


@dataclass(frozen=True, slots=True)
class Repeat(Fault):
    """{times: N}: N times in all."""

    name: ClassVar[str] = "repeat"
    shorthand: ClassVar[str | None] = "times"

    times: int = 2

    def __post_init__(self) -> None:
        at_least(2, times=self.times)
        at_most(MOST, times=self.times)

    def apply(self, steps: list[Step]) -> list[Step]:
        """Say it again."""
        return told(steps, lambda octets: octets * self.times)


FAULT = Repeat

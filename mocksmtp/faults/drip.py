"""Drip: send the reply a few octets at a time (a tarpit)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, Seconds, at_least
from mocksmtp.faults.octets import in_pieces
from mocksmtp.smtp.steps import Send

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

EVERY = Seconds(0.2)


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """{bytes: N, every: T}: N octets, then T of silence, and so on."""

    name: ClassVar[str] = "drip"

    bytes: int = 1
    every: Seconds = EVERY

    def __post_init__(self) -> None:
        at_least(1, bytes=self.bytes)

    def apply(self, steps: list[Step]) -> list[Step]:
        """Cut each send into pieces."""
        dripped: list[Step] = []
        for step in steps:
            if isinstance(step, Send):
                starts = range(0, len(step.data), self.bytes)
                dripped += in_pieces([step.data[at : at + self.bytes] for at in starts], self.every)
            else:
                dripped.append(step)
        return dripped


FAULT = Drip

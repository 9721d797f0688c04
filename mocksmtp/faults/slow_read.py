"""Slow read: take mail data at so many octets a second; a client with more to send meets a full window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, Seconds, at_least
from mocksmtp.faults.octets import before_the_end
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Receive

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

A_SECOND = Seconds(1.0)


@dataclass(frozen=True, slots=True)
class SlowRead(Fault):
    """{bytes: N, every: T}: N octets in each T, over all chunks of BDAT."""

    name: ClassVar[str] = "slow_read"
    shorthand: ClassVar[str | None] = "bytes"
    stage: ClassVar[Stage | None] = Stage.DATA

    bytes: int = 1024
    every: Seconds = A_SECOND

    def __post_init__(self) -> None:
        at_least(1, bytes=self.bytes)
        at_least(0.001, every=self.every)

    @property
    def in_mail_data(self) -> bool:
        """It is how mail data is taken in."""
        return True

    def apply(self, steps: list[Step]) -> list[Step]:
        """Read slowly from here on."""
        return before_the_end(steps, Receive(self.bytes / self.every, None, (), self.name))


FAULT = SlowRead

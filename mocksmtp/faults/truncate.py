"""Truncate: send the first octets of the reply and never the rest, not even its line end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, at_least
from mocksmtp.faults.octets import told

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step


@dataclass(frozen=True, slots=True)
class Truncate(Fault):
    """{bytes: N}: the first N octets; the connection stays open."""

    name: ClassVar[str] = "truncate"
    shorthand: ClassVar[str | None] = "bytes"

    bytes: int = 3

    def __post_init__(self) -> None:
        at_least(1, bytes=self.bytes)

    def apply(self, steps: list[Step]) -> list[Step]:
        """Cut the reply."""
        return told(steps, lambda octets: octets[: self.bytes])


FAULT = Truncate

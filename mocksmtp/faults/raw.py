"""Raw: exactly these octets instead of a reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, Octets
from mocksmtp.faults.octets import told

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step


@dataclass(frozen=True, slots=True)
class Raw(Fault):
    r"""Octets as text in single quotes: \r \n \t \0 \\ and \xNN are understood, no line end is added."""

    name: ClassVar[str] = "raw"

    value: Octets

    def apply(self, steps: list[Step]) -> list[Step]:
        """Send these octets."""
        return told(steps, lambda _: self.value)


FAULT = Raw

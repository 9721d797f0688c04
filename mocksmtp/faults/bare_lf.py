"""Bare LF: the lines of the reply end with LF alone (RFC 5321 section 2.3.8 forbids it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault
from mocksmtp.faults.octets import told

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step


@dataclass(frozen=True, slots=True)
class BareLf(Fault):
    """LF instead of each CRLF."""

    name: ClassVar[str] = "bare_lf"

    def apply(self, steps: list[Step]) -> list[Step]:
        """Leave the CR out."""
        return told(steps, lambda octets: octets.replace(b"\r\n", b"\n"))


FAULT = BareLf

"""TLS: a handshake that comes to nothing, or none at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, ClassVar, Literal

from mocksmtp.faults.fault import Fault
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import StartTls, Wait

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step


@dataclass(frozen=True, slots=True)
class BadHandshake(Fault):
    """How it goes: abort (an alert), close_after_hello, stall, plaintext, or old_versions_only (1.0 and 1.1)."""

    name: ClassVar[str] = "tls"
    stage: ClassVar[Stage | None] = Stage.STARTTLS

    value: Literal["abort", "close_after_hello", "stall", "plaintext", "old_versions_only"]

    def apply(self, steps: list[Step]) -> list[Step]:
        """Shake hands badly."""
        return [self._spoilt(step) if isinstance(step, StartTls) else step for step in steps]

    def _spoilt(self, step: StartTls) -> Step:
        return Wait(inf) if self.value == "stall" else replace(step, handshake=self.value)


FAULT = BadHandshake

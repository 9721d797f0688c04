"""Certificate: a handshake with a certificate that is wrong in one thing, and good in all others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from mocksmtp.faults.fault import Fault
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import StartTls

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step


@dataclass(frozen=True, slots=True)
class Certificate(Fault):
    """What is wrong with it; all but self_signed and unknown_ca are signed by the authority of GET /ca.pem."""

    name: ClassVar[str] = "certificate"
    stage: ClassVar[Stage | None] = Stage.STARTTLS

    value: Literal[
        "expired", "not_yet_valid", "wrong_name", "self_signed", "unknown_ca", "weak_key", "missing_intermediate"
    ]

    def apply(self, steps: list[Step]) -> list[Step]:
        """Shake hands with it."""
        return [replace(step, certificate=self.value) if isinstance(step, StartTls) else step for step in steps]


FAULT = Certificate

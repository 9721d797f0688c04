"""Wrong continuation: lines of one reply with different codes (RFC 5321 section 4.2.1 forbids it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, at_least, at_most
from mocksmtp.faults.octets import told

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step


@dataclass(frozen=True, slots=True)
class WrongContinuation(Fault):
    """{code: N}: the last line says N; left out, 550 behind a positive reply and 250 behind a negative one."""

    name: ClassVar[str] = "wrong_continuation"
    shorthand: ClassVar[str | None] = "code"

    code: int | None = None

    def __post_init__(self) -> None:
        at_least(200, code=self.code)
        at_most(599, code=self.code or 200)

    def apply(self, steps: list[Step]) -> list[Step]:
        """Say it on several lines, the last of them with the other code."""
        return told(steps, self._contradicted)

    def _contradicted(self, octets: bytes) -> bytes:
        lines = octets.removesuffix(b"\r\n").split(b"\r\n")
        if len(lines) == 1:
            lines *= 2
        other = self.code or (550 if octets[:1] in b"23" else 250)
        first = b"".join(line[:3] + b"-" + line[4:] + b"\r\n" for line in lines[:-1])
        return first + b"%d " % other + lines[-1][4:] + b"\r\n"


FAULT = WrongContinuation

"""Garble: a line of nonsense instead of the reply, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import shake_128
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, at_least, at_most
from mocksmtp.faults.octets import told

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

MOST = 1 << 20
NO_LINE_ENDS = bytes(octet if octet not in b"\r\n" else octet ^ 0x80 for octet in range(256))


@dataclass(frozen=True, slots=True)
class Garble(Fault):
    """{bytes: N}: N octets that are any but CR and LF, and CRLF."""

    name: ClassVar[str] = "garble"
    shorthand: ClassVar[str | None] = "bytes"

    bytes: int = 32
    _fraction: float = 0.0

    def __post_init__(self) -> None:
        at_least(1, bytes=self.bytes)
        at_most(MOST, bytes=self.bytes)

    @property
    def by_chance(self) -> bool:
        """The octets are drawn."""
        return True

    def drawn(self, fraction: float) -> Garble:
        """Return the garbling of this fraction."""
        return replace(self, _fraction=fraction)

    def apply(self, steps: list[Step]) -> list[Step]:
        """Send nonsense."""
        digest = shake_128(self._fraction.hex().encode()).digest(self.bytes)
        return told(steps, lambda _: digest.translate(NO_LINE_ENDS) + b"\r\n")


FAULT = Garble

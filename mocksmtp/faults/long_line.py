"""Long line: the reply's last line is longer than the 512 octets of RFC 5321 section 4.5.3.1.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, at_least, at_most
from mocksmtp.faults.octets import told
from mocksmtp.smtp.reply import LINE_LIMIT

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

MOST = 64 << 20


@dataclass(frozen=True, slots=True)
class LongLine(Fault):
    """{bytes: N}: N octets with CRLF."""

    name: ClassVar[str] = "long_line"
    shorthand: ClassVar[str | None] = "bytes"

    bytes: int = 4096

    def __post_init__(self) -> None:
        at_least(LINE_LIMIT + 1, bytes=self.bytes)
        at_most(MOST, bytes=self.bytes)

    def apply(self, steps: list[Step]) -> list[Step]:
        """Fill the last line up."""
        return told(steps, lambda octets: _filled(octets, self.bytes))


def _filled(octets: bytes, size: int) -> bytes:
    text = octets.removesuffix(b"\r\n")
    last = text.rfind(b"\n") + 1
    return text + b" " + b"x" * (size - 3 - (len(text) - last)) + b"\r\n"


FAULT = LongLine

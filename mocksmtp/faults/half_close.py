"""End our half of the connection and read on: the client sees the end of the stream, and may write for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.faults.ending import Ending
from mocksmtp.smtp.steps import HalfClose, Step


@dataclass(frozen=True, slots=True)
class HalfHangup(Ending):
    """before | after (the reply) | {after_octets: N} of it, at stage data of the mail data."""

    name: ClassVar[str] = "half_close"
    steps: ClassVar[tuple[Step, ...]] = (HalfClose(),)


FAULT = HalfHangup

"""Reset the connection: the client sees ECONNRESET, after all octets that were promised before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.faults.ending import Ending
from mocksmtp.smtp.steps import Abort, Flush, Step


@dataclass(frozen=True, slots=True)
class Reset(Ending):
    """before | after (the reply) | {after_octets: N} of it, at stage data of the mail data."""

    name: ClassVar[str] = "reset"
    steps: ClassVar[tuple[Step, ...]] = (
        Flush(),
        Abort(),
    )


FAULT = Reset

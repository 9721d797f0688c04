"""Close the connection in good order, but in the wrong place: FIN, and close_notify first under TLS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.faults.ending import Ending
from mocksmtp.smtp.steps import Close, Step


@dataclass(frozen=True, slots=True)
class Hangup(Ending):
    """before | after (the reply) | {after_octets: N} of it, at stage data of the mail data."""

    name: ClassVar[str] = "close"
    steps: ClassVar[tuple[Step, ...]] = (Close(),)


FAULT = Hangup

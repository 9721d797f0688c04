"""How many recipients: those accepted, and at RCPT the one that is asked about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Test
from mocksmtp.rules.context import Context
from mocksmtp.smtp.stage import Stage


@dataclass(frozen=True, slots=True)
class RcptCount:
    """How many recipients: those accepted, and at RCPT the one that is asked about."""

    name: ClassVar[str] = "rcpt_count"
    shorthand: ClassVar[str | None] = None

    over: int | None = None
    under: int | None = None

    def __post_init__(self) -> None:
        if self.over is None and self.under is None:
            raise ValueError("give over, under or both")

    def stage(self) -> Stage | None:
        """It is known from the first RCPT on."""
        return Stage.RCPT

    def test(self) -> Test:
        """Return the compiled question."""
        over, under = self.over, self.under

        def test(context: Context) -> bool:
            number = _number(context)
            return (over is None or number > over) and (under is None or number < under)

        return test

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return (str(_number(context)),)

    def anchor(self) -> Anchor | None:
        """A number has no pattern to file it under."""
        return None


def _number(context: Context) -> int:
    envelope = context.conversation.envelope
    accepted = len(envelope.recipients) if envelope else 0
    return accepted + 1 if context.stage is Stage.RCPT else accepted


CONDITION = RcptCount

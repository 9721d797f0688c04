"""What the client calls itself in EHLO or HELO."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Test, any_matches, filed
from mocksmtp.rules.context import Context
from mocksmtp.rules.pattern import Kind, Patterns
from mocksmtp.smtp.stage import Stage


def values(context: Context) -> Iterable[str]:
    """Return what the patterns are held against."""
    helo = context.outcome.text if context.stage is Stage.HELO else context.conversation.helo
    return () if helo is None else (helo,)


@dataclass(frozen=True, slots=True)
class Helo:
    """What the client calls itself in EHLO or HELO."""

    name: ClassVar[str] = "helo"
    shorthand: ClassVar[str | None] = None

    value: Patterns

    def stage(self) -> Stage | None:
        """Return the first stage at which it is known."""
        return Stage.HELO

    def test(self) -> Test:
        """Return the compiled question."""
        return any_matches(self.value, Kind.VALUE, values)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return values(context)

    def anchor(self) -> Anchor | None:
        """Return where it is filed."""
        return filed("helo", self.value, Kind.VALUE, values)


CONDITION = Helo

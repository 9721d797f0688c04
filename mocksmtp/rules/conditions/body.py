"""What follows the header, octet for octet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Test, any_matches, filed
from mocksmtp.rules.context import Context
from mocksmtp.rules.pattern import Kind, Patterns
from mocksmtp.smtp.stage import Stage


def values(context: Context) -> Iterable[str]:
    """Return the body, one character an octet."""
    return (context.body,)


@dataclass(frozen=True, slots=True)
class Body:
    """What follows the header, octet for octet."""

    name: ClassVar[str] = "body"
    shorthand: ClassVar[str | None] = None

    value: Patterns

    def stage(self) -> Stage | None:
        """It is known when the message is there."""
        return Stage.MESSAGE

    def test(self) -> Test:
        """Return the compiled question."""
        return any_matches(self.value, Kind.OCTETS, values)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return (f"{len(context.body)} octets",)

    def anchor(self) -> Anchor | None:
        """Return where it is filed."""
        return filed("body", self.value, Kind.OCTETS, values)


CONDITION = Body

"""The name of the listener that the client came to."""

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
    return (context.conversation.listener,)


@dataclass(frozen=True, slots=True)
class Listener:
    """The name of the listener that the client came to."""

    name: ClassVar[str] = "listener"
    shorthand: ClassVar[str | None] = None

    value: Patterns

    def stage(self) -> Stage | None:
        """Return the first stage at which it is known."""
        return None

    def test(self) -> Test:
        """Return the compiled question."""
        return any_matches(self.value, Kind.VALUE, values)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return values(context)

    def anchor(self) -> Anchor | None:
        """Return where it is filed."""
        return filed("listener", self.value, Kind.VALUE, values)


CONDITION = Listener

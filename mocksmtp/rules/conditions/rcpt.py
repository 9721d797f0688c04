"""The forward-path of RCPT; at data and message, one of those accepted."""

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
    return [path.key for path in context.rcpts]


@dataclass(frozen=True, slots=True)
class Rcpt:
    """The forward-path of RCPT; at data and message, one of those accepted."""

    name: ClassVar[str] = "rcpt"
    shorthand: ClassVar[str | None] = None

    value: Patterns

    def stage(self) -> Stage | None:
        """Return the first stage at which it is known."""
        return Stage.RCPT

    def test(self) -> Test:
        """Return the compiled question."""
        return any_matches(self.value, Kind.ADDRESS, values)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return values(context)

    def anchor(self) -> Anchor | None:
        """Return where it is filed."""
        return filed("rcpt", self.value, Kind.ADDRESS, values)


CONDITION = Rcpt

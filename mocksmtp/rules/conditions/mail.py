"""The reverse-path of MAIL."""

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
    path = context.mail
    return () if path is None else (path.key,)


@dataclass(frozen=True, slots=True)
class Mail:
    """The reverse-path of MAIL."""

    name: ClassVar[str] = "mail"
    shorthand: ClassVar[str | None] = None

    value: Patterns

    def stage(self) -> Stage | None:
        """Return the first stage at which it is known."""
        return Stage.MAIL

    def test(self) -> Test:
        """Return the compiled question."""
        return any_matches(self.value, Kind.ADDRESS, values)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return values(context)

    def anchor(self) -> Anchor | None:
        """Return where it is filed."""
        return filed("mail", self.value, Kind.ADDRESS, values)


CONDITION = Mail

"""The size of the message: as SIZE= announces it, and as it is counted at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Octets, Test
from mocksmtp.rules.context import Context
from mocksmtp.smtp.stage import Stage


@dataclass(frozen=True, slots=True)
class Size:
    """The size of the message: as SIZE= announces it, and as it is counted at the end."""

    name: ClassVar[str] = "size"
    shorthand: ClassVar[str | None] = None

    over: Octets | None = None
    under: Octets | None = None

    def __post_init__(self) -> None:
        if self.over is None and self.under is None:
            raise ValueError("give over, under or both")

    def stage(self) -> Stage | None:
        """The rulebook asks it where it can be known (docs/rules.md, size)."""
        return None

    def test(self) -> Test:
        """Return the compiled question."""
        over, under = self.over, self.under

        def test(context: Context) -> bool:
            number = context.size
            if number is None:
                return False
            return (over is None or number > over) and (under is None or number < under)

        return test

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return () if context.size is None else (f"{context.size} octets",)

    def anchor(self) -> Anchor | None:
        """A number has no pattern to file it under."""
        return None


CONDITION = Size

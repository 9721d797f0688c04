"""ESMTP parameters of MAIL and RCPT by keyword; ``*`` holds for one that is there without a value too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Test, any_matches, filed
from mocksmtp.rules.context import Context
from mocksmtp.rules.pattern import Kind, Patterns
from mocksmtp.smtp.stage import Stage

OF_RCPT = frozenset({"NOTIFY", "ORCPT"})
"""Parameters that stand at RCPT (RFC 3461); all others stand at MAIL."""


def values_of(keyword: str) -> Callable[[Context], Iterable[str]]:
    """Return what reads one parameter; one without a value reads as the empty text."""

    def values(context: Context) -> Iterable[str]:
        return [params[keyword] or "" for params in context.params if keyword in params]

    return values


@dataclass(frozen=True, slots=True)
class Param:
    """ESMTP parameters of MAIL and RCPT by keyword."""

    name: ClassVar[str] = "param"
    shorthand: ClassVar[str | None] = None

    value: dict[str, Patterns]

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("name at least one parameter, as in {SIZE: '*'}")

    def stage(self) -> Stage | None:
        """Return the stage of the latest parameter."""
        return Stage.RCPT if OF_RCPT & {key.upper() for key in self.value} else Stage.MAIL

    def test(self) -> Test:
        """Return the compiled question."""
        tests = [any_matches(p, Kind.VALUE, values_of(key.upper())) for key, p in self.value.items()]
        return lambda context: all(test(context) for test in tests)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return [f"{key}={text}" for key in self.value for text in values_of(key.upper())(context)]

    def anchor(self) -> Anchor | None:
        """File under the first parameter."""
        keyword, patterns = next(iter(self.value.items()))
        return filed(f"param.{keyword.upper()}", patterns, Kind.VALUE, values_of(keyword.upper()))


CONDITION = Param

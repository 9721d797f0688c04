"""What a condition is: one thing that must hold for a rule to match."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple, NewType, Protocol

from mocksmtp.rules.context import Context
from mocksmtp.rules.pattern import Kind, PatternIndex, Patterns
from mocksmtp.smtp.stage import Stage

Octets = NewType("Octets", int)
"""A size; YAML writes it with its unit, as in 100KiB."""

Test = Callable[[Context], bool]


class Anchor(NamedTuple):
    """Where a condition can be filed: a field, the kind of its values, and patterns of which one must match."""

    field: str
    kind: Kind
    patterns: tuple[str, ...]
    values: Callable[[Context], Iterable[str]]


class Condition(Protocol):
    """One thing that must hold."""

    name: ClassVar[str]
    """The key in YAML."""
    shorthand: ClassVar[str | None]
    """The field that a value which is no map sets, where there are several fields."""

    def stage(self) -> Stage | None:
        """Return the first stage at which it can be known; None where it always is."""
        ...

    def test(self) -> Test:
        """Return the compiled question."""
        ...

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against, as a person reads it."""
        ...

    def anchor(self) -> Anchor | None:
        """Return where it can be filed, None where it cannot."""
        ...


Values = Callable[[Context], Iterable[str]]


def any_matches(patterns: Patterns, kind: Kind, values: Values) -> Test:
    """Ask whether one of the values matches; a list under ``not`` holds if no value matches it."""
    positive = PatternIndex(kind, [(text, True) for text in patterns.items])
    excluded = [any_matches(each, kind, values) for each in patterns.excluded]

    def test(context: Context) -> bool:
        if any(positive.find(value) for value in values(context)):
            return True
        return any(not matches(context) for matches in excluded)

    return test


def filed(field: str, patterns: Patterns, kind: Kind, values: Values) -> Anchor | None:
    """File under every pattern, unless there is a ``not``, which holds for what matches nothing."""
    return None if patterns.excluded else Anchor(field, kind, patterns.items, values)

"""Header fields by name, unfolded; several fields of a name hold if one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Test, any_matches, filed
from mocksmtp.rules.context import Context
from mocksmtp.rules.pattern import Kind, Patterns
from mocksmtp.smtp.stage import Stage


def values_of(name: str) -> Callable[[Context], Iterable[str]]:
    """Return what reads the fields of one name."""
    return lambda context: context.headers.get(name, ())


@dataclass(frozen=True, slots=True)
class Header:
    """Header fields by name, unfolded; several fields of a name hold if one does."""

    name: ClassVar[str] = "header"
    shorthand: ClassVar[str | None] = None

    value: dict[str, Patterns]

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("name at least one header field, as in {Subject: '*'}")

    def stage(self) -> Stage | None:
        """It is known when the message is there."""
        return Stage.MESSAGE

    def test(self) -> Test:
        """Return the compiled question."""
        tests = [any_matches(p, Kind.OCTETS, values_of(key.lower())) for key, p in self.value.items()]
        return lambda context: all(test(context) for test in tests)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        names = {key.lower(): key for key in self.value}
        return [f"{key}: {text}" for name, key in names.items() for text in values_of(name)(context)]

    def anchor(self) -> Anchor | None:
        """File under the first field."""
        name, patterns = next(iter(self.value.items()))
        return filed(f"header.{name.lower()}", patterns, Kind.OCTETS, values_of(name.lower()))


CONDITION = Header

"""What a fault is: something that goes wrong with an answer, as a function from steps to steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NewType, Self

from mocksmtp.smtp.stage import Stage  # The configuration reads the annotations.

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Step

Seconds = NewType("Seconds", float)
"""A duration; YAML writes it with its unit, as in 200ms."""

Span = NewType("Span", float)
"""A duration, or ``forever``."""

Octets = NewType("Octets", bytes)
"""Octets as text; YAML writes \\r \\n \\t \\0 \\\\ and \\xNN for those that are none."""


class Fault:
    """One thing that goes wrong.  The fields of a subclass are its YAML, but for those that begin with _.

    ``name`` is the key in YAML, ``shorthand`` the field that a value which is no map
    sets, ``stage`` the only one at which it can strike, None where it is any.
    """

    __slots__ = ()

    name: ClassVar[str]
    shorthand: ClassVar[str | None] = None
    stage: ClassVar[Stage | None] = None

    def apply(self, steps: list[Step]) -> list[Step]:
        """Return the steps to perform instead.  A Close or a Store is never lost: what ends, ends otherwise."""
        raise NotImplementedError  # Each fault has its own; only this common base has none.

    def for_stage(self, _stage: Stage) -> Self:
        """Return what it means at a stage."""
        return self

    @property
    def in_mail_data(self) -> bool:
        """Whether it strikes while mail data is taken in, and not in the answer."""
        return False

    @property
    def by_chance(self) -> bool:
        """Whether a fraction has to be drawn for it."""
        return False

    def drawn(self, _fraction: float) -> Self:
        """Return what it is for a number from 0 up to, not including, 1."""
        return self


def at_least(lowest: float, **given: float | None) -> None:
    """Raise ValueError for a number that is too small."""
    for name, number in given.items():
        if number is not None and number < lowest:
            raise ValueError(f"{name} must be at least {lowest:g}")


def at_most(highest: float, **given: float) -> None:
    """Raise ValueError for a number that is too large."""
    for name, number in given.items():
        if number > highest:
            raise ValueError(f"{name} may be at most {highest:g}")

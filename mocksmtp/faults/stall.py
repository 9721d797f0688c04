"""Stall: say nothing for a time, or for ever; then go on as if nothing had been."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, ClassVar

from mocksmtp.faults.fault import Fault, Span, at_least
from mocksmtp.faults.octets import before_the_end, cut
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Receive, Wait

if TYPE_CHECKING:
    from typing import Self

    from mocksmtp.smtp.steps import Step

FOREVER = Span(inf)


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """forever | 30s | {after_octets: N, duration: 30s}: before the reply, within it, or within mail data."""

    name: ClassVar[str] = "stall"
    shorthand: ClassVar[str | None] = "duration"

    duration: Span = FOREVER
    after_octets: int | None = None
    _in_mail_data: bool = False

    def __post_init__(self) -> None:
        at_least(1, after_octets=self.after_octets)

    def for_stage(self, stage: Stage) -> Self:
        """At data the octets are those of the mail data."""
        return replace(self, _in_mail_data=stage is Stage.DATA and self.after_octets is not None)

    @property
    def in_mail_data(self) -> bool:
        """Whether it strikes within mail data."""
        return self._in_mail_data

    def apply(self, steps: list[Step]) -> list[Step]:
        """Wait in its place; nothing is taken away."""
        wait = Wait(self.duration)
        if self._in_mail_data:
            return before_the_end(steps, Receive(None, self.after_octets, (wait,), self.name))
        parts = cut(steps, self.after_octets or 0)
        return steps if parts is None else [*parts[0], wait, *parts[1]]


FAULT = Stall

"""What reset, close and half_close share: the connection ends where it should not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from mocksmtp.faults.fault import Fault, at_least
from mocksmtp.faults.octets import before_the_end, ended
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Receive, Step

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True, slots=True)
class Ending(Fault):
    """An end of the connection: before or after the reply, or after so many octets.

    The octets are those of the reply; at stage data they are those of the mail data.
    """

    shorthand: ClassVar[str | None] = "at"
    steps: ClassVar[tuple[Step, ...]]

    at: Literal["before", "after"] = "after"
    after_octets: int | None = None
    _in_mail_data: bool = False

    def __post_init__(self) -> None:
        at_least(1, after_octets=self.after_octets)
        if self.at == "before" and self.after_octets is not None:
            raise ValueError("before and after_octets do not go together")

    def for_stage(self, stage: Stage) -> Self:
        """At data the octets are those of the mail data."""
        return replace(self, _in_mail_data=stage is Stage.DATA and self.after_octets is not None)

    @property
    def in_mail_data(self) -> bool:
        """Whether it strikes within mail data."""
        return self._in_mail_data

    def apply(self, steps: list[Step]) -> list[Step]:
        """Put the end in its place."""
        if self._in_mail_data:
            return before_the_end(steps, Receive(None, self.after_octets, self.steps, self.name))
        return ended(steps, self.at, self.after_octets, self.steps)

"""A rule: when it holds, at which stage, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mocksmtp.rules.conditions.size import Size
from mocksmtp.rules.template import ACCEPT, Accept, ReplyTemplate
from mocksmtp.rules.when import ORDER, All, AnyOf, conditions_of, latest
from mocksmtp.smtp.stage import Stage

ORDERED = ORDER[: ORDER.index(Stage.MESSAGE) + 1]
"""The stages of a mail transaction: at a later one all that was said at an earlier one is known."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the file.

    ``reply`` None leaves the answer to the next rule.  ``keep`` False answers as usual
    and keeps nothing; without a reply it accepts.  Making one raises ValueError where
    its stage cannot be told or a condition is not known there.
    """

    name: str
    when: All | AnyOf = field(default_factory=All)
    stage: Stage | None = None
    reply: ReplyTemplate | Accept | None = None
    then: Literal["close", "continue"] | None = None
    keep: bool = True
    enabled: bool = True
    description: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for stage in self.stages:
            self._check(stage)
            if isinstance(self.reply, ReplyTemplate):
                self.reply.check(stage)

    @property
    def answer(self) -> ReplyTemplate | Accept | None:
        """The reply, where ``keep: false`` alone means accept."""
        return ACCEPT if self.reply is None and not self.keep else self.reply

    @property
    def of_size(self) -> bool:
        """Whether it speaks of size without naming a stage: it is then asked twice, and counts once."""
        return self.stage is None and any(isinstance(c, Size) for c in conditions_of(self.when))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages at which it is asked.  Raises ValueError where none can be told."""
        if self.stage is not None:
            return (self.stage,)
        spoken = [stage for c in conditions_of(self.when) if (stage := c.stage()) is not None]
        stage = latest(spoken)
        if self.of_size:
            first = stage or Stage.MAIL
            return (first,) if first is Stage.MESSAGE else (first, Stage.MESSAGE)
        if stage is None:
            raise ValueError("name the stage: these conditions hold at any of them")
        return (stage,)

    def _check(self, stage: Stage) -> None:
        if stage not in ORDERED:
            return
        for condition in conditions_of(self.when):
            known = condition.stage()
            # Who logs in is known at auth already, before there is mail to speak of.
            if condition.name == "auth" and stage is Stage.AUTH:
                continue
            if known is not None and ORDER.index(known) > ORDER.index(stage):
                raise ValueError(f"{condition.name} is not known yet at stage {stage}")

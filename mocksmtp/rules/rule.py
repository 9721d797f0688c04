"""A rule: when it holds, at which stage, how often, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mocksmtp.faults.fault import Fault
from mocksmtp.rules.conditions.size import Size
from mocksmtp.rules.keys import not_known
from mocksmtp.rules.schedule import ALWAYS, COUNTED, Schedule
from mocksmtp.rules.sequence import Sequence
from mocksmtp.rules.shown import Shown
from mocksmtp.rules.template import ACCEPT, Accept, ReplyTemplate
from mocksmtp.rules.when import ORDER, All, AnyOf, conditions_of, latest
from mocksmtp.smtp.stage import Stage

ORDERED = ORDER[: ORDER.index(Stage.MESSAGE) + 1]
"""The stages of a mail transaction: at a later one all that was said at an earlier one is known."""


class Unfit(ValueError):
    """A key of a rule does not go with the others; ``key`` names it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the file.

    ``reply`` None leaves the answer to the next rule; a ``sequence`` stands in its place.
    ``per`` are the words that its hits are told apart by.  ``keep`` False answers as usual
    and keeps nothing; without a reply it accepts.  ``faults`` spoil the answer, whoever
    gives it, and ``extensions`` changes what EHLO is told.  Making one raises ValueError where
    its stage cannot be told, a condition is not known there, or its parts do not fit.
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
    schedule: Schedule = ALWAYS
    per: tuple[str, ...] = ()
    sequence: Sequence | None = None
    faults: tuple[Fault, ...] = ()
    extensions: Shown | None = None

    def __post_init__(self) -> None:
        self._check_counting()
        for stage in self.stages:
            self._check(stage)
            for word in self.per:
                if (reason := not_known(word, stage)) is not None:
                    raise Unfit("per", reason)
            self._check_answers(stage)
            for fault in self.faults:
                if fault.stage not in (None, stage):
                    raise Unfit("fault", f"{fault.name} strikes at stage {fault.stage} only, not at {stage}")
            if self.extensions is not None and stage is not Stage.HELO:
                raise Unfit("extensions", f"they are told at stage helo, not at {stage}")

    @property
    def answer(self) -> ReplyTemplate | Accept | None:
        """The reply, where ``keep: false`` alone means accept."""
        return ACCEPT if self.reply is None and not self.keep else self.reply

    @property
    def ends(self) -> bool:
        """Whether the search ends with it, once it is due."""
        return self.answer is not None or self.sequence is not None or self.then == "close"

    @property
    def answers(self) -> list[ReplyTemplate]:
        """Every reply that it words, of its sequence too."""
        steps = self.sequence.steps if self.sequence is not None else ()
        return [each for each in (self.reply, *steps) if isinstance(each, ReplyTemplate)]

    @property
    def by_chance(self) -> bool:
        """Whether what it does is a matter of chance."""
        return self.schedule.chance is not None or any(fault.by_chance for fault in self.faults)

    @property
    def counts(self) -> bool:
        """Whether its hits are counted: something depends on how many there were, or when."""
        said = any("attempt" in answer.names for answer in self.answers)
        return self.schedule != ALWAYS or self.sequence is not None or self.by_chance or said

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
            raise Unfit("stage", "name it, because these conditions hold at any")
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
                raise Unfit("when", f"{condition.name} is not known yet at stage {stage}")

    def _check_answers(self, stage: Stage) -> None:
        for answer in self.answers:
            try:
                answer.check(stage)
            except ValueError as error:
                raise Unfit("reply" if self.sequence is None else "sequence", str(error)) from None

    def _check_counting(self) -> None:
        if self.sequence is not None:
            if self.reply is not None:
                raise Unfit("sequence", "it stands in the place of a reply; leave one of them out")
            given = [word for word in COUNTED if getattr(self.schedule, word) is not None]
            if given:
                raise Unfit("sequence", f"it counts by itself; leave {given[0]} out of the schedule")
        if self.per and not self.counts:
            raise Unfit("per", "there is nothing to count: give a schedule, a sequence or {attempt} in the reply")
        if not self.schedule.ends_by_itself and any("retry_after" in answer.names for answer in self.answers):
            key = "reply" if self.sequence is None else "sequence"
            raise Unfit(key, "{retry_after} needs within, over or between in the schedule")

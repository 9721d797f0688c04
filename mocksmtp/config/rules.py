"""One rule as YAML writes it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema, model_validator

from mocksmtp.config.faults import delay_schema, faults_schema, read_delay, read_faults
from mocksmtp.config.fields import ReplyField, WhenField, one_of
from mocksmtp.config.mistakes import Located
from mocksmtp.config.schedules import PerField, ScheduleModel, SequenceField
from mocksmtp.config.section import Section
from mocksmtp.config.types import Flag, Text, Texts, several, text
from mocksmtp.faults.fault import Fault
from mocksmtp.rules.rule import Rule, Unfit
from mocksmtp.rules.schedule import ALWAYS
from mocksmtp.rules.sequence import AT_END, Sequence
from mocksmtp.rules.shown import Shown
from mocksmtp.rules.when import All, AnyOf
from mocksmtp.smtp.stage import Stage


def keywords(value: Any) -> list[str]:
    """Take names of extensions in whatever case."""
    return [text(each).upper() for each in several(value)]


NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


DelayField = Annotated[Any, PlainValidator(read_delay), WithJsonSchema(delay_schema())]
FaultField = Annotated[Any, PlainValidator(read_faults), WithJsonSchema(faults_schema())]


class ShownModel(Section):
    """What one EHLO is not told, or is told besides."""

    hide: Annotated[Texts, BeforeValidator(keywords)] = []
    show: Texts = []

    @model_validator(mode="after")
    def _compiles(self) -> ShownModel:
        self.shown()
        return self

    def shown(self) -> Shown:
        """Return what the rules room knows it as.  Raises ValueError."""
        return Shown(tuple(self.hide), tuple(self.show))


class RuleModel(Section):
    """One rule: when it holds, and what it answers."""

    name: Text
    description: Text = ""
    enabled: Flag = True
    stage: Annotated[str, one_of(*Stage)] | None = None
    when: WhenField = All()
    reply: ReplyField | None = None
    then: Annotated[Literal["close", "continue"], one_of("close", "continue")] | None = None
    keep: Flag = True
    schedule: ScheduleModel | None = None
    per: PerField | None = None
    sequence: SequenceField | None = None
    delay: DelayField | None = None
    fault: FaultField | None = None
    extensions: ShownModel | None = None
    at_end: Annotated[Literal["repeat", "accept"], one_of(*AT_END)] | None = None

    @model_validator(mode="after")
    def _compiles(self) -> RuleModel:
        try:
            self.rule()
        except Unfit as unfit:
            inside = unfit.key == "per" and self.per is None
            raise Located([(("schedule", "per") if inside else (unfit.key,), str(unfit))]) from None
        return self

    def rule(self, source: str = "") -> Rule:
        """Return what the rules room knows it as.  Raises ValueError."""
        if not NAME.fullmatch(self.name):
            raise Unfit("name", f"{self.name!r} is no name (letters, digits and ._- , 64 at most)")
        stage = Stage(self.stage) if self.stage else None
        when: All | AnyOf = self.when
        if not self._does_something():
            raise ValueError(
                "this rule does nothing: give it a reply, a sequence, a delay, a fault, extensions, then: close, "
                "or keep: false"
            )
        schedule = self.schedule.schedule() if self.schedule is not None else ALWAYS
        return Rule(
            self.name, when, stage, self.reply, self.then, self.keep, self.enabled, self.description, source,
            schedule, self._per(), self._sequence(), self._faults(),
            self.extensions.shown() if self.extensions is not None else None,
        )  # fmt: skip

    def _does_something(self) -> bool:
        adds = (self.delay, self.fault, self.extensions)
        return not self.keep or any(each is not None for each in (self.reply, self.sequence, self.then, *adds))

    def _faults(self) -> tuple[Fault, ...]:
        """The delay comes first: whatever strikes, strikes late."""
        return (*(() if self.delay is None else (self.delay,)), *(self.fault or ()))

    def _per(self) -> tuple[str, ...]:
        within = self.schedule.per if self.schedule is not None else None
        if self.per is not None and within is not None:
            raise Unfit("per", "it stands in the schedule already; leave one of them out")
        return tuple(self.per or within or ())

    def _sequence(self) -> Sequence | None:
        if self.sequence is None:
            if self.at_end is not None:
                raise Unfit("at_end", "there is no sequence that could end")
            return None
        return Sequence(self.sequence, self.at_end)

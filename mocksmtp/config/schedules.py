"""``schedule:``, ``per:`` and ``sequence:``: what makes a rule remember."""

from __future__ import annotations

import re
from datetime import UTC
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from mocksmtp.config.fields import REPLY_SCHEMA, at_least, reply
from mocksmtp.config.mistakes import Located, suggestion
from mocksmtp.config.section import Section
from mocksmtp.config.types import Duration, Whole, duration, several, shown, text
from mocksmtp.rules.keys import PER
from mocksmtp.rules.schedule import MINUTES_A_DAY, Between, Over, Schedule
from mocksmtp.rules.template import Accept, ReplyTemplate

PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")
RATE = re.compile(r"([0-9]{1,7})\s+per\s+(\S+)")
TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")
MOST_OVER = 1_000_000
"""Hits that a window can tell apart; the time of each is kept."""


def chance(value: Any) -> float:
    """Take per cent, as in 30%."""
    match = PERCENT.fullmatch(text(value).strip())
    if match is None or not 0 < float(match[1]) <= 100:
        raise ValueError(f"{value} is no chance (more than 0% and at most 100%, as in 30%)")
    return float(match[1])


def over(value: Any) -> Over:
    """Take a number of hits in a time, as in 100 per 1m."""
    match = RATE.fullmatch(text(value).strip())
    if match is None:
        raise ValueError(f"{value} is no number of hits in a time (as in 100 per 1m)")
    number, seconds = int(match[1]), duration(match[2])
    if not 1 <= number <= MOST_OVER or not seconds:
        raise ValueError(
            f"{value}: at least 1 and at most {MOST_OVER} hits, in more than no time (as in 100 per 1m)"
        )
    return Over(number, seconds)


def between(value: Any) -> tuple[int, int]:
    """Take two times of the day, in minutes after midnight."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"two times of the day are wanted here, as in [22:00, 06:00], not {shown(value)}")
    start, end = (_minutes(each) for each in value)
    if start % MINUTES_A_DAY == end % MINUTES_A_DAY:
        raise ValueError("it ends when it begins: leave it out for the whole day")
    return start % MINUTES_A_DAY, end


def _minutes(value: Any) -> int:
    match = TIME_OF_DAY.fullmatch(text(value))
    if match is None:
        raise ValueError(f"{value} is no time of the day (00:00 to 24:00, as in 08:30)")
    return int(match[1]) * 60 + int(match[2]) if match[1] else MINUTES_A_DAY


def timezone(value: Any) -> ZoneInfo:
    """Take the name of a time zone."""
    name = text(value)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        known = available_timezones()
    if not known:
        raise ValueError(
            f"{name} is not known: there are no time zones on this machine (the package tzdata has them)"
        )
    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"{name} is no time zone (as in Europe/Berlin{hint})")


def per(value: Any) -> tuple[str, ...]:
    """Take what hits are told apart by."""
    words = [text(each) for each in several(value)]
    wrong: list[tuple[tuple[str | int, ...], str]] = []
    for number, word in enumerate(words):
        place = (number,) if isinstance(value, list) else ()
        if word not in PER:
            wrong.append((place, f"per: {word!r} is not known here {suggestion(word, PER)}"))
        elif word in words[:number]:
            wrong.append((place, f"per: {word} stands here twice"))
    if wrong:
        raise Located(wrong)
    if not words:
        raise ValueError(f"give what hits are told apart by, or leave it out {suggestion('', PER)}")
    return tuple(words)


def sequence(value: Any) -> tuple[ReplyTemplate | Accept, ...]:
    """Take a list of replies."""
    if not isinstance(value, list) or not value:
        raise ValueError('a list of replies is wanted here, as in ["450 4.2.0 try later", accept]')
    steps: list[ReplyTemplate | Accept] = []
    wrong: list[tuple[tuple[str | int, ...], str]] = []
    for number, each in enumerate(value):
        try:
            steps.append(reply(each))
        except ValueError as error:
            wrong.append(((number,), f"sequence: {error}"))
    if wrong:
        raise Located(wrong)
    return tuple(steps)


TIMES_SCHEMA = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
PER_SCHEMA = {"anyOf": [{"enum": [*PER]}, {"type": "array", "items": {"enum": [*PER]}, "minItems": 1}]}
ChanceField = Annotated[Any, PlainValidator(chance), WithJsonSchema({"type": "string", "examples": ["30%"]})]
OverField = Annotated[Any, PlainValidator(over), WithJsonSchema({"type": "string", "examples": ["100 per 1m"]})]
BetweenField = Annotated[Any, PlainValidator(between), WithJsonSchema(TIMES_SCHEMA)]
ZoneField = Annotated[
    Any, PlainValidator(timezone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})
]
PerField = Annotated[Any, PlainValidator(per), WithJsonSchema(PER_SCHEMA)]
SequenceField = Annotated[
    Any, PlainValidator(sequence), WithJsonSchema({"type": "array", "items": REPLY_SCHEMA, "minItems": 1})
]
LongEnough = Annotated[Duration, Field(gt=0)]


class ScheduleModel(Section):
    """When a rule acts, of the times that its conditions hold."""

    first: Annotated[Whole, at_least(1)] | None = None
    after: Annotated[Whole, at_least(1)] | None = None
    every: Annotated[Whole, at_least(1)] | None = None
    chance: ChanceField | None = None
    over: OverField | None = None
    within: LongEnough | None = None
    between: BetweenField | None = None
    timezone: ZoneField | None = None
    per: PerField | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ScheduleModel:
        if not self.model_fields_set:
            raise ValueError(f"it says nothing {suggestion('', ScheduleModel.model_fields)}")
        if self.timezone is not None and self.between is None:
            raise Located([(("timezone",), "timezone: there is no between that it would be for")])
        self.schedule()
        return self

    def schedule(self) -> Schedule:
        """Return what the rules room knows it as.  Raises ValueError."""
        between = None
        if self.between is not None:
            start, end = self.between
            between = Between(start, end, self.timezone or UTC)
        return Schedule(self.first, self.after, self.every, self.chance, self.over, self.within, between)

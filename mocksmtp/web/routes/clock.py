"""/v1/clock: the time that schedules live by."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import PlainValidator, WithJsonSchema, model_validator

from mocksmtp.config.types import duration, text
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.scopes import Scopes
from mocksmtp.web.asking import Body
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.scoped import Scoped, scope_asked
from mocksmtp.web.told import Moment, Time, Told, time_told


def seconds(value: Any) -> float:
    """Take a duration with its unit."""
    return duration(text(value))


SecondsField = Annotated[Any, PlainValidator(seconds), WithJsonSchema({"type": "string", "examples": ["5m"]})]


class Change(Body):
    """How the clock is moved: one of the three."""

    advance: SecondsField | None = None
    set: Moment | None = None
    follow: Literal[True] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Change:
        if len(self.named) != 1:
            raise ValueError("one of advance, set and follow is wanted")
        return self

    @property
    def named(self) -> list[str]:
        """What is there; null is left out."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]


class ToldClock(Told):
    """The moment it is by the rule clock, and by how many seconds that is ahead of real time."""

    now: Time
    ahead: float


def routes(everybody: RuleClock, scopes: Scopes) -> list[Route]:
    """Return the routes over the clock of what is in no scope, and those of scopes."""

    def clock_of(query: Query) -> RuleClock:
        scope = scope_asked(scopes, query)
        return everybody if scope is None else scope.clock

    def told(query: Query) -> Answer:
        clock = clock_of(query)
        return as_json({"now": time_told(clock.now()), "ahead": round(clock.ahead, 6)})

    def changed(query: Query) -> Answer:
        change: Change = query.body
        clock = clock_of(query)
        (name,) = change.named
        try:
            if change.advance is not None:
                clock.advance(change.advance)
            elif change.set is not None:
                clock.set(change.set)
            else:
                clock.follow()
        except ValueError as error:
            raise Problem(422, "Bad body", str(error), name) from None
        return told(query)

    return [
        Route("GET", "/v1/clock", told, query=Scoped, answer=ToldClock, problems=(404,), says="The rule clock."),
        Route(
            "POST",
            "/v1/clock",
            changed,
            query=Scoped,
            body=Change,
            answer=ToldClock,
            problems=(404,),
            says="Move the rule clock.",
        ),
    ]

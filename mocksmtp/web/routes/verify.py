"""/v1/verify: assertions on attempts, judged at once or as they come, and answered in words."""

from __future__ import annotations

from math import inf
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from mocksmtp.config.types import duration
from mocksmtp.journal import Attempt, Journal
from mocksmtp.web import verdict
from mocksmtp.web.asking import Body
from mocksmtp.web.attempt import AttemptSearch, AttemptTold, Code, attempt_tests, attempt_told, in_scope
from mocksmtp.web.routes.wait import ATTEMPTS, Timeout, narrowed
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.search import value_test
from mocksmtp.web.told import Moment, Told, time_told
from mocksmtp.web.turns import Turns
from mocksmtp.web.waiting import Seats, Subscribers

MOST = 100
"""Assertions in one request."""

HIGHEST = 1_000_000_000
"""What may be counted up to."""

NAMED_ELSE = {"fault": "faults", "since": "at", "until": "at"}
"""Where an attempt tells what a search calls by another name."""


def _span(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError("a time with its unit is wanted here, as in 500ms")
    return duration(value)


Span = Annotated[float, BeforeValidator(_span), WithJsonSchema({"type": "string", "examples": ["500ms", "5m"]})]
Number = Annotated[int, Field(ge=0, le=HIGHEST)]


class Count(Body):
    """How many attempts are wanted: ``exactly``, or either of the others, or both."""

    exactly: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _once(self) -> Count:
        least, most = self.at_least, self.at_most
        if (self.exactly is None) is (least is None and most is None):
            raise ValueError("say exactly, or at_least, at_most or both")
        if least is not None and most is not None and least > most:
            raise ValueError("at_least is over at_most")
        return self

    def condition(self) -> verdict.Count:
        """Return what judges it."""
        if self.exactly is not None:
            return verdict.Count(self.exactly, self.exactly)
        return verdict.Count(self.at_least or 0, inf if self.at_most is None else self.at_most)


class Gap(Body):
    """The time between two tries of one recipient: ``min``, ``max`` or both."""

    min: Span | None = None
    max: Span | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Gap:
        if self.min is None and self.max is None:
            raise ValueError("say min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is over max")
        return self

    def condition(self) -> verdict.Gap:
        """Return what judges it."""
        return verdict.Gap(self.min or 0.0, inf if self.max is None else self.max)


Codes = Annotated[
    list[Code],
    Field(min_length=1, max_length=1000, description="what the first attempts were answered, in order"),
]


class Assertion(Body):
    """Which attempts it is about, and what must hold of them."""

    name: Annotated[str, Field(max_length=200, description="told again in the answer")] | None = None
    where: AttemptSearch = AttemptSearch()
    count: Count | None = None
    codes: Codes | None = None
    gap: Gap | None = None
    none_after_5xx: Annotated[bool, Field(description="no recipient is tried again that got a 5xx")] = False

    @model_validator(mode="after")
    def _something(self) -> Assertion:
        if self.count is None and self.codes is None and self.gap is None and not self.none_after_5xx:
            raise ValueError("say what must hold: count, codes, gap or none_after_5xx")
        return self

    def case(self, since: float | None) -> verdict.Case:
        """Return what judges it."""
        conditions: list[verdict.Condition] = []
        if self.count is not None:
            conditions.append(self.count.condition())
        if self.codes is not None:
            conditions.append(verdict.Codes([(each, value_test(each)) for each in self.codes]))
        if self.gap is not None:
            conditions.append(self.gap.condition())
        if self.none_after_5xx:
            conditions.append(verdict.NoneAfter5xx())
        return verdict.Case(attempt_tests(narrowed(self.where, since)), conditions, in_scope(self.where.scope))


class Verify(Body):
    """What is asserted, and how long it may take to come true."""

    assertions: Annotated[list[Assertion], Field(min_length=1, max_length=MOST)]
    within: Annotated[Timeout, Field(description="how long it is waited for; 0s judges what is there")] = 0.0
    since: Annotated[Moment, Field(description="what came before this time does not count")] | None = None


class NearMiss(Told):
    """An attempt that matched in all but one thing."""

    attempt: AttemptTold
    failed: Annotated[str, Field(description="the field of `where` that did not match")]
    wanted: str
    found: str | None
    says: str


class Judged(Told):
    """What became of one assertion."""

    ok: bool
    name: str | None
    says: Annotated[str, Field(description="what was seen, and what was wanted")]
    failed: Annotated[list[str], Field(description="the conditions that do not hold")]
    count: Annotated[int, Field(description="how many attempts it is about")]
    attempts: Annotated[list[AttemptTold], Field(description="the last 100 of them, oldest first")]
    nearest: Annotated[list[NearMiss], Field(description="attempts that nearly were; none where all is well")]


class Verified(Told):
    """Whether all of it holds, and an entry for each assertion, in their order."""

    ok: bool
    assertions: list[Judged]


def routes(journal: Journal, subscribers: Subscribers, clock: Any) -> list[Route]:
    """Return the route; ``subscribers`` say who takes which fact: who waits joins and leaves them."""
    own = Verifying(journal, subscribers, clock)
    return [
        Route(
            "POST", "/v1/verify", own.verify, body=Verify, answer=Verified, problems=(409,),
            says="Judge assertions on attempts.",
        )
    ]  # fmt: skip


class Verifying:
    """Answers when nobody need wait on, or time is up."""

    def __init__(self, journal: Journal, subscribers: Subscribers, clock: Any) -> None:
        self._journal = journal
        self._clock = clock
        self._seats = Seats(subscribers, clock)

    async def verify(self, query: Query) -> Answer:
        """Judge."""
        asked: Verify = query.body
        if not self._journal.keeps:
            raise Problem(409, "No journal", "capture.keep.sessions is 0, so no attempts are kept")
        cases = [each.case(asked.since) for each in asked.assertions]
        attempts, turns = self._journal.attempts, Turns(self._clock)
        with self._seats.taken(ATTEMPTS, asked.within) as wakening:
            last = attempts.last
            for attempt in attempts.after(0):
                _take(cases, attempt)
                await turns.give_way()
            # Those that came while these were looked at are told by facts.
            while not verdict.is_settled(cases) and await wakening.known():
                for attempt in attempts.after(last):
                    _take(cases, attempt)
                last = attempts.last
        judged = [_judged(each, case, asked.since) for each, case in zip(asked.assertions, cases, strict=True)]
        return as_json(Verified(ok=all(each.ok for each in judged), assertions=judged))


def _take(cases: list[verdict.Case], attempt: Attempt) -> None:
    for case in cases:
        case.take(attempt)


def _judged(asked: Assertion, case: verdict.Case, since: float | None) -> Judged:
    failed, where = case.failed, narrowed(asked.where, since)
    return Judged(
        ok=not failed, name=asked.name, says=case.says(), failed=failed, count=case.count,
        attempts=[attempt_told(each) for each in case.matched],
        nearest=[_near(where, *each) for each in case.nearest] if failed else [],
    )  # fmt: skip


def _near(where: AttemptSearch, attempt: Attempt, failed: str) -> NearMiss:
    told = attempt_told(attempt)
    asked = getattr(where, failed)
    found = getattr(told, NAMED_ELSE.get(failed, failed))
    found = ", ".join(found) or None if isinstance(found, list) else None if found is None else str(found)
    wanted = time_told(asked) if isinstance(asked, float) else str(asked)
    says = (
        f"{told.reply} to <{told.rcpt or ''}> at {told.at}: {failed} is {found or 'not there'}, wanted: {wanted}"
    )
    return NearMiss(attempt=told, failed=failed, wanted=wanted, found=found, says=says)

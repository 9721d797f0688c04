"""/v1/wait: a long poll, until so many messages or attempts that match are there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, RootModel, Tag, WithJsonSchema

from mocksmtp.config.types import duration
from mocksmtp.journal import Attempt, Journal
from mocksmtp.smtp.facts import Decided, MessageAccepted, TransactionAbandoned
from mocksmtp.smtp.stage import Stage
from mocksmtp.stores import Store
from mocksmtp.web.asking import Body
from mocksmtp.web.attempt import AttemptSearch, AttemptTold, attempt_test, attempt_told
from mocksmtp.web.finding import matches, newest, within
from mocksmtp.web.message import MessageTold, whole
from mocksmtp.web.routes.sessions import pick
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.search import MessageSearch
from mocksmtp.web.told import Moment, Told
from mocksmtp.web.turns import Turns
from mocksmtp.web.waiting import Reads, Seats, Subscribers, Wakening

MOST = 1000
"""What one answer may hold, and may be waited for."""

LONGEST = 600.0
"""Seconds that may be waited."""


def _timeout(value: Any) -> float:
    seconds = duration(value) if isinstance(value, str) else None
    if seconds is None or not 0 <= seconds <= LONGEST:
        raise ValueError("a time from 0s to 10m is wanted here, with its unit")
    return seconds


Timeout = Annotated[
    float, BeforeValidator(_timeout), WithJsonSchema({"type": "string", "examples": ["10s"], "default": "10s"})
]


class Wait(Body):
    """How many are waited for, and how long."""

    count: Annotated[int, Field(ge=1, le=MOST, description="how many must be there")] = 1
    timeout: Timeout = 10.0
    since: Annotated[Moment, Field(description="what came before this time does not count")] | None = None


def _messages(value: Any) -> Any:
    if value != "messages":
        raise ValueError("messages or attempts is wanted here")
    return value


class WaitForMessages(Wait):
    """Wait for messages."""

    what: Annotated[Literal["messages"], BeforeValidator(_messages), Field(alias="for")] = "messages"
    where: MessageSearch = MessageSearch()


class WaitForAttempts(Wait):
    """Wait for attempts that have been decided."""

    what: Annotated[Literal["attempts"], Field(alias="for")]
    where: AttemptSearch = AttemptSearch()


def _kind(given: Any) -> str:
    return "attempts" if isinstance(given, dict) and given.get("for") == "attempts" else "messages"


Either = Annotated[
    Annotated[WaitForMessages, Tag("messages")] | Annotated[WaitForAttempts, Tag("attempts")],
    Discriminator(_kind),
]


class Waited(Told):
    """Whether they came in time, and what is there, oldest first; null is what was not waited for."""

    complete: bool
    messages: list[MessageTold] | None = None
    attempts: list[AttemptTold] | None = None


class WaitFor(RootModel[Either]):
    """What is waited for: messages, unless ``for`` says attempts."""


def routes(store: Store, journal: Journal, subscribers: Subscribers, clock: Any) -> list[Route]:
    """Return the route; ``subscribers`` say who takes which fact: who waits joins and leaves them."""
    own = Waiting(store, journal, subscribers, clock)
    return [
        Route(
            "POST", "/v1/wait", own.wait, body=WaitFor, answer=Waited, problems=(409,),
            says="Wait until so many messages or attempts are there.",
        )
    ]  # fmt: skip


class Waiting:
    """Answers when what is waited for has come, or time is up."""

    def __init__(self, store: Store, journal: Journal, subscribers: Subscribers, clock: Any) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._seats = Seats(subscribers, clock)

    async def wait(self, query: Query) -> Answer:
        """Wait."""
        asked: WaitForMessages | WaitForAttempts = query.body.root
        if isinstance(asked, WaitForAttempts) and not self._journal.keeps:
            raise Problem(409, "No journal", "capture.keep.sessions is 0, so no attempts are kept", "for")
        if isinstance(asked, WaitForAttempts):
            with self._seats.taken(ATTEMPTS, asked.timeout) as wakening:
                return await self._attempts(asked, wakening)
        with self._seats.taken(MESSAGES, asked.timeout) as wakening:
            return await self._messages(asked, wakening)

    async def _messages(self, asked: WaitForMessages, wakening: Wakening) -> Answer:
        where = narrowed(asked.where, asked.since)
        # Those that come while these are looked for are told by facts.
        found = {each.id: each for each in await newest(self._store, self._clock, where, MOST)}
        while len(found) < asked.count and (came := await wakening.known()):
            for queue_id in came:
                message = await self._store.get(queue_id)
                if message is not None and await matches(message, where, self._clock):
                    found[queue_id] = message
        turns = Turns(self._clock)
        newest_first = sorted(found.values(), key=lambda message: (message.received, message.id), reverse=True)
        told = [await turns.read(each.content, whole, each) for each in within(newest_first[:MOST])]
        return as_json(Waited(complete=len(found) >= asked.count, messages=told[::-1]))

    async def _attempts(self, asked: WaitForAttempts, wakening: Wakening) -> Answer:
        wanted, attempts = attempt_test(narrowed(asked.where, asked.since)), self._journal.attempts
        last = attempts.last
        found: list[Attempt] = await pick(attempts.newest((last + 1, 0)), wanted, MOST, self._clock)
        found.reverse()
        while len(found) < asked.count and await wakening.known():
            found += [each for each in attempts.after(last) if wanted(each)]
            last = attempts.last
        told = [attempt_told(each) for each in found[-MOST:]]
        return as_json(Waited(complete=len(found) >= asked.count, attempts=told))


def narrowed(where: Any, since: float | None) -> Any:
    """Return a search that leaves out what came before this time."""
    if since is None or (where.since is not None and where.since >= since):
        return where
    return where.model_copy(update={"since": since})


def _refused(fact: Decided) -> str | None:
    """Return the id of the message that was refused at its end, if it was."""
    envelope = fact.who.envelope
    return envelope.id if fact.stage is Stage.MESSAGE and envelope is not None else None


MESSAGES: Reads = {MessageAccepted: lambda fact: fact.envelope.id, Decided: _refused}
"""Facts that bring a message, and its id."""

ATTEMPTS: Reads = dict.fromkeys((MessageAccepted, Decided, TransactionAbandoned), lambda _: True)
"""Facts that bring attempts; the journal knows which."""

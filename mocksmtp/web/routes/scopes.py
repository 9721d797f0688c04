"""/v1/scopes: many tests on one server, each with rules, counters, mail and a clock of its own."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping
from secrets import token_bytes
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from mocksmtp.config.types import duration
from mocksmtp.journal import Attempt, Journal
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.scope_names import DOMAIN
from mocksmtp.rules.scopes import Scope, Scopes, TooManyScopes
from mocksmtp.stores import Store
from mocksmtp.web.asking import Body
from mocksmtp.web.attempt import AttemptTold, attempt_told, in_scope
from mocksmtp.web.finding import within
from mocksmtp.web.message import MessageTold, whole
from mocksmtp.web.routes.rules import Given, given_rule
from mocksmtp.web.routes.sessions import pick
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.scoped import found_in
from mocksmtp.web.told import Time, Told, time_told
from mocksmtp.web.turns import Turns

MOST = 1000
"""Messages, and attempts, that the last state tells."""

MOST_RULES = 100
"""Rules of one scope."""

LONGEST = 7 * 86_400.0
"""Seconds that a scope may last."""


def _ttl(value: Any) -> float:
    seconds = duration(value) if isinstance(value, str) else None
    if seconds is None or not 0 < seconds <= LONGEST:
        raise ValueError("a time of up to 7d is wanted here, with its unit")
    return seconds


Ttl = Annotated[
    float, BeforeValidator(_ttl), WithJsonSchema({"type": "string", "examples": ["10m"], "default": "10m"})
]


Rules = Annotated[
    list[Given],
    Field(default_factory=list, max_length=MOST_RULES, description="rules asked before all others"),
]


class OtherRules(Body):
    """What a scope asks from now on."""

    rules: Rules


class Begun(Body):
    """What a scope begins with."""

    ttl: Annotated[Ttl, Field(description="how long it lasts at the most")] = 600.0
    rules: Rules
    label: Annotated[str, Field(max_length=200, description="told again, for people")] = ""


class ToldScope(Told):
    """A scope, and what rules did in it."""

    token: str
    domain: Annotated[str, Field(description="every address there names the scope")]
    label: str
    began_at: Time
    ends_at: Time
    rules: Annotated[list[str], Field(description="the names of its own rules")]
    hits: Annotated[dict[str, int], Field(description="how often each rule acted in it, those of the files too")]


class ToldScopes(Told):
    """The scopes, the oldest first."""

    scopes: list[ToldScope]


class LastState(ToldScope):
    """A scope that has ended, with what it had; the newest of each, oldest first."""

    messages: list[MessageTold]
    attempts: list[AttemptTold]


def routes(scopes: Scopes, store: Store, journal: Journal, clock: Any) -> list[Route]:
    """Return the routes over these scopes; ``clock`` is the reactor."""
    own, path, one = Many(scopes, store, journal, clock), "/v1/scopes", "/v1/scopes/{token}"
    return [
        Route("GET", path, own.listed, answer=ToldScopes, says="The scopes there are."),
        Route("POST", path, own.begun, body=Begun, answer=ToldScope, status=201, says="Begin a scope."),
        Route("GET", one, own.one, answer=ToldScope, says="One scope."),
        Route(
            "PUT",
            f"{one}/rules",
            own.replaced,
            body=OtherRules,
            answer=ToldScope,
            says="Give a scope other rules.",
        ),
        Route("DELETE", one, own.ended, answer=LastState, says="End a scope, and tell what it had."),
    ]


class Many:
    """The answers to requests about scopes."""

    def __init__(self, scopes: Scopes, store: Store, journal: Journal, clock: Any) -> None:
        self._scopes = scopes
        self._store = store
        self._journal = journal
        self._clock = clock

    def listed(self, _: Query) -> Answer:
        """List all."""
        return as_json(ToldScopes(scopes=[ToldScope(**_told(each)) for each in self._scopes.all()]))

    def one(self, query: Query) -> Answer:
        """Tell one."""
        return as_json(ToldScope(**_told(found_in(self._scopes, query.path["token"]))))

    def begun(self, query: Query) -> Answer:
        """Begin one."""
        asked: Begun = query.body
        rules = rules_given(asked.rules)
        token = b32encode(token_bytes(16)).decode().rstrip("=").lower()
        try:
            scope = self._scopes.open(token, asked.ttl, rules, asked.label)
        except TooManyScopes:
            raise Problem(503, "Too many scopes", f"there are {len(self._scopes)} already") from None
        answer = as_json(ToldScope(**_told(scope)), 201)
        return answer._replace(headers=(("Location", f"/v1/scopes/{token}"),))

    def replaced(self, query: Query) -> Answer:
        """Give one other rules."""
        scope = found_in(self._scopes, query.path["token"])
        return as_json(ToldScope(**_told(self._scopes.replace(scope.token, rules_given(query.body.rules)))))

    async def ended(self, query: Query) -> Answer:
        """End one; what it had is told, and its messages are kept no longer."""
        scope = found_in(self._scopes, query.path["token"])
        self._scopes.close(scope.token)
        ids = [queue_id for queue_id, _ in scope.messages][-MOST:]
        found = [message for each in ids[::-1] if (message := await self._store.get(each)) is not None]
        turns = Turns(self._clock)
        messages = [await turns.read(each.content, whole, each) for each in within(found)][::-1]
        newest = self._journal.attempts.newest()
        attempts: list[Attempt] = await pick(newest, in_scope(scope.token), MOST, self._clock)
        await self._store.remove(self._scopes.alone(scope))
        told = [attempt_told(each) for each in attempts[::-1]]
        return as_json(LastState(**_told(scope), messages=messages, attempts=told))


def rules_given(given: list[Given]) -> list[Rule]:
    """Read the rules of a scope: the names are its own, each once.  Raises Problem."""
    rules = [given_rule(each.root, place=f"rules.{number}") for number, each in enumerate(given)]
    names = [rule.name for rule in rules]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise Problem(422, "Bad rule", f"there are two rules {name}", f"rules.{number}.name")
    return rules


def _told(scope: Scope) -> Mapping[str, Any]:
    return {
        "token": scope.token, "domain": f"{scope.token}.{DOMAIN}", "label": scope.label,
        "began_at": time_told(scope.began), "ends_at": time_told(scope.ends),
        "rules": [rule.name for rule in scope.rules], "hits": scope.hits.all(),
    }  # fmt: skip

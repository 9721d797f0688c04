"""/v1/rules/explain: which rule would decide about a message, stage by stage, and which nearly did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from mocksmtp.config.types import several, text
from mocksmtp.rules.rehearsal import Client, rehearse
from mocksmtp.rules.rehearsed import told
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.scope_rehearsal import ScopedRehearsal
from mocksmtp.rules.scopes import Scopes
from mocksmtp.smtp.profile import Profile
from mocksmtp.web.asking import Body
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.scoped import Scoped, scope_asked
from mocksmtp.web.told import Told

MOST_RCPTS = 100
LARGEST = 50 * 1024 * 1024
"""Octets that may be announced: without a message so many are made up."""


def address(value: Any) -> str:
    """Take an IP address."""
    try:
        return str(ip_address(text(value)))
    except ValueError:
        raise ValueError(f"{value!r} is no IP address") from None


TEXTS_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


class Talk(Body):
    """Who talks to which listener, and what is said; all of it may be left out."""

    listener: str | None = None
    client: Annotated[str, BeforeValidator(address)] = "127.0.0.1"
    helo: str = "client.test"
    tls: bool | None = None
    auth: str | None = None
    mail: str = "sender@client.test"
    rcpt: Annotated[
        list[str], BeforeValidator(several), Field(max_length=MOST_RCPTS), WithJsonSchema(TEXTS_SCHEMA)
    ] = Field(default_factory=list)
    size: Annotated[int, Field(ge=0, le=LARGEST)] | None = None
    message: str | None = None
    near: Annotated[int, Field(ge=0, le=50)] = 3


class ToldMiss(Told):
    """A rule that nearly decided, the condition that kept it from it, what that wants and what it found."""

    rule: str
    condition: str
    wanted: str
    found: str


class ToldStage(Told):
    """One answer: to what, by which rule, which others matched, and what is done beside the reply."""

    stage: str
    said: str
    code: int | None
    reply: list[str]
    rule: str | None
    asked: bool
    matched: list[str]
    then: list[str]
    near: list[ToldMiss]


class Explained(Told):
    """The answers of one conversation, and whether every one of them was positive."""

    listener: str
    accepted: bool
    stages: list[ToldStage]


def routes(
    profiles: Callable[[], Sequence[Profile]], rulebook: Callable[[], Rulebook], scopes: Scopes
) -> list[Route]:
    """Return the route; ``profiles`` are those of the listeners, ``rulebook`` the one in force."""

    def explained(query: Query) -> Answer:
        talk: Talk = query.body
        profile = _profile(profiles(), talk.listener)
        content = None if talk.message is None else talk.message.encode("utf-8", "replace")
        try:
            client = Client(talk.client, talk.helo, talk.tls, talk.auth, talk.mail, talk.rcpt, talk.size, content)
        except ValueError as error:
            raise Problem(422, "Bad body", str(error)) from None
        in_force = rulebook()
        asks = ScopedRehearsal(scopes.all(), in_force, scope_asked(scopes, query))
        rows = rehearse(profile, in_force, client, most=talk.near, asks=asks)
        accepted = all(row.code is None or row.code < 400 for row in rows)
        return as_json({"listener": profile.name, "accepted": accepted, "stages": [told(row) for row in rows]})

    return [
        Route(
            "POST", "/v1/rules/explain", explained, query=Scoped, body=Talk, answer=Explained, problems=(404,),
            says="Say which rule decides.",
        )
    ]  # fmt: skip


def _profile(profiles: Sequence[Profile], name: str | None) -> Profile:
    for profile in profiles:
        if name is None or profile.name == name:
            return profile
    names = ", ".join(profile.name for profile in profiles)
    raise Problem(422, "Bad body", f"{name} is none of {names}", "listener")

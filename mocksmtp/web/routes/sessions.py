"""/v1/sessions and /v1/attempts: who was there, what was said, and what became of each recipient."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any

from pydantic import Field

from mocksmtp.journal import Attempt, Journal, SessionRecord, transcript
from mocksmtp.rules.pattern import Kind, PatternIndex
from mocksmtp.web.asking import Asked
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.search import Address, Client, Value, client_test, value_test
from mocksmtp.web.told import Moment, Time, TlsTold, Told, reply_told, time_told, tls_told

MOST = 1000
"""Entries of one page."""

Limit = Annotated[int, Field(ge=1, le=MOST)]


class SessionTold(Told):
    """One session; ``closed_at`` is null while it is open."""

    id: str
    opened_at: Time
    closed_at: Time | None
    listener: str
    client: str
    port: int
    helo: str | None
    auth: Annotated[str | None, Field(description="The identity that had logged in")]
    tls: TlsTold | None
    attempts: int
    accepted: int


class SessionPage(Told):
    """A page of sessions, newest first; ``next`` is what to give as ``before`` for the next one."""

    sessions: list[SessionTold]
    next: str | None


class LineTold(Told):
    """One line of a transcript: ``client`` and ``server`` said it, what is of another kind happened."""

    at: Time
    kind: str
    text: str


class TranscriptTold(Told):
    """All that was said in a session; secrets are not shown, and mail data is counted only."""

    session: str
    dropped: Annotated[int, Field(description="Notes at the beginning that had to go")]
    lines: list[LineTold]


class AttemptTold(Told):
    """What became of one recipient, or of a MAIL that was refused."""

    id: Annotated[str, Field(description="Its place among all; newer ones are behind it")]
    at: Time
    session: str
    message: Annotated[str | None, Field(description="The queue id; null where MAIL was refused")]
    listener: str
    client: str
    helo: str | None
    auth: str | None
    mail: str | None
    rcpt: str | None
    stage: Annotated[str, Field(description="The stage of the reply that decided it")]
    code: int
    reply: str
    rule: str | None
    faults: list[str]
    delay: Annotated[float, Field(description="Seconds that rules held the replies back")]
    outcome: str


class AttemptPage(Told):
    """A page of attempts, newest first; ``next`` is what to give as ``before`` for the next one."""

    attempts: list[AttemptTold]
    next: str | None


class SessionSearch(Asked):
    """Which sessions a page shows."""

    client: Client | None = None
    listener: Value | None = None
    since: Annotated[Moment, Field(description="opened at this time or later")] | None = None
    until: Annotated[Moment, Field(description="opened before this time")] | None = None
    limit: Limit = 50
    before: Annotated[str, Field(pattern="^[0-9A-Za-z]{1,20}$", description="the id of a session")] | None = None


class AttemptSearch(Asked):
    """Which attempts a page shows; those that are not decided yet are left out."""

    mail: Address | None = None
    rcpt: Address | None = None
    client: Client | None = None
    listener: Value | None = None
    rule: Value | None = None
    code: Annotated[int, Field(ge=200, le=599)] | None = None
    session: str | None = None
    since: Annotated[Moment, Field(description="decided at this time or later")] | None = None
    until: Annotated[Moment, Field(description="decided before this time")] | None = None
    limit: Limit = 50
    before: (
        Annotated[str, Field(pattern=r"^[0-9]{1,18}\.[0-9]{1,9}$", description="the id of an attempt")] | None
    ) = None


def routes(journal: Journal) -> list[Route]:
    """Return the routes over the journal."""

    def found(query: Query) -> SessionRecord:
        session = journal.session(query.path["id"])
        if session is None:
            raise Problem(404, "Not found", f"there is no session {query.path['id']} (any more)")
        return session

    def sessions(query: Query) -> Answer:
        asked: SessionSearch = query.asked
        test = _test(asked, ("listener",), "opened_at")
        page = list(islice(filter(test, journal.sessions(asked.before)), asked.limit))
        following = page[-1].id if len(page) == asked.limit else None
        return as_json(SessionPage(sessions=[session_told(each) for each in page], next=following))

    def told(query: Query) -> Answer:
        return as_json(session_told(found(query)))

    def said(query: Query) -> Answer:
        session = found(query)
        lines = [LineTold(at=time_told(at), kind=kind, text=text) for at, kind, text in transcript(session.notes)]
        return as_json(TranscriptTold(session=session.id, dropped=session.dropped, lines=lines))

    one = "/v1/sessions/{id}"
    return [
        Route("GET", "/v1/sessions", sessions, SessionSearch, answer=SessionPage, says="List sessions."),
        Route(
            "GET", one, lambda query: as_json(session_told(found(query))), answer=SessionTold, says="Tell of one."
        ),
        Route("GET", f"{one}/transcript", said, answer=TranscriptTold, says="Tell what was said in a session."),
        *_attempt_routes(journal),
    ]


def _attempt_routes(journal: Journal) -> list[Route]:
    def attempts(query: Query) -> Answer:
        asked: AttemptSearch = query.asked
        before = None if asked.before is None else tuple(map(int, asked.before.split(".")))
        test = _test(asked, ("listener", "rule"), "at")
        newest = journal.attempts.newest((before[0], before[1]) if before else None)
        page = list(islice(filter(test, newest), asked.limit))
        following = _id(page[-1]) if len(page) == asked.limit else None
        return as_json(AttemptPage(attempts=[attempt_told(each) for each in page], next=following))

    return [Route("GET", "/v1/attempts", attempts, AttemptSearch, answer=AttemptPage, says="List attempts.")]


def session_told(session: SessionRecord) -> SessionTold:
    """Tell of a session."""
    return SessionTold(
        id=session.id, opened_at=time_told(session.opened_at),
        closed_at=None if session.closed_at is None else time_told(session.closed_at),
        listener=session.listener, client=session.client, port=session.port, helo=session.helo, auth=session.auth,
        tls=tls_told(session.tls), attempts=session.attempts, accepted=session.accepted,
    )  # fmt: skip


def attempt_told(attempt: Attempt) -> AttemptTold:
    """Tell of an attempt."""
    return AttemptTold(
        id=_id(attempt), at=time_told(attempt.at), session=attempt.session, message=attempt.transaction,
        listener=attempt.listener, client=attempt.client, helo=attempt.helo, auth=attempt.auth, mail=attempt.mail,
        rcpt=attempt.rcpt, stage=attempt.stage, code=attempt.code, reply=reply_told(attempt.reply),
        rule=attempt.rule, faults=list(attempt.faults), delay=attempt.delay, outcome=attempt.outcome,
    )  # fmt: skip


def _id(attempt: Attempt) -> str:
    return f"{attempt.number}.{attempt.part}"


def _test(asked: Any, fields: tuple[str, ...], moment: str) -> Callable[[Any], bool]:
    """Return the test that follows from a search; ``moment`` names the field that its times are held against."""
    tests: list[Callable[[Any], bool]] = []

    def add(field: str, test: Callable[[Any], bool]) -> None:
        tests.append(lambda record: test(getattr(record, field)))

    for field in fields:
        if (pattern := getattr(asked, field)) is not None:
            add(field, value_test(pattern))
    if asked.client is not None:
        add("client", client_test(asked.client))
    for field in ("mail", "rcpt"):
        if (pattern := getattr(asked, field, None)) is not None:
            add(field, _address_test(pattern))
    for field in ("code", "session"):
        if (wanted := getattr(asked, field, None)) is not None:
            add(field, wanted.__eq__)
    if asked.since is not None:
        add(moment, asked.since.__le__)
    if asked.until is not None:
        add(moment, asked.until.__gt__)
    return lambda record: all(test(record) for test in tests)


def _address_test(pattern: str) -> Callable[[str | None], bool]:
    find = PatternIndex(Kind.ADDRESS, [(pattern, True)]).find
    return lambda address: address is not None and bool(find(address.lower() or "<>"))

"""Sessions and attempts as the API tells them, and what they are asked for by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from mocksmtp.journal import Attempt, Entry, SessionRecord
from mocksmtp.rules.pattern import Kind, PatternIndex, normal
from mocksmtp.rules.scope_names import narrowed
from mocksmtp.web.asking import Asked
from mocksmtp.web.search import Address, Client, Token, Value, checked, client_test, scope_test, value_test
from mocksmtp.web.told import Moment, Params, Time, TlsTold, Told, reply_told, time_told, tls_told


class AttemptTold(Told):
    """One recipient that a client named, and what became of it; a transaction without one counts too."""

    id: Annotated[str | None, Field(description="null while it is open")]
    at: Annotated[Time, Field(description="when it was decided")]
    session: str
    transaction: Annotated[str | None, Field(description="the queue id; null where MAIL was refused")]
    listener: str
    client: str
    helo: str | None
    auth: str | None
    mail: Annotated[str | None, Field(description="the reverse-path; empty for <>")]
    mail_params: Params
    rcpt: Annotated[str | None, Field(description="the forward-path; null where there was none")]
    rcpt_params: Params
    stage: Annotated[str, Field(description="where it was decided")]
    code: int
    reply: str
    rule: Annotated[str | None, Field(description="the rule or mailbox that decided")]
    matched: Annotated[list[str], Field(description="every rule that fired on the way")]
    faults: list[str]
    delay: Annotated[float, Field(description="seconds that rules made the client wait")]
    outcome: Literal["open", "accepted", "refused", "abandoned"]
    size: Annotated[int | None, Field(description="octets of mail data; null before their end")]


class AttemptPage(Told):
    """A page of attempts, newest first; ``next`` is what to give as ``before`` for the next one."""

    attempts: list[AttemptTold]
    next: str | None


class SessionTold(Told):
    """One connection."""

    id: str
    opened_at: Time
    closed_at: Annotated[Time | None, Field(description="null while it is open")]
    listener: str
    client: str
    port: int
    helo: str | None
    auth: str | None
    tls: TlsTold | None
    attempts: int
    accepted: Annotated[int, Field(description="how many of the attempts were accepted")]
    dropped: Annotated[int, Field(description="notes at the beginning of the transcript that had to go")]


class SessionPage(Told):
    """A page of sessions, the one opened last first; ``next`` is what to give as ``before`` for the next one."""

    sessions: list[SessionTold]
    next: str | None


class LineTold(Told):
    """One line of a transcript; client and server said it, the other kinds happened."""

    at: Time
    kind: str
    text: str


class TranscriptTold(Told):
    """All that was said in a session, both ways; no secret is in it, and no mail data."""

    session: str
    lines: list[LineTold]


def code_pattern(value: Any) -> Any:
    """Take a code as a number too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Code = Annotated[
    str,
    BeforeValidator(code_pattern),
    AfterValidator(checked(Kind.VALUE)),
    WithJsonSchema({"type": ["string", "integer"], "examples": [553, "5*"]}),
    Field(description="the code of the reply, or a pattern as in 5*"),
]


class AttemptSearch(Asked):
    """What attempts are asked for by; all that is given must hold."""

    scope: Token | None = None
    mail: Address | None = None
    rcpt: Address | None = None
    listener: Value | None = None
    client: Client | None = None
    session: str | None = None
    transaction: str | None = None
    helo: Value | None = None
    auth: Value | None = None
    stage: Value | None = None
    code: Code | None = None
    rule: Annotated[Value, Field(description="a pattern for the rule that decided")] | None = None
    fault: Annotated[Value, Field(description="a pattern for one of the faults")] | None = None
    outcome: Literal["open", "accepted", "refused", "abandoned"] | None = None
    since: Annotated[Moment, Field(description="decided at this time or later")] | None = None
    until: Annotated[Moment, Field(description="decided before this time")] | None = None


class SessionSearch(Asked):
    """What sessions are asked for by; all that is given must hold."""

    scope: Token | None = None
    listener: Value | None = None
    client: Client | None = None
    helo: Value | None = None
    auth: Value | None = None
    open: bool | None = None
    since: Annotated[Moment, Field(description="opened at this time or later")] | None = None
    until: Annotated[Moment, Field(description="opened before this time")] | None = None


Test = Callable[[Any], bool]


def attempt_test(asked: AttemptSearch) -> Callable[[Attempt], bool]:
    """Return the test of an attempt."""
    return _all({"scope": in_scope(asked.scope)} | attempt_tests(asked))


def in_scope(token: str | None) -> Test:
    """Return the test whether an attempt belongs to a scope; of several, its recipient may name one."""
    if token is None:
        return scope_test(None)
    return lambda attempt: token in attempt.scopes and token in narrowed(attempt.scopes, attempt.rcpt or "")


def attempt_tests(asked: AttemptSearch) -> dict[str, Test]:
    """Return the tests of an attempt, by the fields that they follow from."""
    tests = _shared_tests(asked, ("listener", "helo", "auth", "stage", "rule"), "at")
    for name in ("mail", "rcpt"):
        if (pattern := getattr(asked, name)) is not None:
            tests[name] = _address_test(name, pattern)
    for name in ("session", "transaction", "outcome"):
        if (wanted := getattr(asked, name)) is not None:
            tests[name] = _equal_test(name, wanted)
    if asked.code is not None:
        finds_code = value_test(asked.code)
        tests["code"] = lambda attempt: finds_code(str(attempt.code))
    if asked.fault is not None:
        finds_fault = value_test(asked.fault)
        tests["fault"] = lambda attempt: any(map(finds_fault, attempt.faults))
    return tests


def session_test(asked: SessionSearch) -> Callable[[SessionRecord], bool]:
    """Return the test of a session."""
    tests = {"scope": scope_test(asked.scope)}
    tests |= _shared_tests(asked, ("listener", "helo", "auth"), "opened_at")
    if asked.open is not None:
        tests["open"] = lambda session: (session.closed_at is None) is asked.open
    return _all(tests)


def _all(tests: dict[str, Test]) -> Test:
    each = tuple(tests.values())
    return lambda record: all(test(record) for test in each)


def _shared_tests(asked: Any, values: tuple[str, ...], time: str) -> dict[str, Test]:
    tests: dict[str, Test] = {}
    for name in values:
        if (pattern := getattr(asked, name)) is not None:
            tests[name] = _value_test(name, pattern)
    if asked.client is not None:
        holds = client_test(asked.client)
        tests["client"] = lambda record: holds(record.client)
    if asked.since is not None:
        tests["since"] = lambda record: getattr(record, time) >= asked.since
    if asked.until is not None:
        tests["until"] = lambda record: getattr(record, time) < asked.until
    return tests


def _value_test(name: str, pattern: str) -> Test:
    finds = value_test(pattern)
    return lambda record: finds(getattr(record, name))


def _equal_test(name: str, wanted: str) -> Test:
    return lambda record: getattr(record, name) == wanted


def _address_test(name: str, pattern: str) -> Test:
    find = PatternIndex(Kind.ADDRESS, [(pattern, True)]).find
    return lambda record: getattr(record, name) is not None and bool(find(address_key(getattr(record, name))))


def address_key(text: str) -> str:
    """Return what patterns for addresses are matched against."""
    if not text:
        return "<>"
    if "@" not in text:
        return f"<{text.lower()}>"
    try:
        return normal(text, Kind.ADDRESS)
    except ValueError:
        return text.lower()


def attempt_told(attempt: Attempt) -> AttemptTold:
    """Tell of an attempt."""
    same = {
        name: getattr(attempt, name)
        for name in (
            "session", "transaction", "listener", "client", "helo", "auth", "mail", "rcpt", "stage", "code",
            "rule", "delay", "outcome", "size",
        )
    }  # fmt: skip
    return AttemptTold(
        id=None if attempt.number is None else f"{attempt.number}.{attempt.part}", at=time_told(attempt.at),
        mail_params=dict(attempt.mail_params), rcpt_params=dict(attempt.rcpt_params),
        reply=reply_told(attempt.reply), matched=list(attempt.matched), faults=list(attempt.faults), **same,
    )  # fmt: skip


def session_told(record: SessionRecord) -> SessionTold:
    """Tell of a session."""
    return SessionTold(
        id=record.id, opened_at=time_told(record.opened_at),
        closed_at=None if record.closed_at is None else time_told(record.closed_at), listener=record.listener,
        client=record.client, port=record.port, helo=record.helo, auth=record.auth, tls=tls_told(record.tls),
        attempts=record.attempts, accepted=record.accepted, dropped=record.dropped,
    )  # fmt: skip


def line_told(entry: Entry) -> LineTold:
    """Tell of a line."""
    return LineTold(at=time_told(entry.at), kind=entry.kind, text=entry.text)

"""Searches: what messages, sessions and attempts are asked for by, and the test that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from mocksmtp.rules.network import Networks
from mocksmtp.rules.pattern import Kind, PatternIndex, Patterns
from mocksmtp.rules.scope_names import TOKEN_LENGTH
from mocksmtp.web import mail
from mocksmtp.web.asking import Asked
from mocksmtp.web.told import Moment

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.envelope import Message

PATTERN = "a glob, a /regex/ or an exact value, whatever the case"


def checked(kind: Kind) -> Callable[[str], str]:
    """Return what takes a pattern if it can be read."""

    def check(text: str) -> str:
        Patterns.parse(text)
        PatternIndex(kind, [(text, True)])
        return text

    return check


Value = Annotated[str, AfterValidator(checked(Kind.VALUE)), Field(description=PATTERN)]
Address = Annotated[
    str, AfterValidator(checked(Kind.ADDRESS)), Field(description=f"{PATTERN}; without @ a domain, <> for none")
]


def network(text: str) -> str:
    """Take an address, or a network in CIDR notation."""
    Networks.parse(text)
    return text


Client = Annotated[str, AfterValidator(network), Field(description="an address, or a network as in 192.0.2.0/24")]


def header(value: Any) -> dict[str, str]:
    """Take ``Name: pattern``, or a map of names and patterns."""
    if isinstance(value, str):
        name, colon, pattern = value.partition(":")
        if not colon:
            raise ValueError("write it as in Subject: *invoice*")
        value = {name.strip(): pattern.strip()}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError("a map of names and patterns is wanted here, or a text as in Subject: *invoice*")
    for pattern in value.values():
        Patterns.parse(pattern)
        PatternIndex(Kind.VALUE, [(pattern, True)])
    return value


HEADER_SCHEMA = {
    "anyOf": [
        {"type": "string", "examples": ["Subject: *invoice*"]},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ]
}
Header = Annotated[dict[str, str], BeforeValidator(header), WithJsonSchema(HEADER_SCHEMA)]


def which(value: Any) -> Any:
    """Take true and false as JSON and as text."""
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


Refused = Annotated[
    Literal["true", "false", "all"],
    BeforeValidator(which),
    WithJsonSchema({"enum": ["true", "false", "all", True, False]}),
    Field(description="those that were refused at the end of mail data, those that were not, or both"),
]


Token = Annotated[
    str,
    AfterValidator(str.lower),
    Field(
        pattern=f"^[A-Za-z2-7]{{{TOKEN_LENGTH}}}$", description="the token of a scope; none: what is in no scope"
    ),
]


def scope_test(token: str | None) -> Callable[[Any], bool]:
    """Return the test whether a record belongs to a scope; None stands for what belongs to none."""
    if token is None:
        return lambda record: not record.scopes
    return lambda record: token in record.scopes


class MessageSearch(Asked):
    """What messages are asked for by; all that is given must hold."""

    scope: Token | None = None

    mail: Address | None = None
    rcpt: Address | None = None
    subject: Value | None = None
    header: Header | None = None
    text: Annotated[str, Field(min_length=1, description="what text or HTML holds, whatever the case")] | None = (
        None
    )
    listener: Value | None = None
    rule: Value | None = None
    client: Client | None = None
    session: str | None = None
    refused: Refused = "false"
    since: Annotated[Moment, Field(description="received at this time or later")] | None = None
    until: Annotated[Moment, Field(description="received before this time")] | None = None


def message_test(asked: MessageSearch) -> tuple[Callable[[Message], bool], Callable[[Message], bool] | None]:
    """Return the test of the envelope, and that of the content, None where nothing asks for it."""
    tests: list[Callable[[Message], bool]] = [scope_test(asked.scope)]
    if asked.refused != "all":
        refused = asked.refused == "true"
        tests.append(lambda message: message.refused is refused)
    if asked.mail is not None:
        finds_mail = path_test(asked.mail)
        tests.append(lambda message: finds_mail(message.mail))
    if asked.rcpt is not None:
        finds_rcpt = path_test(asked.rcpt)
        tests.append(lambda message: any(finds_rcpt(recipient.path) for recipient in message.recipients))
    for name in ("listener", "rule"):
        if (pattern := getattr(asked, name)) is not None:
            tests.append(_field_test(name, value_test(pattern)))
    if asked.client is not None:
        tests.append(_field_test("client", client_test(asked.client)))
    if asked.session is not None:
        tests.append(lambda message: message.session == asked.session)
    if asked.since is not None:
        since = asked.since
        tests.append(lambda message: message.received >= since)
    if asked.until is not None:
        until = asked.until
        tests.append(lambda message: message.received < until)
    return lambda message: all(test(message) for test in tests), _content_test(asked)


def _field_test(name: str, test: Callable[[str | None], bool]) -> Callable[[Any], bool]:
    return lambda record: test(getattr(record, name))


def _content_test(asked: MessageSearch) -> Callable[[Message], bool] | None:
    tests: list[Callable[[bytes], bool]] = []
    if asked.subject is not None:
        finds_subject = value_test(asked.subject)
        tests.append(lambda content: finds_subject(mail.subject(content)))
    for name, pattern in (asked.header or {}).items():
        tests.append(_header_test(name, value_test(pattern)))
    if asked.text is not None:
        wanted = asked.text.casefold()
        tests.append(lambda content: _holds(content, wanted))
    return (lambda message: all(test(message.content) for test in tests)) if tests else None


def _header_test(wanted: str, test: Callable[[str | None], bool]) -> Callable[[bytes], bool]:
    return lambda content: any(
        name.lower() == wanted.lower() and test(mail.unfolded(value))
        for name, value in mail.header_fields(content)
    )


def _holds(content: bytes, wanted: str) -> bool:
    apart = mail.take_apart(content)
    return any(part is not None and wanted in part.text.casefold() for part in (apart.text, apart.html))


def path_test(pattern: str) -> Callable[[Path], bool]:
    """Return the test of a path against a pattern."""
    find = PatternIndex(Kind.ADDRESS, [(pattern, True)]).find
    return lambda path: bool(find(path.key))


def value_test(pattern: str) -> Callable[[str | None], bool]:
    """Return the test of a text against a pattern; nothing matches what is not there."""
    find = PatternIndex(Kind.VALUE, [(pattern, True)]).find
    return lambda value: value is not None and bool(find(value))


def client_test(pattern: str) -> Callable[[str | None], bool]:
    """Return the test of an address against a network."""
    networks = Networks.parse(pattern)
    return lambda client: client is not None and client in networks

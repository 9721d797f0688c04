"""SASL mechanisms: one file each, and the exchange that carries them (RFC 4422, RFC 4954).

A mechanism is a generator: it yields challenges, is sent responses, and returns a verdict.
It first yields None and is sent the initial response, or None where there was none.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp import replies
from mocksmtp.smtp.modules import modules_of
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.reply import Reply

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session

Users = Mapping[str, str] | None
"""User names to passwords; None lets everybody in."""


class Verdict(NamedTuple):
    """How an exchange ended: who the client says it is, and whether that is proven."""

    identity: str
    proven: bool


class Malformed(ValueError):
    """A response does not have the form that the mechanism asks for."""


Dialogue = Generator[bytes | None, bytes | None, Verdict]
Mechanism = Callable[[Users], Dialogue]


class Exchange(NamedTuple):
    """An exchange under way."""

    mechanism: str
    dialogue: Dialogue


def knows(users: Users, name: str, password: str) -> bool:
    """Say whether this password is this user's; takes as long for an unknown user."""
    if users is None:
        return True
    expected = users.get(name)
    same = hmac.compare_digest((expected or "").encode(), password.encode())
    return same and expected is not None


def begin(session: Session, exchange: Exchange, initial: bytes | None) -> Outcome:
    """Start an exchange with its initial response, base64 or ``=`` for an empty one (RFC 4954 section 4)."""
    next(exchange.dialogue)
    if initial is None:
        return _advance(session, exchange, None)
    return respond(session, exchange, b"" if initial == b"=" else initial)


def respond(session: Session, exchange: Exchange, line: bytes) -> Outcome:
    """Take the client's next line."""
    if line == b"*":
        return refuse(replies.CANCELLED)
    try:
        response = base64.b64decode(line, validate=True)
    except binascii.Error:
        return refuse(replies.BAD_BASE64)
    return _advance(session, exchange, response)


def _advance(session: Session, exchange: Exchange, response: bytes | None) -> Outcome:
    try:
        challenge = exchange.dialogue.send(response)
    except Malformed:
        return refuse(replies.BAD_RESPONSE)
    except StopIteration as end:
        verdict: Verdict = end.value
        return Outcome(
            replies.LOGGED_IN if verdict.proven else replies.BAD_CREDENTIALS,
            commit=lambda _session, _outcome: session.logged_in(exchange.mechanism, verdict.identity),
            accept=replies.LOGGED_IN,
            text=verdict.identity,
        )
    text = base64.b64encode(challenge or b"").decode()
    return Outcome(Reply(334, text), asks=False, follows=exchange)


def text_of(response: bytes) -> str:
    """Decode a response as UTF-8; raises Malformed."""
    try:
        return response.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None


def _found() -> dict[str, Mechanism]:
    modules = sorted(modules_of(__name__, list(__path__)), key=lambda module: module.RANK)
    return {module.NAME: module.exchange for module in modules}


MECHANISMS: Mapping[str, Mechanism] = _found()
"""Mechanism names to mechanisms, in the order they are announced."""

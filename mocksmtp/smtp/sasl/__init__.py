"""SASL mechanisms: one file each, and the exchange that carries them (RFC 4954 section 4)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp import replies
from mocksmtp.smtp.mechanism import Dialogue, Malformed, Mechanism, Terms, Verdict
from mocksmtp.smtp.modules import modules_of
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.reply import Reply

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


class Exchange(NamedTuple):
    """An exchange under way; without a dialogue the client knows why it is refused, and says one thing more."""

    mechanism: str
    dialogue: Dialogue | None


def offered(session: Session) -> list[str]:
    """Return the names of the mechanisms that may be used now."""
    names = session.profile.authentication.mechanisms
    return [name for name in names if session.binding is not None or not MECHANISMS[name].binds]


def begin(session: Session, name: str, initial: bytes | None) -> Outcome:
    """Start an exchange with its initial response, base64 or ``=`` for an empty one (RFC 4954 section 4)."""
    authentication = session.profile.authentication
    binds = session.binding is not None and any(MECHANISMS[each].binds for each in authentication.mechanisms)
    terms = Terms(authentication.users, session.profile.hostname, authentication.random, session.binding, binds)
    dialogue = MECHANISMS[name].exchange(terms)
    next(dialogue)
    if initial is None:
        return _advance(name, dialogue, None)
    return respond(Exchange(name, dialogue), b"" if initial == b"=" else initial)


def respond(exchange: Exchange, line: bytes) -> Outcome:
    """Take the client's next line."""
    if line == b"*":
        return refuse(replies.CANCELLED)
    if exchange.dialogue is None:
        return refuse(replies.BAD_CREDENTIALS)
    try:
        response = base64.b64decode(line, validate=True)
    except binascii.Error:
        return refuse(replies.BAD_BASE64)
    return _advance(exchange.mechanism, exchange.dialogue, response)


def _advance(name: str, dialogue: Dialogue, response: bytes | None) -> Outcome:
    try:
        challenge = dialogue.send(response)
    except Malformed as malformed:
        return refuse(malformed.reply)
    except StopIteration as end:
        return _ended(name, end.value)
    return Outcome(_challenge(challenge or b""), asks=False, follows=Exchange(name, dialogue))


def _ended(name: str, verdict: Verdict) -> Outcome:
    def log_in(session: Session, _outcome: Outcome) -> None:
        session.logged_in(name, verdict.identity)

    if verdict.proven:
        return Outcome(replies.LOGGED_IN, commit=log_in, text=verdict.identity)
    if verdict.firm:
        return Outcome(replies.BAD_CREDENTIALS, accept=replies.BAD_CREDENTIALS, text=verdict.identity)
    reply, exchange = replies.BAD_CREDENTIALS, None
    if verdict.reason:
        reply, exchange = _challenge(verdict.reason), Exchange(name, None)
    return Outcome(reply, commit=log_in, accept=replies.LOGGED_IN, text=verdict.identity, follows=exchange)


def _challenge(octets: bytes) -> Reply:
    return Reply(334, base64.b64encode(octets).decode())


def _found() -> dict[str, Mechanism]:
    found: list[Mechanism] = [module.MECHANISM for module in modules_of(__name__, list(__path__))]
    return {mechanism.name: mechanism for mechanism in sorted(found, key=lambda each: each.rank)}


MECHANISMS: Mapping[str, Mechanism] = _found()
"""Mechanisms by name, in the order in which the default ones are announced."""

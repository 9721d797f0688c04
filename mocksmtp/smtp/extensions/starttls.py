"""STARTTLS: the session goes on under TLS (RFC 3207)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import READY
from mocksmtp.smtp.steps import StartTls
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


def announce(session: Session) -> str | None:
    """Return the EHLO line; under TLS there is none (RFC 3207 section 4.2)."""
    return None if session.conversation.tls else "STARTTLS"


def starttls(session: Session, argument: bytes) -> Outcome:
    """Propose to begin the handshake."""
    if argument:
        return refuse(replies.NO_ARGUMENT)
    if session.conversation.tls:
        return refuse(replies.TLS_ACTIVE)
    return Outcome(replies.READY_FOR_TLS, then=(StartTls(),))


EXTENSION = Extension(
    "STARTTLS", rank=60, announce=announce, verbs=(Verb("STARTTLS", Stage.STARTTLS, READY, starttls),)
)

"""AUTH: the client logs in by a SASL mechanism (RFC 4954)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension
from mocksmtp.smtp.grammar import XTEXT
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.sasl import begin, offered
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import READY
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session


def announce(session: Session) -> str | None:
    """Return the EHLO line; none where passwords would go in clear and may not."""
    if not (session.conversation.tls or session.profile.authentication.without_tls):
        return None
    names = offered(session)
    return "AUTH " + " ".join(names) if names else None


def auth(session: Session, argument: bytes) -> Outcome:
    """Begin the exchange that the client names."""
    conversation, authentication = session.conversation, session.profile.authentication
    if conversation.auth is not None:
        return refuse(replies.ALREADY_LOGGED_IN)
    if not (conversation.tls or authentication.without_tls):
        return refuse(replies.ENCRYPTION_REQUIRED)
    name, *initial = argument.split(b" ")
    if not name or len(initial) > 1:
        return refuse(replies.NEEDS_MECHANISM)
    mechanism = name.decode(errors="replace").upper()
    if mechanism not in offered(session):
        return refuse(replies.UNKNOWN_MECHANISM)
    return begin(session, mechanism, initial[0] if initial else None)


def submitter(_session: Session, value: str | None) -> Reply | None:
    """Check AUTH= of MAIL: ``<>`` or a mailbox in xtext (RFC 4954 section 5)."""
    return None if value is not None and XTEXT.fullmatch(value) else replies.BAD_PARAMETER


EXTENSION = Extension(
    "AUTH",
    rank=70,
    announce=announce,
    verbs=(Verb("AUTH", Stage.AUTH, READY, auth),),
    mail={"AUTH": submitter},
)

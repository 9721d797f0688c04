"""XCLIENT: a trusted proxy says who the client is, and the session begins anew (Postfix's XCLIENT_README)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension
from mocksmtp.smtp.introduction import ATTRIBUTES, Introduction, read
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import State
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session

OUT_OF_TRANSACTIONS = frozenset({State.START, State.READY})


def announce(session: Session) -> str | None:
    """Return the EHLO line; none for who is not trusted."""
    return "XCLIENT " + " ".join(ATTRIBUTES) if session.profile.trusts(session.conversation.comes_from) else None


def xclient(session: Session, argument: bytes) -> Outcome:
    """Propose the client that is named; the greeting to it is the answer."""
    by = session.conversation.comes_from
    if not session.profile.trusts(by):
        return refuse(replies.NOT_TRUSTED)
    said = read(argument)
    if said is None:
        return refuse(replies.NEEDS_ATTRIBUTES)
    return Outcome(session.profile.greeting, follows=Introduction(by, said))


EXTENSION = Extension(
    "XCLIENT", rank=90, announce=announce, verbs=(Verb("XCLIENT", Stage.CONNECT, OUT_OF_TRANSACTIONS, xclient),)
)

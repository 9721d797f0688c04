"""RSET: gives up the mail transaction (RFC 5321 section 4.1.1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ANY
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


def _forget(session: Session, _outcome: Outcome) -> None:
    session.end_transaction()


PROPOSED = Outcome(replies.OK, commit=_forget)


def rset(_session: Session, argument: bytes) -> Outcome:
    """Propose to forget the envelope."""
    if argument:
        return refuse(replies.NO_ARGUMENT)
    return PROPOSED


VERBS = (Verb("RSET", Stage.RSET, ANY, rset, steady=True),)

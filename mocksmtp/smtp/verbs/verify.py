"""VRFY and EXPN: about a mailbox or a list we say neither yes nor no (RFC 5321 sections 3.5.3 and 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ANY
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


def vrfy(_session: Session, argument: bytes) -> Outcome:
    """Propose 252 for a user name or mailbox."""
    if not argument:
        return refuse(replies.NEEDS_MAILBOX)
    return Outcome(replies.CANNOT_VERIFY, text=argument.decode(errors="replace"))


def expn(_session: Session, argument: bytes) -> Outcome:
    """Propose 252 for a mailing list."""
    if not argument:
        return refuse(replies.NEEDS_MAILBOX)
    return Outcome(replies.CANNOT_EXPAND, text=argument.decode(errors="replace"))


VERBS = (Verb("VRFY", Stage.VRFY, ANY, vrfy), Verb("EXPN", Stage.EXPN, ANY, expn))

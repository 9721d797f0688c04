"""QUIT: ends the session (RFC 5321 section 4.1.1.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ALWAYS
from mocksmtp.smtp.steps import Close
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session

GOODBYE = Outcome(replies.BYE, then=(Close(),))


def quit_(_session: Session, argument: bytes) -> Outcome:
    """Propose to say goodbye and close."""
    return refuse(replies.NO_ARGUMENT) if argument else GOODBYE


VERBS = (Verb("QUIT", Stage.QUIT, ALWAYS, quit_, steady=True),)

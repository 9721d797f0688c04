"""NOOP: does nothing (RFC 5321 section 4.1.1.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ANY
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


PROPOSED = Outcome(replies.OK)


def noop(_session: Session, _argument: bytes) -> Outcome:
    """Propose 250, whatever the argument says."""
    return PROPOSED


VERBS = (Verb("NOOP", Stage.NOOP, ANY, noop, steady=True),)

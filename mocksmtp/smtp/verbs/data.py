"""DATA: the mail data follows (RFC 5321 section 4.1.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import WITH_RECIPIENTS
from mocksmtp.smtp.transaction import Transactions
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


PROPOSED = Outcome(replies.START_MAIL_INPUT, commit=Transactions.begin_data)


def data(session: Session, argument: bytes) -> Outcome:
    """Propose to take mail data."""
    if argument:
        return refuse(replies.NO_ARGUMENT)
    envelope = session.conversation.envelope
    if envelope is not None and envelope.params and envelope.binary:
        return refuse(replies.NEEDS_BDAT)  # RFC 3030 section 3: DATA has no room for binary content.
    return PROPOSED


VERBS = (Verb("DATA", Stage.DATA, WITH_RECIPIENTS, data, steady=True),)

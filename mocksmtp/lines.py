"""Lines: what the terminal tells of a transaction, made from what happened in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp import replies
from mocksmtp.smtp.facts import Decided, FaultInjected, MessageAccepted
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope


class Line(NamedTuple):
    """What one line tells; ``stage`` is where the deciding reply was given.

    ``reply`` is a text where a connection was closed without one, and empty where a
    fault struck outside a transaction.
    """

    at: float
    listener: str
    client: str
    session: str
    stage: str
    mail: str | None
    rcpt: tuple[str, ...]
    reply: Reply | str
    rule: str | None
    faults: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The code of the reply, 0 where there was none."""
        reply = self.reply
        return 0 if isinstance(reply, str) else reply.code

    @property
    def said(self) -> str:
        """The text of the reply, or what was done in its place."""
        reply = self.reply
        return reply if isinstance(reply, str) else reply.text


_line = partial(tuple.__new__, Line)

Happened = Decided | FaultInjected | MessageAccepted
"""What a line is made from."""


def line_of_message(fact: MessageAccepted) -> Line:
    """Make the line of a message that was accepted, and nobody had a say."""
    at, (session, listener, client, _, _, _), _, mail, _, rcpt, _, _, _, _ = fact.record
    rcpts = rcpt if isinstance(rcpt, tuple) else (rcpt,)
    return _line((at, listener, client, session, "message", mail, rcpts, fact.reply, fact.rule, ()))


def by_recipient(pending: Sequence[Happened]) -> bool:
    """Whether the end of mail data was answered recipient by recipient, as LMTP has it."""
    return any(type(each) is Decided and each.stage is Stage.MESSAGE and each.path is not None for each in pending)


def envelope_of(pending: Sequence[Happened]) -> Envelope | None:
    """Return the envelope of a transaction that has ended, None where its MAIL was refused."""
    return next((each.envelope for each in reversed(pending) if not isinstance(each, FaultInjected)), None)


def lines_by_recipient(
    who: Conversation, pending: Sequence[Happened], envelope: Envelope | None
) -> Iterator[Line]:
    """Make a line for each recipient, the refused ones first; a fault stands with whom it struck."""
    shared: list[FaultInjected] = []
    struck: list[FaultInjected] = []
    earlier: dict[str, list[FaultInjected]] = {}
    mail = None if envelope is None else envelope.mail.text
    for each in pending:
        if isinstance(each, FaultInjected):
            struck.append(each)
            continue
        if isinstance(each, MessageAccepted) or each.path is None or each.stage is Stage.MAIL:
            shared += struck
        elif each.stage is Stage.RCPT and each.took_effect:
            earlier[each.path.text] = struck
        else:
            happened = [*shared, *earlier.pop(each.path.text, ()), *struck, each]
            yield line_from(who, happened, None)._replace(mail=mail, rcpt=(each.path.text,))
        struck = []


def line_from(who: Conversation, happened: Sequence[Happened], envelope: Envelope | None) -> Line:
    """Read what a line tells: the end of mail data decides, or the last refusal, or else the last reply."""
    mail = None if envelope is None else envelope.mail.text
    rcpt = [] if envelope is None else [each.path.text for each in envelope.recipients]
    refused: list[str] = []
    faults: list[str] = []
    stage, reply, rule = _last_said(envelope)
    for each in happened:
        if isinstance(each, MessageAccepted):
            stage, reply, rule = Stage.MESSAGE, each.reply, each.rule
        elif isinstance(each, FaultInjected):
            faults.append(each.fault)
            stage = stage or each.stage
        else:
            if each.stage is Stage.MAIL and each.path is not None:
                mail = each.path.text
            elif each.path is not None and not each.took_effect:
                refused.append(each.path.text)
            if _decides(each, reply):
                stage, reply, rule = each.stage, each.reply, each.rule
    told = str((stage or Stage.CONNECT).value)
    return Line(
        who.at, who.listener, who.client, who.id, told, mail, (*refused, *rcpt), reply, rule, tuple(faults)
    )


def _last_said(envelope: Envelope | None) -> tuple[Stage | None, Reply | str, str | None]:
    """Return what was said last where nobody had a say."""
    if envelope is None:
        return None, "", None
    if envelope.recipients:
        return Stage.RCPT, replies.RECIPIENT_OK, None
    return Stage.MAIL, replies.SENDER_OK, None


def _decides(fact: Decided, before: Reply | str) -> bool:
    code = fact.reply.code
    refused = isinstance(before, Reply) and before.code >= 400
    return code >= 400 or fact.stage is Stage.MESSAGE or (code < 300 and not refused)

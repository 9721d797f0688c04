"""The client report: what a client did wrong or unwisely, read from what journal and store keep.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

from mocksmtp.journal import Attempt, SessionRecord
from mocksmtp.report import contents, conversation, limits, retries
from mocksmtp.report.exchange import END, Exchange, exchange
from mocksmtp.report.findings import Finding, gathered
from mocksmtp.smtp.envelope import Message

__all__ = ["Finding", "report"]


def report(record: SessionRecord, attempts: Iterable[Attempt], messages: Iterable[Message]) -> list[Finding]:
    """Return the findings of a session, in order.

    ``attempts`` are its own and earlier ones of the same senders and recipients, oldest first,
    ``messages`` those that it brought.
    """
    made = exchange(record.notes, not record.dropped)
    findings = [*conversation.found(made), *limits.found(made), *retries.found(record.id, attempts)]
    lines = _lines(made)
    for message in messages:
        findings += contents.found(message, lines.pop(message.reply, None))
    return gathered(findings)


def _lines(made: Exchange) -> dict[bytes, int]:
    """Return where messages ended, by what they were answered; replies that were given twice tell nothing."""
    lines: dict[bytes, int] = {}
    for turn in made.turns:
        if turn.verb in (END, "BDAT"):
            lines[turn.reply] = -1 if turn.reply in lines else turn.number
    return {reply: number for reply, number in lines.items() if number > 0}

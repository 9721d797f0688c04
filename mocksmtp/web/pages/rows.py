"""Rows of the list of mail: what was tried in one go and answered alike stands in one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from mocksmtp.journal.attempts import Attempt, Outcome
from mocksmtp.smtp.envelope import Message
from mocksmtp.web.mail import subject
from mocksmtp.web.told import reply_told

MOST_NAMED = 3
"""Recipients that a row names."""


class Row(NamedTuple):
    """One row; ``message`` is the queue id where there is a message to look at."""

    at: float
    session: str
    message: str | None
    listener: str
    client: str
    mail: str | None
    rcpt: tuple[str, ...]
    subject: str | None
    code: int
    reply: str
    rule: str | None
    faults: tuple[str, ...]
    delay: float
    outcome: str

    @property
    def to(self) -> str:
        """The recipients in short."""
        more = len(self.rcpt) - MOST_NAMED
        return ", ".join(self.rcpt[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")

    def holds(self, words: Iterable[str]) -> bool:
        """Say whether all these words stand somewhere in it; an id must be named whole.

        An id is thirteen digits of chance: a part of it such as 451 would find what nobody asked for.
        """
        told = (
            self.mail or "<>", *self.rcpt, self.subject, self.reply, self.rule, *self.faults, self.outcome,
            self.listener, self.client,
        )  # fmt: skip
        text = "\n".join(each for each in told if each).lower()
        ids = {each.lower() for each in (self.session, self.message) if each}
        return all(word in text or word in ids for word in words)


def of_attempts(attempts: Iterable[Attempt], kept: Mapping[str, Message]) -> Iterator[Row]:
    """Yield the rows of attempts, which come newest first."""
    for _, alike in groupby(attempts, _alike):
        group = list(alike)
        last = group[0]
        found = kept.get(last.transaction or "")
        named = tuple(each.rcpt for each in reversed(group) if each.rcpt is not None)
        yield Row(
            last.at, last.session, last.transaction if found else None, last.listener, last.client,
            last.mail, named, subject(found.content) if found else None, last.code, reply_told(last.reply),
            last.rule, last.faults, last.delay, last.outcome,
        )  # fmt: skip


def _alike(attempt: Attempt) -> object:
    if attempt.transaction is None:
        return attempt
    return (
        attempt.session, attempt.transaction, attempt.stage, attempt.reply, attempt.rule, attempt.faults,
        attempt.outcome,
    )  # fmt: skip


def of_message(message: Message) -> Row:
    """Return the row of a message of which the journal does not know (any more)."""
    answered = message.reply or b"250 OK\r\n"
    return Row(
        message.received, message.session, message.id, message.listener, message.client, message.mail.text,
        tuple(recipient.path.text for recipient in message.recipients), subject(message.content),
        int(answered[:3]), reply_told(answered), message.rule, (), 0.0,
        (Outcome.REFUSED if message.refused else Outcome.ACCEPTED).value,
    )  # fmt: skip

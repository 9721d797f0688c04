"""The client report of a session: what it is made of is gathered here, and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field
from twisted.internet.threads import deferToThreadPool

from mocksmtp.journal import Attempt, Journal, SessionRecord
from mocksmtp.report import Finding, report
from mocksmtp.report.retries import key
from mocksmtp.smtp.envelope import Message
from mocksmtp.smtp.record import MAIL, SESSION, WHOSE, Record
from mocksmtp.stores import Store
from mocksmtp.web.told import Time, Told, time_told
from mocksmtp.web.turns import Turns

MOST = 100
"""Messages of a session that are looked at, the first ones."""

MOST_OCTETS = 64 * 1024 * 1024
"""Octets of content behind which no more messages are looked at."""

MUCH = 64 * 1024
"""Octets of notes and messages from which on they are looked at in a thread."""


class FindingTold(Told):
    """One thing that the client did wrong or unwisely."""

    name: str
    severity: Annotated[Literal["mistake", "unwise"], Field(description="mistake: a MUST is broken")]
    rfc: Annotated[str, Field(description="where it is written")]
    at: Time
    line: Annotated[int | None, Field(description="the line of the transcript, from 1; null where it has none")]
    message: Annotated[str | None, Field(description="the id of the message it is about")]
    did: Annotated[str, Field(description="what was done")]
    instead: Annotated[str, Field(description="what to do instead")]
    times: Annotated[int, Field(description="how often; place and words are those of the first time")]


class ReportTold(Told):
    """What the client of a session did wrong or unwisely, in order; nothing where all was well."""

    session: str
    findings: list[FindingTold]


async def findings_of(record: SessionRecord, journal: Journal, store: Store, clock: Any) -> list[Finding]:
    """Look a session through.  Raises Unavailable."""
    turns = Turns(clock)
    attempts = await _tried(record.id, journal, turns)
    taken = dict.fromkeys(each.transaction for each in attempts if each.session == record.id and each.transaction)
    messages: list[Message] = []
    octets = 0
    for message_id in list(taken)[:MOST]:
        message = await store.get(message_id)
        if message is not None:
            messages.append(message)
            octets += len(message.content)
        if octets > MOST_OCTETS:
            break
    if record.octets + octets < MUCH:
        await turns.give_way()
        return report(record, attempts, messages)
    found: list[Finding] = await deferToThreadPool(
        clock, clock.getThreadPool(), report, record, attempts, messages
    )
    return found


async def _tried(session: str, journal: Journal, turns: Turns) -> list[Attempt]:
    """Return the attempts of a session, and those of the same senders and recipients, oldest first."""
    still_open = list(journal.open_attempts())
    own = await _those(lambda record: record[WHOSE][SESSION] == session, journal, turns)
    own += [each for each in still_open if each.session == session]
    senders = {each.mail.lower() for each in own if each.mail is not None}
    wanted = {key(each) for each in own}

    def looked_at(record: Record) -> bool:
        mail = record[MAIL]
        return record[WHOSE][SESSION] == session or (mail is not None and mail.lower() in senders)

    found = await _those(looked_at, journal, turns)
    return [each for each in found + still_open if each.session == session or key(each) in wanted]


async def _those(test: Callable[[Record], bool], journal: Journal, turns: Turns) -> list[Attempt]:
    found = []
    for attempt in journal.attempts.where(test):
        if attempt is not None:
            found.append(attempt)
        await turns.give_way()
    return found


def finding_told(finding: Finding) -> FindingTold:
    """Tell of a finding."""
    kind = finding.kind
    severity: Literal["mistake", "unwise"] = "mistake" if kind.severity == "mistake" else "unwise"
    return FindingTold(
        name=finding.name, severity=severity, rfc=kind.rfc, at=time_told(finding.at), line=finding.line,
        message=finding.message, did=finding.did, instead=kind.instead, times=finding.times,
    )  # fmt: skip

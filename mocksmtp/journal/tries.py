"""From facts to attempts: what became of each recipient, put down when it is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mocksmtp.journal.attempts import NOTHING, Attempt, Attempts, Outcome, Struck, spread
from mocksmtp.journal.chunks import LONG
from mocksmtp.journal.sessions import OpenSession, Said
from mocksmtp.smtp import facts
from mocksmtp.smtp.facts import Decided
from mocksmtp.smtp.record import AT, HOW, RCPT, RULE, SESSION, SIZE, WHOSE, How, Record, Whose, pairs
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope, Params

STAGES = {stage: str(stage.value) for stage in (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE)}
"""The stages of a transaction, and their names as plain str."""

OPEN, ACCEPTED, REFUSED, ABANDONED = (str(each.value) for each in Outcome)


class Tries:
    """A subscriber of facts.

    A transaction that nobody had a say in leaves one record, made when its message is
    accepted; until then it is read from the envelope.  What rules and faults did to it on
    the way stands in the session's story.
    """

    def __init__(
        self,
        sessions: Mapping[str, OpenSession],
        attempts: Attempts,
        put_away: Callable[[OpenSession], None],
        refused: bool,
    ) -> None:
        """Take the sessions that are open, by their ids.

        ``put_away`` has the notes of one put away; ``refused`` False leaves refusals out.
        """
        self._sessions = sessions
        self._attempts = attempts
        self._add = attempts.add
        self._put_away = put_away
        self.refused = refused
        self.takes: dict[type, Callable[[Any], None]] = {
            facts.RuleMatched: self._matched,
            facts.FaultInjected: self._injected,
            facts.Decided: self._decided,
            facts.MessageAccepted: self._accepted,
            facts.TransactionAbandoned: self._abandoned,
        }

    def open_now(self) -> Iterator[Attempt]:
        """Yield the attempts that are not decided yet."""
        for session in list(self._sessions.values()):
            envelope = session.who.envelope
            if envelope is not None and session.told != envelope.id:
                before = session.said_to_mail(envelope).struck
                for part, recipient in enumerate(envelope.recipients):
                    said = session.said_to_rcpt(envelope, recipient.path)
                    how = (STAGES[Stage.RCPT], said.rule, *(before + said.struck), OPEN)
                    path, params, _ = recipient
                    record = _record(_moment(session.who), envelope, path, params, said.reply, None, how)
                    (attempt,) = spread(None, record)
                    yield attempt._replace(part=part)

    def _matched(self, fact: facts.RuleMatched) -> None:
        if fact.stage in STAGES:
            self._sessions[fact.who.id].strike(Struck((fact.rule,)))

    def _injected(self, fact: facts.FaultInjected) -> None:
        if fact.stage in STAGES:
            self._sessions[fact.who.id].strike(Struck((), (fact.fault,), fact.seconds))

    def _accepted(self, fact: facts.MessageAccepted) -> None:
        record = fact[4]
        session = self._sessions[record[WHOSE][SESSION]]
        if session.story is None and session.struck is NOTHING and record[RCPT].__class__ is str:
            session.accepted += 1
            self._add(record)  # That of nearly every message, as it is.
        else:
            self._accepted_otherwise(fact, session)
        if len(session.notes) >= LONG:  # Looked at here, where the session is found anyway.
            self._put_away(session)

    def _accepted_otherwise(self, fact: facts.MessageAccepted, session: OpenSession) -> None:
        """Put down a message for several recipients, or one that something struck on its way."""
        _, envelope, reply, _, record = fact
        recipients = envelope.recipients
        session.accepted += len(recipients)
        untouched = session.story is None and session.struck is NOTHING
        if untouched and not (len(recipients) > 1 and any(each.params for each in recipients)):
            self._attempts.add(record, len(recipients))
            return
        end, moment = Said(reply.wire, record[HOW][RULE]), (record[AT], record[WHOSE])
        self._each(moment, session, envelope, STAGES[Stage.MESSAGE], end, ACCEPTED, record[SIZE])
        session.begin_anew()

    def _decided(self, fact: Decided) -> None:
        stage, envelope = fact.stage, fact.who.envelope
        if stage not in STAGES:
            return
        session = self._sessions[fact.who.id]
        if fact.took_effect:
            # MessageAccepted follows the end of mail data; over LMTP each recipient has its own before that.
            if envelope is not None and (stage is not Stage.MESSAGE or fact.path is not None):
                session.remember(stage, envelope, fact.path, Said(fact.reply.wire, fact.rule, session.struck))
        elif stage is Stage.MAIL or stage is Stage.RCPT or fact.path is not None:
            self._one(session, fact, envelope)
        elif envelope is not None:
            content = fact.who.content
            size = None if content is None else len(content)
            session.others += len(envelope.recipients)
            end = Said(fact.reply.wire, fact.rule)
            self._each(_moment(fact.who), session, envelope, STAGES[stage], end, REFUSED, size)
            session.told = envelope.id

    def _one(self, session: OpenSession, fact: Decided, envelope: Envelope | None) -> None:
        """Put a refused MAIL or RCPT down, or over LMTP the message refused for one recipient."""
        session.others += 1
        struck, content = session.take_struck(), fact.who.content
        if fact.stage is not Stage.MAIL and envelope is not None:
            session.tried = envelope.id
            before = session.said_to_mail(envelope).struck
            if fact.stage is Stage.MESSAGE and fact.path is not None:
                before = (
                    before + session.said_to_rcpt(envelope, fact.path).struck + session.struck_in_data(envelope)
                )
            struck = before + struck
        if not self.refused:
            return
        size = None if content is None else len(content)
        how = (STAGES[fact.stage], fact.rule, *struck, REFUSED)
        moment, reply = _moment(fact.who), fact.reply.wire
        if fact.stage is Stage.MAIL:
            (at, whose), mail = moment, None if fact.path is None else fact.path.text
            self._attempts.add((at, whose, None, mail, pairs(fact.params), None, (), reply, size, how))
        else:
            self._attempts.add(_record(moment, envelope, fact.path, fact.params, reply, size, how))

    def _abandoned(self, fact: facts.TransactionAbandoned) -> None:
        session, envelope = self._sessions[fact.who.id], fact.envelope
        if envelope.recipients:
            if session.told != envelope.id:
                session.others += len(envelope.recipients)
                self._each(_moment(fact.who), session, envelope, STAGES[Stage.RCPT], None, ABANDONED, None)
        elif session.tried != envelope.id:
            session.others += 1
            said = session.said_to_mail(envelope)
            how = (STAGES[Stage.MAIL], said.rule, *(said.struck + session.struck), ABANDONED)
            self._attempts.add(_record(_moment(fact.who), envelope, None, {}, said.reply, None, how))
        session.begin_anew()

    def _each(
        self,
        moment: Moment,
        session: OpenSession,
        envelope: Envelope,
        stage: str,
        end: Said | None,
        outcome: str,
        size: int | None,
    ) -> None:
        """Put each recipient of a transaction down; where its end was given no reply, RCPT's own stands."""
        struck = session.take_struck()
        if outcome is REFUSED and not self.refused:
            return
        before, in_data = session.said_to_mail(envelope).struck, session.struck_in_data(envelope)
        for recipient in envelope.recipients:
            said = session.said_to_rcpt(envelope, recipient.path)
            reply, rule = said[:2] if end is None else end[:2]
            if outcome is ACCEPTED:
                rule = rule or said.rule
            how = (stage, rule, *(before + said.struck + in_data + struck), outcome)
            record = _record(moment, envelope, recipient.path, recipient.params, reply, size, how)
            self._attempts.add(record)


Moment = tuple[float, Whose]
"""When it was, in seconds since the epoch, and whose."""


def _moment(who: Conversation) -> Moment:
    return who.at, who.whose


def _record(
    moment: Moment,
    envelope: Envelope | None,
    rcpt: Path | None,
    params: Params,
    reply: bytes,
    size: int | None,
    how: How,
) -> Record:
    at, whose = moment
    text = None if rcpt is None else rcpt.text
    if envelope is None:
        return at, whose, None, None, (), text, pairs(params), reply, size, how
    mail, of_mail = envelope.mail.text, pairs(envelope.params)
    return at, whose, envelope.id, mail, of_mail, text, pairs(params), reply, size, how

"""Messages: what follows the end of mail data, up to its reply (RFC 5321 section 4.1.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp.envelope import Envelope, Message, Recipient
from mocksmtp.smtp.facts import accepted, ended
from mocksmtp.smtp.policy import AS_PROPOSED, Decision
from mocksmtp.smtp.record import PLAINLY, decided_by, record_of_message
from mocksmtp.smtp.remembered import NOTHING_KNOWN
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import State
from mocksmtp.smtp.steps import Send, Step, Store
from mocksmtp.smtp.transaction import Transactions

if TYPE_CHECKING:
    from mocksmtp.smtp.outcome import Outcome
    from mocksmtp.smtp.record import Record
    from mocksmtp.smtp.reply import Reply


class Messages(Transactions):
    """The part of a session that has a message kept, and says what came of it."""

    __slots__ = ()

    def _settle(self, stage: Stage, outcome: Outcome, decision: Decision, steps: list[Step]) -> None:
        if stage is Stage.MESSAGE:
            self._settle_message(outcome, decision, steps)
        else:
            super()._settle(stage, outcome, decision, steps)

    def settle_plainly(self, outcome: Outcome, steps: list[Step]) -> None:
        """Have a message kept to which nobody objects, as to nearly all, and answer it."""
        who, envelope, reply = self.conversation, self.envelope, outcome[0]
        record = record_of_message(who, envelope, reply.wire, PLAINLY)
        if self.profile.keep_messages and (
            kept := tuple(envelope.recipients) if envelope.whole else envelope.kept
        ):
            self.held = True
            self._plainly = envelope, outcome, record
            answer = reply.wire if self._enhanced else reply.bare
            content = who.content or b""
            steps.append(Store((record, envelope.mail, envelope.params, kept, content, who.tls, answer, False)))
        else:
            steps.append(Send(self._finish_plainly(envelope, outcome, record, False)))

    def _settle_message(self, outcome: Outcome, decision: Decision, steps: list[Step]) -> None:
        """Have the message kept before it is answered, where anything of it is to be kept."""
        reply = decision[0] or outcome[0]
        took = reply.code // 100 == 2
        if took and decision is AS_PROPOSED:
            self.settle_plainly(outcome, steps)
            return
        envelope, profile = self.envelope, self.profile
        if profile.keep_messages and (took or (profile.keep_refused and self.conversation.content is not None)):
            kept = envelope.kept if decision.keep else ()
            if kept:
                self.held = True
                self._pending = (Stage.MESSAGE, outcome, decision)
                steps.append(Store(self._message(envelope, kept, decision, reply, took)))
                return
        self._reply(Stage.MESSAGE, outcome, decision, reply, took, steps)
        if took:
            self._accepted(envelope, decision, reply, kept=False)
        self._message_answered()

    def finish_message(self, refusal: Reply | None, steps: list[Step]) -> None:
        """The store has answered: say so, and end the transaction."""
        envelope, plainly = self.conversation.envelope, self._plainly
        if plainly is not None and envelope is not None:
            if refusal is None:
                # It is accepted now, not when it came.
                record = record_of_message(self.conversation, envelope, plainly[1].reply.wire, PLAINLY)
                steps.append(Send(self._finish_plainly(envelope, plainly[1], record, True)))
                return
            self._plainly, self._pending = None, (Stage.MESSAGE, plainly[1], AS_PROPOSED)
        stage, outcome, decision = self._take_pending()
        reply = decision.reply or outcome.reply
        took = reply.code // 100 == 2
        if took and refusal is not None:  # A message that is refused anyway is refused as decided, kept or not.
            reply, took = refusal, False
            decision = decision._replace(reply=reply)
        self._reply(stage, outcome, decision, reply, took, steps)
        if took and envelope is not None:
            self._accepted(envelope, decision, reply, kept=True)
        self._message_answered()

    def _finish_plainly(self, envelope: Envelope, outcome: Outcome, record: Record, kept: bool) -> bytes:
        """Finish a message to which nobody objects, as to nearly all; return its answer."""
        self._plainly = None
        self.held = False
        conversation, publish, reply = self.conversation, self.publish, outcome[0]
        publish.tallies[conversation.listener, Stage.MESSAGE, reply.code].number += 1
        if self._hear:
            self._tell_answered(Stage.MESSAGE, outcome)
        fact = accepted((conversation, envelope, reply, kept, record))
        conversation.content = conversation.envelope = None
        self.state = State.READY
        self.transactions_left -= 1
        if self._known is NOTHING_KNOWN or not self.transactions_left:
            self._demand()
        publish.later(fact, ended((conversation,)))
        return reply.wire if self._enhanced else reply.bare

    def _message_answered(self) -> None:
        conversation = self.conversation
        conversation.content = conversation.envelope = None
        self.state = State.READY
        self._demand()
        self.publish(ended((conversation,)))

    def _accepted(self, envelope: Envelope, decision: Decision, reply: Reply, kept: bool) -> None:
        self.transactions_left -= 1
        record = record_of_message(self.conversation, envelope, reply.wire, decided_by(decision.rule))
        self.publish(accepted((self.conversation, envelope, reply, kept, record)))

    def _message(
        self, envelope: Envelope, kept: tuple[Recipient, ...], decision: Decision, reply: Reply, took: bool
    ) -> Message:
        who, said = self.conversation, reply.wire if self._enhanced else reply.bare
        return Message.of(
            envelope.id, who.id, who.listener, who.client, who.helo, who.tls, who.auth, envelope.mail,
            envelope.params, kept, who.content or b"", who.at, decision.rule, said, not took, who.scopes,
        )  # fmt: skip

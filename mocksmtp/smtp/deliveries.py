"""LMTP: the end of mail data is decided and answered recipient by recipient (RFC 2033 section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp.facts import TransactionAbandoned
from mocksmtp.smtp.messages import Messages
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED, Decision
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Step, Store, ends

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Recipient
    from mocksmtp.smtp.policy import Fault
    from mocksmtp.smtp.reply import Reply


class Verdict(NamedTuple):
    """What one recipient is answered; the outcome names it by its path and parameters."""

    recipient: Recipient
    outcome: Outcome
    decision: Decision

    @property
    def reply(self) -> Reply:
        """The reply to this recipient."""
        return self.decision.reply or self.outcome.reply

    @property
    def accepts(self) -> bool:
        """Whether the message is taken for this recipient."""
        return self.reply.code // 100 == 2

    @property
    def keeps(self) -> bool:
        """Whether no rule says that nothing is kept for it."""
        return self.recipient.keep and self.decision.keep

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this reply; nobody behind it can be answered."""
        close = self.decision.close
        return self.reply.code == 421 if close is None else close


class Delivery:
    """A message whose recipients are being decided, in the order of their RCPT."""

    __slots__ = ("faults", "fixed", "outcome", "recipients", "verdicts")

    def __init__(
        self, outcome: Outcome, recipients: list[Recipient], fixed: Decision | None, faults: tuple[Fault, ...]
    ) -> None:
        """``fixed`` is what all are answered, where that is settled; ``faults`` spoil the first answer."""
        self.outcome = outcome
        self.recipients = recipients
        self.fixed = fixed
        self.faults = faults
        self.verdicts: list[Verdict] = []

    def proposed(self) -> Outcome | None:
        """Return what is proposed to the next recipient, None where nobody is left to be answered."""
        done = len(self.verdicts)
        if done == len(self.recipients) or (done and self.verdicts[-1].closes):
            return None
        recipient = self.recipients[done]
        return self.outcome._replace(path=recipient.path, params=recipient.params)

    def decided(self, outcome: Outcome, decision: Decision) -> None:
        """Take down the decision on the next recipient."""
        if self.faults and not self.verdicts:
            decision = decision._replace(faults=self.faults + decision.faults)
        self.verdicts.append(Verdict(self.recipients[len(self.verdicts)], outcome, decision))


class Deliveries(Messages):
    """The part of a session that answers a message once for each recipient, where LMTP is spoken."""

    __slots__ = ("_delivery",)

    _delivery: Delivery | None

    def deliver(
        self,
        outcome: Outcome,
        steps: list[Step],
        fixed: Decision | None = None,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        """Mail data has ended: decide on each recipient, keep the message, answer all of them."""
        self._delivery = Delivery(outcome, self.envelope.recipients, fixed, faults)
        self._decide(self._delivery, steps)

    def resume(self, decision: Decision, steps: list[Step]) -> None:
        """Go on with the decision that took its time."""
        if self._delivery is None:
            super().resume(decision, steps)
        else:
            _, outcome, _ = self._take_pending()
            self._delivery.decided(outcome, decision)
            self._decide(self._delivery, steps)

    def _decide(self, delivery: Delivery, steps: list[Step]) -> None:
        while (outcome := delivery.proposed()) is not None:
            found = delivery.fixed or AS_PROPOSED
            if delivery.fixed is None and outcome.asks:
                asked = self.policy.decide(Stage.MESSAGE, self.conversation, outcome)
                if not isinstance(asked, Decision):
                    self._wait_for(asked, Stage.MESSAGE, outcome, steps)
                    return
                found = asked
            delivery.decided(outcome, found)
        self._keep(delivery, steps)

    def _keep(self, delivery: Delivery, steps: list[Step]) -> None:
        """Keep the message once, for those that accept it; where nobody does, as refused by all."""
        envelope, verdicts = self.envelope, delivery.verdicts
        accepting = [verdict for verdict in verdicts if verdict.accepts]
        envelope.recipients = [verdict.recipient for verdict in accepting]
        if not accepting and self.profile.keep_refused and self.conversation.content is not None:
            accepting = verdicts
        kept = [verdict for verdict in accepting if verdict.keeps and envelope.keep]
        if kept:
            first = kept[0]
            self.held = True
            self._pending = (Stage.MESSAGE, first.outcome, first.decision)
            recipients = tuple(verdict.recipient for verdict in kept)
            message = self._message(envelope, recipients, first.decision, first.reply, first.accepts)
            steps.append(Store(message))
        else:
            self._answer_all(delivery, None, steps)

    def finish_delivery(self, delivery: Delivery, refusal: Reply | None, steps: list[Step]) -> None:
        """The store has answered: say so to those for whom it was asked, and end the transaction."""
        self._take_pending()
        self._answer_all(delivery, refusal, steps, kept=refusal is None)

    def _answer_all(
        self, delivery: Delivery, refusal: Reply | None, steps: list[Step], kept: bool = False
    ) -> None:
        self._delivery = None
        verdicts = [
            verdict._replace(decision=verdict.decision._replace(reply=refusal))
            if refusal is not None and verdict.accepts and verdict.keeps
            else verdict
            for verdict in delivery.verdicts
        ]
        answered: list[Step] = []
        for verdict in verdicts:
            self._reply(Stage.MESSAGE, verdict.outcome, verdict.decision, verdict.reply, verdict.accepts, answered)
        for step in answered:
            steps.append(step)
            if ends((step,)):  # A fault may end the connection before all have been answered.
                break
        self._tell(delivery, verdicts, kept)
        self._message_answered()

    def _tell(self, delivery: Delivery, verdicts: list[Verdict], kept: bool) -> None:
        """Tell of those for whom the message was accepted, and of those whom no answer reached any more."""
        envelope, first = self.envelope, next((verdict for verdict in verdicts if verdict.accepts), None)
        if first is not None:
            self._accepted(envelope, first.decision, first.reply, kept)
        if len(verdicts) < len(delivery.recipients):
            envelope.recipients = delivery.recipients[len(verdicts) :]
            self.publish(TransactionAbandoned(self.conversation, envelope))

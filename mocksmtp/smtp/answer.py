"""Propose, decide, commit: how an outcome becomes a reply on the wire (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.facts import (
    CommandAnswered,
    Decided,
    FaultInjected,
    RuleMatched,
    TransactionEnded,
    answered,
)
from mocksmtp.smtp.outcome import Outcome, as_proposed
from mocksmtp.smtp.policy import AS_PROPOSED, Decision, Search
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import State
from mocksmtp.smtp.steps import Close, Decide, Send, StartTls, Step, ends, waiting

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.facts import Publisher, Take
    from mocksmtp.smtp.policy import Fault, Policy
    from mocksmtp.smtp.profile import Profile
    from mocksmtp.smtp.record import Record
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.sasl import Exchange

BEGIN_TLS = Outcome(replies.READY_FOR_TLS)

CLOSE: tuple[Step, ...] = (Close(),)

BAD_COMMAND_CODES = frozenset({500, 501, 502, 503, 504, 555})
"""What counts against ``limits.errors`` when we gave it by ourselves."""


class Answers:
    """The half of a session that answers: asks the policy, commits, and lists the steps.

    ``held`` is set while a ``Store`` or ``Decide`` is under way: input is kept.  ``deaf``
    is set while TLS begins and after a close: input is thrown away.  ``at_rest`` is set
    while it is known that what comes next begins a command, and nothing is under way.
    ``_pending`` is what will be answered once that ``Store`` or ``Decide`` is done, or
    ``_plainly`` where a message is stored to which nobody objects.
    """

    __slots__ = (
        "_enhanced", "_errors", "_exchange", "_hear", "_pending", "_plainly", "at_rest", "conversation", "deaf",
        "held", "next_id", "note", "now", "policy", "profile", "publish", "state", "transactions_left",
    )  # fmt: skip

    def __init__(
        self,
        profile: Profile,
        policy: Policy,
        conversation: Conversation,
        publish: Publisher,
        next_id: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        self.profile = profile
        self.policy = policy
        self.conversation = conversation
        self.note = conversation.notes.append
        self.publish = publish
        self._hear: Sequence[Take] = publish.takers[CommandAnswered]
        self.next_id = next_id
        self.now = now
        self._enhanced = profile.enhanced
        self.state = State.START
        self.held = False
        self.deaf = False
        self.at_rest = False
        # Counts down with each message; -1, where there is no limit, never meets 0.
        self.transactions_left = profile.limits.transactions or -1
        self._errors = 0
        self._exchange: Exchange | None = None
        self._pending: tuple[Stage, Outcome, Decision] | None = None
        self._plainly: tuple[Envelope, Outcome, Record] | None = None

    def octets(self, reply: Reply) -> bytes:
        """Return a reply as this listener sends it: with enhanced codes, or without where they are hidden."""
        return reply.wire if self.profile.enhanced else reply.bare

    def greet(self, steps: list[Step]) -> None:
        """Ask about the connection and greet; a greeting that is no 220 leaves only QUIT."""
        self.state = State.REFUSED
        self.answer(Stage.CONNECT, as_proposed(self.profile.greeting, _begin), steps)

    def begin_implicit_tls(self, steps: list[Step]) -> None:
        """Ask about the handshake that comes before anything is said."""
        decision = self.policy.decide(Stage.STARTTLS, self.conversation, BEGIN_TLS)
        faults: tuple[Fault, ...] = ()
        if isinstance(decision, Decision):  # There is nobody yet to send a reply to; faults may strike.
            faults = decision.faults
            for rule in decision.matched:
                self.publish(RuleMatched(self.conversation, Stage.STARTTLS, rule))
        self.perform(self.spoilt(Stage.STARTTLS, faults, [StartTls()]), steps)

    def answer(self, stage: Stage, outcome: Outcome, steps: list[Step]) -> None:
        """Ask the policy, unless the protocol itself refuses, and do what it says."""
        if stage not in self.policy.stages and outcome.reply.code < 300 and stage is not Stage.MESSAGE:
            self._let_pass(stage, outcome, steps)
            return
        decision = self.policy.decide(stage, self.conversation, outcome) if outcome.asks else AS_PROPOSED
        if isinstance(decision, Decision):
            self._settle(stage, outcome, decision, steps)
        else:
            self._wait_for(decision, stage, outcome, steps)

    def _let_pass(self, stage: Stage, outcome: Outcome, steps: list[Step]) -> None:
        """Answer as proposed: nobody objects, and the reply is of the stage's own positive class."""
        reply, commit, then, _, _, _, _, _, _, _ = outcome
        if commit is not None:
            commit(self, outcome)
        self.publish.tallies[self.conversation.listener, stage, reply.code].number += 1
        if self._hear:
            self._tell_answered(stage, outcome)
        steps.append(Send(reply.wire if self._enhanced else reply.bare))
        if then:
            steps += then
            self.deaf = True  # What ends a reply, a handshake or a close, throws away what came behind.

    def _tell_answered(self, stage: Stage, outcome: Outcome) -> None:
        """Tell those who look on of a command that was let through."""
        fact = answered((self.conversation, stage, outcome.reply, None, True, outcome.path, outcome.params))
        for take in self._hear:
            take(fact)

    def _wait_for(self, search: Search, stage: Stage, outcome: Outcome, steps: list[Step]) -> None:
        """Have a search run, and keep what comes in until ``resume`` is told its decision."""
        self.held = True
        self._pending = (stage, outcome, AS_PROPOSED)
        steps.append(Decide(search))

    def resume(self, decision: Decision, steps: list[Step]) -> None:
        """Go on with the decision that took its time."""
        stage, outcome, _ = self._take_pending()
        self._settle(stage, outcome, decision, steps)

    def _settle(self, stage: Stage, outcome: Outcome, decision: Decision, steps: list[Step]) -> None:
        reply = decision.reply or outcome.reply
        took = reply.code // 100 == (3 if stage is Stage.DATA else 2)
        if took and outcome.accept is outcome.reply:
            reply, took, decision = outcome.reply, False, decision._replace(reply=None, rule=None)
        if reply is not outcome.reply:
            self._exchange = None  # The challenge was not sent, so nothing answers it.
        if took:
            if outcome.commit is not None:
                outcome.commit(self, outcome)
            if not decision.keep:
                self._keep_nothing(stage)
        self._reply(stage, outcome, decision, reply, took, steps)

    def _reply(
        self, stage: Stage, outcome: Outcome, decision: Decision, reply: Reply, took: bool, steps: list[Step]
    ) -> None:
        if decision.reply is None and reply.code in BAD_COMMAND_CODES:
            self._errors += 1
            if self._errors > self.profile.limits.errors:
                reply = replies.TOO_MANY_ERRORS
        publish, conversation = self.publish, self.conversation
        if decision.rule is not None or decision.matched:
            self.note(("decided", stage.value, decision.rule, decision.matched))
        for rule in decision.matched:
            publish(RuleMatched(conversation, stage, rule))
        then: tuple[Step, ...] = ()
        if took and outcome.then and decision.close is None:
            then = outcome.then
        elif (reply.code == 421) if decision.close is None else decision.close:
            then = CLOSE
        spoilt = (
            self.spoilt(stage, decision.faults, [Send(self.octets(reply)), *then]) if decision.faults else None
        )
        fields = (conversation, stage, reply, decision.rule, took, outcome.path, outcome.params)
        if (
            decision is not AS_PROPOSED
            or reply.code >= 400
            or (stage is Stage.MESSAGE and outcome.path is not None)
        ):
            publish(Decided(*fields, conversation.envelope))
        publish.tallies[conversation.listener, stage, reply.code].number += 1
        publish(answered(fields))
        if spoilt is not None:
            self.perform(spoilt, steps)
        else:
            steps.append(Send(reply.wire if self._enhanced else reply.bare))
            if then:
                steps += then
                self.deaf = True  # What ends a reply, a handshake or a close, throws away what came behind.
        if stage is Stage.MAIL and not took and conversation.envelope is None:
            publish(TransactionEnded(conversation))

    def spoilt(self, stage: Stage, faults: tuple[Fault, ...], answered: list[Step]) -> list[Step]:
        """Let faults, one after the other, rewrite what is to be done; return what is left of it."""
        for fault in faults:
            rewritten = fault.apply(answered)
            if rewritten != answered and not fault.in_mail_data:
                self.struck(stage, fault.name, waiting(rewritten) - waiting(answered))
            answered = rewritten
        return self.govern(answered)

    def struck(self, stage: Stage, fault: str, seconds: float) -> None:
        """Tell that a fault struck."""
        self.note(("fault", stage.value, fault))
        self.publish(FaultInjected(self.conversation, stage, fault, max(0.0, seconds)))

    def perform(self, spoilt: list[Step], steps: list[Step]) -> None:
        """Do what faults have left; behind what ends it nothing more is heard."""
        steps += spoilt
        if ends(spoilt):
            self.deaf = True

    def govern(self, steps: list[Step]) -> list[Step]:
        """Take mail data in as these steps say, and return them."""
        return steps

    def _take_pending(self) -> tuple[Stage, Outcome, Decision]:
        pending = self._pending
        if pending is None:
            raise AssertionError("told of an answer that was not asked for")
        self._pending = None
        self.held = False
        return pending

    def _keep_nothing(self, stage: Stage) -> None:
        """A rule said ``keep: false``: of this recipient where it stands at RCPT, else of the message."""
        envelope = self.conversation.envelope
        if envelope is None:
            return
        envelope.whole = False
        if stage is Stage.RCPT:
            envelope.recipients[-1] = envelope.recipients[-1]._replace(keep=False)
        else:
            envelope.keep = False


def _begin(session: Answers, _outcome: Outcome) -> None:
    # XCLIENT may have said the name with which the client greeted somebody else.
    session.state = State.START if session.conversation.helo is None else State.READY

"""Mail data on its way in: by DATA up to the dot, by BDAT chunk after chunk (RFC 5321, RFC 3030)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp import replies
from mocksmtp.smtp.deliveries import Deliveries
from mocksmtp.smtp.facts import RuleMatched
from mocksmtp.smtp.governed import Governed
from mocksmtp.smtp.mail_data import Chunk, ChunkReader
from mocksmtp.smtp.notes import BARE
from mocksmtp.smtp.outcome import Outcome, as_proposed, refuse
from mocksmtp.smtp.policy import AS_PROPOSED, Decision, settled
from mocksmtp.smtp.replies import queued
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import FOR_CHUNKS, State
from mocksmtp.smtp.steps import Close, Receive, Step, ends, waiting
from mocksmtp.smtp.syntax import BareNewlines

if TYPE_CHECKING:
    from mocksmtp.smtp.mail_data import MailData
    from mocksmtp.smtp.policy import Fault, Found
    from mocksmtp.smtp.reply import Reply


class Incoming(NamedTuple):
    """A chunk that is being read, and what was decided when it was announced."""

    chunk: Chunk
    outcome: Outcome
    decision: Decision
    reply: Reply

    @property
    def taken(self) -> bool:
        """Whether its octets are kept."""
        return self.reply.code // 100 == 2


class Intake(Deliveries):
    """The part of a session that takes mail data in, and answers once it is there.

    A chunk is decided when it is announced and answered when it has been read, for the
    octets of a refused one are read all the same (RFC 3030 section 2).
    """

    __slots__ = ("_governed", "_incoming", "_owed")

    _governed: Governed | None
    _incoming: Incoming | None
    _owed: int
    """Replies that LMTP owes to the last chunk of a spoilt transaction."""

    def begin_chunk(self, outcome: Outcome, chunk: Chunk, steps: list[Step]) -> None:
        """A chunk was announced: ask about the first of a transaction, then read it."""
        found = self.policy.decide(Stage.DATA, self.conversation, outcome) if outcome.asks else AS_PROPOSED
        if isinstance(found, Decision):
            self._read_chunk(chunk, outcome, found, steps)
        else:
            self._wait_for(found, Stage.DATA, outcome, steps)

    def resume(self, decision: Decision, steps: list[Step]) -> None:
        """Go on with the decision that took its time."""
        follows = self._pending[1].follows if self._pending else None
        if isinstance(follows, Chunk):
            _, outcome, _ = self._take_pending()
            self._read_chunk(follows, outcome, decision, steps)
        else:
            super().resume(decision, steps)

    def end_of_message(self, reader: MailData, steps: list[Step], faults: tuple[Fault, ...] = ()) -> None:
        """All mail data is there: refuse what may not be taken, ask about the rest (RFC 5321 section 4.2.5).

        ``faults`` are those that the first chunk brought, where it is the last one too.
        """
        conversation, envelope = self.conversation, self.envelope
        conversation.content = content = reader.content()
        if content is None:
            outcome = refuse(replies.TOO_BIG)
        elif reader.flaws and self._refuses(reader.flaws):
            outcome = refuse(replies.BARE_NEWLINE_IN_DATA)
        else:
            outcome = as_proposed(queued(envelope.id))
        if self.profile.lmtp:
            self.deliver(outcome, steps, faults=faults)
        elif faults:
            self._answer_with(faults, outcome, steps)
        elif outcome[3] and Stage.MESSAGE not in self.policy.stages:
            self.settle_plainly(outcome, steps)
        else:
            self.answer(Stage.MESSAGE, outcome, steps)

    def _refuses(self, flaws: tuple[str, ...]) -> bool:
        """Note what is wrong with mail data; say whether it is refused for that."""
        self.note(("flawed", *flaws))
        return BARE in flaws and self.profile.bare_newlines is BareNewlines.REJECT

    def _answer_with(self, faults: tuple[Fault, ...], outcome: Outcome, steps: list[Step]) -> None:
        found = self.policy.decide(Stage.MESSAGE, self.conversation, outcome) if outcome.asks else AS_PROPOSED

        def joined(found: Decision | Found) -> Decision:
            decision = settled(found)
            return decision._replace(faults=faults + decision.faults)

        if isinstance(found, Decision):
            self._settle(Stage.MESSAGE, outcome, joined(found), steps)
        else:
            search = found
            self._wait_for(lambda: partial(joined, search()), Stage.MESSAGE, outcome, steps)

    # Faults within mail data.

    def govern(self, steps: list[Step]) -> list[Step]:
        """Take mail data in as these steps say, and return them, without those where none comes."""
        found = [step for step in steps if isinstance(step, Receive)]
        if found and self._mail_data is None:
            return [step for step in steps if not isinstance(step, Receive)]
        if found and self._mail_data is not None:
            self._mail_data = self._governed = Governed(self.conversation.envelope, self._mail_data, found)
            for step in found:
                if step.after_octets is None:
                    self.struck(Stage.DATA, step.fault, 0.0)
        return steps

    def strike(self, what: Receive, behind: bytes, steps: list[Step]) -> bytes:
        """So many octets have been read: do what is due, and return what came behind them."""
        self.struck(Stage.DATA, what.fault, waiting(what.then))
        steps += what.then
        if ends(what.then):
            self.deaf = True
        elif self._governed is not None:
            self._governed.struck = None
        return behind

    def _govern_chunks(self, decision: Decision, steps: list[Step]) -> Decision:
        """Let faults strike within the chunks from the first one on; return those that are left for its answer."""
        receive: list[Step] = []
        for fault in decision.faults:
            if fault.in_mail_data:
                receive = fault.apply(receive)
        steps += self.govern(receive)
        return decision._replace(faults=tuple([fault for fault in decision.faults if not fault.in_mail_data]))

    # Chunks.

    def _read_chunk(self, chunk: Chunk, outcome: Outcome, decision: Decision, steps: list[Step]) -> None:
        reply = decision.reply or outcome.reply
        if reply.code // 100 == 3:  # It lets mail data begin, as after DATA, but is no answer to BDAT.
            reply = outcome.reply
        taken = reply.code // 100 == 2
        if taken:
            if outcome.commit is not None:
                outcome.commit(self, outcome)
            if not decision.keep:
                self._keep_nothing(Stage.DATA)
        reader = self.envelope.chunks if taken else ChunkReader(keep=False)
        if chunk.octets:
            reader.expect(chunk.octets)
        self._mail_data = reader
        if decision.faults:
            decision = self._govern_chunks(decision, steps)
        elif self._governed is not None and self._governed.envelope is self.conversation.envelope:
            self._governed.reader = reader
            self._mail_data = self._governed
        self._incoming = incoming = Incoming(chunk, outcome, decision, reply)
        if not chunk.octets:
            self._mail_data = None
            self.end_of_chunk(incoming, steps)

    def end_of_chunk(self, incoming: Incoming, steps: list[Step]) -> None:
        """A chunk has been read: answer it, or with the last one the message."""
        self._incoming = None
        chunk, outcome, decision, reply = incoming
        if not incoming.taken:
            self._refuse_chunk(incoming, steps)
        elif not chunk.last:
            self._reply(Stage.DATA, outcome, decision, reply, True, steps)
        else:
            self._tell_matched(decision)
            if decision.close:
                # It ends where DATA would have ended it: before there is a message to speak of.
                steps.append(Close())
                self.deaf = True
            else:
                self._end_of_chunks(decision.faults, steps)

    def _end_of_chunks(self, faults: tuple[Fault, ...], steps: list[Step]) -> None:
        """The first chunk was the last: faults that end the connection at data leave no message to speak of."""
        spoilt: list[Step] = []
        for fault in faults:
            spoilt = fault.apply(spoilt)
        if ends(spoilt):
            self.perform(self.spoilt(Stage.DATA, faults, []), steps)
        else:
            self.end_of_message(self.envelope.chunks, steps, faults)

    def _tell_matched(self, decision: Decision) -> None:
        """Tell which rules matched at the first chunk, where another reply than its own follows."""
        if decision.rule is not None or decision.matched:
            self.note(("decided", Stage.DATA.value, decision.rule, decision.matched))
        for rule in decision.matched:
            self.publish(RuleMatched(self.conversation, Stage.DATA, rule))

    def _refuse_chunk(self, incoming: Incoming, steps: list[Step]) -> None:
        """A refused chunk spoils its transaction; what was sent behind it is refused until the last one."""
        chunk, outcome, decision, reply = incoming
        if self.state not in FOR_CHUNKS:
            self._reply(Stage.DATA, outcome, decision, reply, False, steps)
            if self.state is State.SPOILT and chunk.last:
                self._repeat(reply, self._owed - 1, steps)
                self.state = State.READY
        elif chunk.last and self.profile.lmtp:
            self._refuse_all(incoming, steps)
        else:
            self._owed = len(self.envelope.recipients)
            # The size of the message is refused at its end, as it is after DATA.
            stage = Stage.MESSAGE if chunk.last and decision.reply is None else Stage.DATA
            self._reply(stage, outcome, decision, reply, False, steps)
            self._message_answered()
            self.state = State.READY if chunk.last else State.SPOILT

    def _refuse_all(self, incoming: Incoming, steps: list[Step]) -> None:
        """Over LMTP each recipient is owed a reply to the last chunk, whatever it is (RFC 2033 section 4.3)."""
        _, outcome, decision, _ = incoming
        self._tell_matched(decision)
        fixed = decision._replace(matched=(), faults=())
        self.deliver(outcome, steps, fixed=fixed, faults=decision.faults)

    def _repeat(self, reply: Reply, times: int, steps: list[Step]) -> None:
        if self.profile.lmtp:
            for _ in range(times):
                if not self.deaf:
                    self._reply(Stage.DATA, Outcome(reply), Decision(reply), reply, False, steps)

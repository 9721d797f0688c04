"""The SMTP session: bytes in, steps out (RFC 5321).  It owns no socket, clock or dice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.demands import out_of_order
from mocksmtp.smtp.extensions import OFFERABLE_VERBS
from mocksmtp.smtp.facts import SessionClosed, SessionOpened, TlsStarted
from mocksmtp.smtp.framing import Chunk, LineReader
from mocksmtp.smtp.intake import Intake
from mocksmtp.smtp.introduction import Introduction
from mocksmtp.smtp.notes import OVERLONG, hidden, is_auth, on_one_line, without_response
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.policy import settled
from mocksmtp.smtp.sasl import Exchange, respond
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import State
from mocksmtp.smtp.steps import Close, Send, Step
from mocksmtp.smtp.verbs.quit import GOODBYE

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation, Tls
    from mocksmtp.smtp.facts import Publish
    from mocksmtp.smtp.mechanism import Binding
    from mocksmtp.smtp.policy import Decision, Found, Policy
    from mocksmtp.smtp.profile import Profile
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.verbs import Verb

AUTH_LINE_LIMIT = 12_288 + 2
"""Octets of a response in an AUTH exchange with its CRLF (RFC 4954 section 4)."""

UNKNOWN_COMMAND = Outcome(replies.BAD_COMMAND)
UNOFFERED_COMMAND = Outcome(replies.NOT_OFFERED)
GREETING_REFUSED = refuse(replies.BAD_SEQUENCE)


class Session(Intake):
    """One connection, from the greeting to the close.

    Call ``open`` first, then ``receive_data`` for what comes in, and ``tls_started``,
    ``stored`` or ``decided`` after the step of that name was performed.  Each returns
    the steps to perform next, in order.  Nothing that a client sends raises.
    """

    __slots__ = ("_lines", "_wary", "draining", "greeted_once")

    def __init__(
        self,
        profile: Profile,
        policy: Policy,
        conversation: Conversation,
        publish: Publish,
        next_id: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        """``next_id`` makes queue ids, ``now`` says the time in seconds since the epoch."""
        super().__init__(profile, policy, conversation, publish, next_id, now)
        self._lines = LineReader(profile.bare_newlines)
        self._line_length = profile.limits.line_length
        self.domains = set()
        self._mail_data = self._incoming = self._governed = self._delivery = None
        # From AUTH to the next command: what stands between may be half of an exchange that had ended already.
        self._wary = False
        self.binding = None
        self.greeted_once = False
        self.draining = False
        self._demand()

    # What the shell calls.

    def open(self, busy: Reply | None = None) -> list[Step]:
        """Begin: greet, or begin TLS where it is implicit.  ``busy`` turns the client away unasked."""
        self.publish(SessionOpened(self.conversation))
        if busy is not None:
            return self._turn_away(busy)
        steps: list[Step] = []
        if self.profile.implicit_tls:
            self.begin_implicit_tls(steps)
        else:
            self.greet_once(steps)
        return steps

    def receive_data(self, data: bytes) -> list[Step]:
        """Take octets from the peer.

        After ``Store`` and ``Decide`` input is kept until the session is told how it went;
        after ``StartTls`` it is thrown away until ``tls_started`` (RFC 3207 section 4.2),
        after ``Close`` for good.
        """
        if self.deaf:
            return []
        steps: list[Step] = []
        if self._mail_data is not None and not self.held:
            self._take_mail_data(data, steps)
        elif not self.held and (line := self._lines.only(data, self._line_length)) is not None:
            self._take_line(line, steps)
            if not self.draining:
                return steps
        else:
            self._lines.feed(data)
        return self._go_on(steps)

    def tls_started(self, tls: Tls, binding: Binding | None = None) -> list[Step]:
        """The handshake ended well: forget what was said before it (RFC 3207 section 4.2).

        ``binding`` returns the channel bindings of a type, for mechanisms that bind to TLS.
        """
        self._lines.clear()
        self.deaf = False
        self.conversation.tls = tls
        self.binding = binding
        self.note(("tls", *tls))
        self.publish(TlsStarted(self.conversation, tls))
        steps: list[Step] = []
        if not self.greeted_once:
            self.greet_once(steps)
        else:
            self.end_transaction()
            self.conversation.helo = self.conversation.auth = None
            self.conversation.esmtp = False
            self.state = State.START
        self._demand()
        return steps

    def stored(self, refusal: Reply | None) -> list[Step]:
        """The store has the message, or says why not; after a close only the facts are told."""
        steps: list[Step] = []
        closed = self.deaf
        if not closed or self.conversation.envelope is not None:
            if self._delivery is None:
                self.finish_message(refusal, steps)
            else:
                self.finish_delivery(self._delivery, refusal, steps)
        return [] if closed else self._go_on(steps)

    def decided(self, found: Decision | Found) -> list[Step]:
        """The search that ``Decide`` asked for has ended; this is what it returned."""
        if self.deaf:
            return []
        steps: list[Step] = []
        self.resume(settled(found), steps)
        return self._go_on(steps)

    def timed_out(self) -> list[Step]:
        """The client was silent for too long (RFC 5321 section 4.5.3.2.7)."""
        return self._turn_away(replies.IDLE)

    def drain(self) -> list[Step]:
        """The service shuts down: an idle session ends now, a transaction is let run to its end."""
        self.draining = True
        return self.shut_down() if self.idle else []

    def shut_down(self) -> list[Step]:
        """End now, whatever is under way (RFC 5321 section 3.8)."""
        return self._turn_away(replies.SHUTTING_DOWN)

    def connection_lost(self) -> None:
        """The connection is gone."""
        self.deaf = True
        self.binding = None  # It holds the transport.
        self.end_transaction()
        self.publish(SessionClosed(self.conversation))

    @property
    def idle(self) -> bool:
        """Whether no transaction and no exchange is open, and nothing is being read."""
        return self.conversation.envelope is None and not (self._exchange or self._mail_data or self.held)

    # The loop.

    def _go_on(self, steps: list[Step]) -> list[Step]:
        while not self.held and not self.deaf:
            if self._mail_data is not None:
                rest = self._lines.rest()
                if not rest:
                    break
                self._take_mail_data(rest, steps)
                continue
            line = self._lines.line(self._line_length if self._exchange is None else AUTH_LINE_LIMIT)
            if line is None:
                break
            self._take_line(line, steps)
        if self.draining and self.idle and not self.deaf:
            steps += self.shut_down()
        return steps

    def _take_mail_data(self, data: bytes, steps: list[Step]) -> None:
        reader = self._mail_data
        if reader is None:
            raise AssertionError("mail data without a reader")
        rest = reader.feed(data)
        if rest is None:
            if reader.struck is not None:
                self._lines.feed(self.strike(*reader.struck, steps))
            return
        self._mail_data = None
        self._lines.feed(rest)
        self.note(reader.size if self._incoming is None else self._incoming.chunk.octets)
        if self._incoming is None:
            self.end_of_message(reader, steps)
        else:
            self.end_of_chunk(self._incoming, steps)

    def _take_line(self, line: bytes | object, steps: list[Step]) -> None:
        if self._exchange is not None:
            self._take_response(self._exchange, line, steps)
        elif self.state is State.REFUSED:
            self._take_refused(line, steps)
        elif not isinstance(line, bytes):
            self._note_warily(line)
            self.answer(Stage.UNKNOWN, refuse(replies.LINE_TOO_LONG), steps)
        elif b"\n" in line or b"\r" in line:
            self._note_warily(line)
            self.answer(Stage.UNKNOWN, refuse(replies.BARE_NEWLINE), steps)
        else:
            name, _, argument = line.partition(b" ")
            verb = self._legal[self.state].get(name)
            if verb is None or name == b"AUTH":
                self._note_warily(line)
            else:
                self._wary = False
                self.note(line)
            if verb is None and (verb := self._legal_otherwise(name, steps)) is None:
                return
            # Trailing white space is tolerated (RFC 5321 section 4.1.1).
            outcome = verb.propose(self, argument.strip(b" \t"))
            if outcome.follows is None:
                self.answer(verb.stage, outcome, steps)
            elif isinstance(outcome.follows, Chunk):
                self.begin_chunk(outcome, outcome.follows, steps)
            elif isinstance(outcome.follows, Introduction):
                self.introduce(outcome.follows, steps)
            else:
                self._exchange = outcome.follows
                self.answer(verb.stage, outcome, steps)

    def _legal_otherwise(self, name: bytes, steps: list[Step]) -> Verb | None:
        """Return the verb of a name in lower case, or before what must come first; else refuse it."""
        verb = self.profile.verbs.get(name.upper())
        if verb is None:
            self.answer(Stage.UNKNOWN, self._not_understood(name), steps)
        elif self._missing is not None and verb.name not in self._missing[0]:
            self.answer(verb.stage, refuse(self._missing[1]), steps)
        elif self.state not in verb.legal:
            self.answer(verb.stage, refuse(out_of_order(verb.name, self.state, self.profile)), steps)
        else:
            return verb
        return None

    def _take_refused(self, line: bytes | object, steps: list[Step]) -> None:
        """After a greeting that was no 220 there is only QUIT (RFC 5321 section 3.1)."""
        self._note_warily(line)
        leaves = isinstance(line, bytes) and line.strip(b" \t").upper() == b"QUIT"
        self.answer(Stage.QUIT if leaves else Stage.UNKNOWN, GOODBYE if leaves else GREETING_REFUSED, steps)

    def _take_response(self, exchange: Exchange, line: bytes | object, steps: list[Step]) -> None:
        self.note(hidden(line) if isinstance(line, bytes) else OVERLONG)
        if isinstance(line, bytes):
            outcome = respond(exchange, line)
        else:
            outcome = refuse(replies.AUTH_LINE_TOO_LONG)
        self._exchange = outcome.follows if isinstance(outcome.follows, Exchange) else None
        self.answer(Stage.AUTH, outcome, steps)

    def _note_warily(self, line: bytes | object) -> None:
        """Note a line that may hold a password, or is none."""
        if not isinstance(line, bytes):
            self.note(OVERLONG)
            return
        if is_auth(line):
            self._wary = True
            line = without_response(line)
        elif line.partition(b" ")[0].upper() in self.profile.verbs:
            self._wary = False
        elif self._wary:
            line = hidden(line)
        self.note(on_one_line(line))

    def _not_understood(self, name: bytes) -> Outcome:
        if not name:
            return refuse(replies.EMPTY_COMMAND)
        return UNOFFERED_COMMAND if name.upper() in OFFERABLE_VERBS else UNKNOWN_COMMAND

    def _turn_away(self, reply: Reply) -> list[Step]:
        if self.deaf:
            return []
        self.deaf = True
        if self.profile.implicit_tls and self.conversation.tls is None:
            return [Close()]  # A reply in clear would only look like a broken handshake.
        return [Send(self.octets(reply)), Close()]

    def greet_once(self, steps: list[Step]) -> None:
        """Greet, in clear or once the handshake has ended."""
        self.greeted_once = True
        self.greet(steps)

"""The SMTP session: bytes in, steps out (RFC 5321).  It owns no socket, clock or dice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.facts import SessionClosed, SessionOpened, TlsStarted
from mocksmtp.smtp.framing import SAID_OFTEN, LineReader, commands_in
from mocksmtp.smtp.introduction import Introduction
from mocksmtp.smtp.mail_data import Chunk
from mocksmtp.smtp.notes import BARE_LINE, SENT
from mocksmtp.smtp.outcome import refuse
from mocksmtp.smtp.plain import Plain
from mocksmtp.smtp.policy import settled
from mocksmtp.smtp.remembered import Remembered
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import State
from mocksmtp.smtp.steps import Close, Send, Step

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation, Tls
    from mocksmtp.smtp.facts import Publisher
    from mocksmtp.smtp.mechanism import Binding
    from mocksmtp.smtp.policy import Decision, Found, Policy
    from mocksmtp.smtp.profile import Profile
    from mocksmtp.smtp.reply import Reply

AUTH_LINE_LIMIT = 12_288 + 2
"""Octets of a response in an AUTH exchange with its CRLF (RFC 4954 section 4)."""


class Session(Plain):
    """One connection, from the greeting to the close.

    Call ``open`` first, then ``receive_data`` for what comes in (``answer_at_once`` may spare
    it), and ``tls_started``, ``stored`` or ``decided`` after the step of that name was performed.
    Each returns the steps to perform next, in order.  Nothing that a client sends raises.
    """

    __slots__ = ("greeted_once",)

    def __init__(
        self,
        profile: Profile,
        policy: Policy,
        conversation: Conversation,
        publish: Publisher,
        next_id: Callable[[], str],
        now: Callable[[], float],
        remembered: Remembered | None = None,
    ) -> None:
        """``next_id`` makes queue ids, ``now`` says the time in seconds since the epoch.

        ``remembered`` is shared by sessions of the same profile, policy and publisher.
        """
        super().__init__(profile, policy, conversation, publish, next_id, now)
        self._lines = LineReader(profile.bare_newlines)
        self._line_length = profile.limits.line_length
        self.remembered = Remembered() if remembered is None else remembered
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
        self.publish.later(SessionOpened(self.conversation, self.conversation.at))
        if busy is not None:
            return self._turn_away(busy)
        steps: list[Step] = []
        if self.profile.implicit_tls:
            self.begin_implicit_tls(steps)
        else:
            self.greet_once(steps)
            self.at_rest = not self.held
        return steps

    def receive_data(self, data: bytes) -> list[Step]:
        """Take octets from the peer.

        After ``Store`` and ``Decide`` input is kept until the session is told how it went;
        after ``StartTls`` it is thrown away until ``tls_started`` (RFC 3207 section 4.2),
        after ``Close`` for good.
        """
        if self.deaf:
            return []
        self.at_rest = False
        steps: list[Step] = []
        if self._mail_data is not None and not self.held:
            self._take_mail_data(data, steps)
            if self.held:
                return steps
        elif (
            data[:4] in SAID_OFTEN and len(data) <= self._line_length
            and not (self._lines.data or self.held or self._exchange is not None)
            and (commands := commands_in(data)) is not None
        ):  # fmt: skip
            left = self._answer_plainly(data, commands, steps)
            if left is None:
                return steps
            self._lines.feed(left)
        else:
            self._lines.feed(data)
        return self._go_on(steps)

    def tls_started(self, tls: Tls, binding: Binding | None = None) -> list[Step]:
        """The handshake ended well: forget what was said before it (RFC 3207 section 4.2).

        ``binding`` returns the channel bindings of a type, for mechanisms that bind to TLS.
        """
        if self._lines.data:
            self._note_left()
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
        self.at_rest = not self.held
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

    def kept_at_once(self) -> bytes | None:
        """The store has kept a message at once: answer it; None leaves it to ``stored``, if anybody has a say.

        Only for a ``Store`` that stands alone.  The octets that are returned are to be sent, and are noted.
        """
        plainly = self._plainly
        if plainly is None or self._lines.data or self.draining:
            return None
        envelope, outcome, record = plainly
        answer = self._finish_plainly(envelope, outcome, record, True)
        self.at_rest = True
        self.note(SENT)
        self.note(answer)
        return answer

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
        self._demand()
        return self.shut_down() if self.idle else []

    def shut_down(self) -> list[Step]:
        """End now, whatever is under way (RFC 5321 section 3.8)."""
        return self._turn_away(replies.SHUTTING_DOWN)

    def connection_lost(self) -> None:
        """The connection is gone."""
        self.deaf = True
        if self._lines.data or self._mail_data is not None:
            self._note_left()
        self.binding = None  # It holds the transport.
        self.end_transaction()
        self.publish.later(SessionClosed(self.conversation))

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
            if self._lines.bare:
                self.note(BARE_LINE)
            self._take_line(line, steps)
        if self.draining and self.idle and not self.deaf:
            steps += self.shut_down()
        self.at_rest = not (
            self.held or self.deaf or self._mail_data or self._exchange or self._lines.data or self._wary
        )
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
        if rest:
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

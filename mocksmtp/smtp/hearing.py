"""Lines that need a closer look: unknown or out of order, a response, or a secret (RFC 5321 section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.demands import out_of_order
from mocksmtp.smtp.extensions import OFFERABLE_VERBS
from mocksmtp.smtp.framing import LineReader
from mocksmtp.smtp.intake import Intake
from mocksmtp.smtp.notes import OVERLONG, hidden, is_auth, on_one_line, without_response
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.sasl import Exchange, respond
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Step
from mocksmtp.smtp.verbs.quit import GOODBYE

if TYPE_CHECKING:
    from mocksmtp.smtp.verbs import Verb

UNKNOWN_COMMAND = Outcome(replies.BAD_COMMAND)
UNOFFERED_COMMAND = Outcome(replies.NOT_OFFERED)
GREETING_REFUSED = refuse(replies.BAD_SEQUENCE)


class Hearing(Intake):
    """The part of a session that takes the lines which are no plain command."""

    __slots__ = ("_lines", "_wary")

    _lines: LineReader
    _wary: bool

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

    def unheard(self, data: bytes) -> None:
        """Note, once, what comes after a close."""
        last = self.conversation.notes[-1] if self.conversation.notes else None
        if not (isinstance(last, tuple) and last[0] == "unheard"):
            self.note(self.now())
            self._note_octets("unheard", data)

    def _note_left(self) -> None:
        """Note what was received before a handshake or the end and never read, and what was wrong with it."""
        if self._lines.data:
            self._note_octets("left", self._lines.rest())
        if self._mail_data is not None and self._mail_data.flaws:
            self.note(("flawed", *self._mail_data.flaws))

    def _note_octets(self, name: str, data: bytes) -> None:
        verb = b"".join(data[:20].split()[:1]).upper()
        known = verb.decode() if verb in self.profile.verbs else ""
        self.note((name, len(data), known, data.count(b"\n") != data.count(b"\r\n")))

    def _not_understood(self, name: bytes) -> Outcome:
        if not name:
            return refuse(replies.EMPTY_COMMAND)
        return UNOFFERED_COMMAND if name.upper() in OFFERABLE_VERBS else UNKNOWN_COMMAND

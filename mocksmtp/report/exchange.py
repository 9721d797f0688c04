"""A transcript as an exchange: each command with its reply, and what the client knew when it said it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mocksmtp.smtp.notes import CLOSED, GONE, HALF_CLOSED, OVERLONG, RESET, SENT, Note, one_by_one

END = "."
"""Stands for the verb where mail data ends."""

LONG = "?"
"""Stands for the verb of a line over the limit."""

TIMELY = frozenset({"delay", "drip", "split"})
"""Faults that only take time: all that is to be said is said, once and in order."""

_REPLY = re.compile(rb"(?:[2-5][0-9][0-9]-[^\n]*\n)*[2-5][0-9][0-9](?: [^\n]*)?\r?\n")
_CONTINUED = re.compile(rb"[2-5][0-9][0-9]-")

Offer = Mapping[str, str]


@dataclass(slots=True)
class Turn:
    """One command, or the end of mail data, and the reply to it.

    ``behind`` is the verb before it whose reply had not been sent; ``code`` is 0 where no
    reply is known, also where a fault may have changed it.  ``offer`` is what EHLO was told,
    None before.  ``response`` says that it answers a challenge.
    """

    at: float
    number: int
    verb: str
    line: bytes
    behind: str | None
    offer: Offer | None
    tls: bool
    response: bool = False
    code: int = 0
    reply: bytes = b""
    octets: int = 0
    sure: bool = True


@dataclass(slots=True)
class Happening:
    """A note that is neither said nor sent; ``after`` counts the turns before it, ``code`` was sent last."""

    at: float
    number: int
    after: int
    code: int
    note: tuple[Any, ...]


@dataclass(slots=True)
class Exchange:
    """What became of a transcript.

    ``whole`` says that it begins with the greeting.  ``ended`` says that the client ended the
    connection of its own accord, while nothing was owed to it.
    """

    turns: list[Turn] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    whole: bool = True
    ended: bool = False
    faulty: bool = False
    last_code: int = 0
    later: list[Turn] = field(default_factory=list)
    """Turns after a 421 had been sent."""


def exchange(notes: Iterable[Note], whole: bool = True) -> Exchange:
    """Read notes; ``whole`` False says that some at their beginning are gone."""
    reader = _Reader(whole)
    for note in one_by_one(notes):
        reader.take(note)
    return reader.done()


class _Reader:
    def __init__(self, whole: bool) -> None:
        self.made = Exchange(whole=whole)
        self.at = 0.0
        self.number = 0
        self.owed: list[Turn] = []
        self.offer: Offer | None = None
        self.tls = self.lmtp = self.sent = self.closed = self.answered = False
        # Whether replies may belong to other commands than it seems, up to the next group.
        self.doubt = not whole
        self.recipients = self.again = 0
        self.text = b""

    def take(self, note: Any) -> None:
        if self.sent:
            self.sent = False
            self._server(note)
        elif isinstance(note, float):
            self.at = note
        elif isinstance(note, bytes):
            self._client(note)
        elif isinstance(note, tuple):
            self._happened(note)
        elif note == SENT:
            self.sent = True
        else:
            self._mail_data(note)

    def done(self) -> Exchange:
        made = self.made
        last = made.turns[-1] if made.turns else None
        made.ended = (
            made.ended and last is not None and not self.closed and made.last_code != 421
            and not any(turn.verb != "DATA" for turn in self.owed)
        )  # fmt: skip
        return made

    # The client.

    def _client(self, line: bytes) -> None:
        self.number += 1
        if self.number == 1:
            # All that was said before has been forgotten.
            self.made.whole, self.doubt = False, True
        verb = line.partition(b" ")[0].upper().decode("ascii", "replace")
        response = self.made.last_code == 334 and not self.owed
        self.lmtp = self.lmtp or verb == "LHLO"
        self._turn("" if response else verb, line, response)

    def _turn(self, verb: str, line: bytes, response: bool = False) -> None:
        if self.doubt and self.answered:
            self.owed.clear()  # What was not answered by now is not.
            self.doubt = False
        self.answered = False
        behind = self.owed[-1].verb if self.owed else None
        turn = Turn(self.at, self.number, verb, line, behind, self.offer, self.tls, response, sure=not self.doubt)
        self.made.turns.append(turn)
        if self.made.last_code == 421 and not self.owed:
            self.made.later.append(turn)
        self.owed.append(turn)

    def _mail_data(self, octets: int) -> None:
        self.number += 1
        last = self.owed[-1] if self.owed else None
        if last is not None and last.verb == "BDAT":
            last.octets = octets
            return
        self._turn(END, b"")
        self.made.turns[-1].octets = octets

    # The server.

    def _server(self, octets: bytes) -> None:
        self.number += octets.count(b"\r\n") + (not octets.endswith(b"\r\n"))
        self.text += octets
        self.answered = True
        while (found := _REPLY.match(self.text)) is not None:
            self.text = self.text[found.end() :]
            self._reply(found[0])
        if not all(map(_CONTINUED.match, self.text.splitlines(keepends=True)[:-1])):
            self.text = b""  # This is no reply, and will be none.

    def _reply(self, reply: bytes) -> None:
        code = self.made.last_code = int(reply.rstrip().rpartition(b"\n")[2][:3])
        if not self.owed:
            return
        turn = self.owed[0]
        last = turn.verb == END or (turn.verb == "BDAT" and turn.line.upper().endswith(b"LAST"))
        self.again = (self.again or max(1, self.recipients)) - 1 if last and self.lmtp else 0
        if turn.sure:
            turn.code, turn.reply = code, turn.reply + reply
        if self.again == 0:
            self.owed.pop(0)
        self._learn(turn, code, reply)

    def _learn(self, turn: Turn, code: int, reply: bytes) -> None:
        if turn.verb in ("EHLO", "LHLO", "HELO") and code == 250:
            self.offer = _offer(reply)
        elif turn.verb == "MAIL":
            self.recipients = 0
        elif turn.verb == "RCPT" and code // 100 == 2:
            self.recipients += 1

    # What happened.

    def _happened(self, note: tuple[Any, ...]) -> None:
        self.number += 1
        if note == OVERLONG:
            self._turn(LONG, b"")
            return
        self.made.happenings.append(
            Happening(self.at, self.number, len(self.made.turns), self.made.last_code, note)
        )
        if note in (CLOSED, RESET, HALF_CLOSED):
            self.closed = True
        elif note == GONE:
            self.made.ended = True
        elif note[0] == "tls":
            self.tls, self.offer = True, None
            self.owed.clear()
        elif note[0] == "fault" and note[2] not in TIMELY:
            self.made.faulty = self.doubt = True
            for turn in self.owed:
                turn.sure = False


def _offer(reply: bytes) -> Offer:
    lines = reply.decode("ascii", "replace").splitlines()[1:]
    words = (line[4:].upper().partition(" ") for line in lines)
    return {keyword: value for keyword, _, value in words}

"""The terminal: one line a transaction, with who, to whom, the reply and the rule.

Over LMTP each recipient has a reply of its own, and so a line of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from mocksmtp.smtp import facts
from mocksmtp.smtp.facts import CommandAnswered, ConnectionRefused, Fact, FaultInjected
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation

MOST_PENDING = 100_000
"""Lines that may wait to be written; what comes on top is counted and told."""

MOST_REPLIES = 5_000
"""Replies of one transaction that are remembered until it ends; beyond, only the last."""

SHOWN = 3
"""Recipients named on a line of text."""

COLOURS = {0: "\x1b[31m", 2: "\x1b[32m", 3: "\x1b[32m", 4: "\x1b[33m", 5: "\x1b[31m"}
PLAIN = "\x1b[0m"
OF_A_TRANSACTION = frozenset({Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE})
BETWEEN_TRANSACTIONS = frozenset({Stage.CONNECT, Stage.HELO, Stage.STARTTLS, Stage.AUTH})


class Line(NamedTuple):
    """What one line tells; ``stage`` is where the deciding reply was given.

    ``reply`` is a text where a connection was closed without one, and empty where a
    fault struck outside a transaction.
    """

    at: float
    listener: str
    client: str
    session: str
    stage: str
    mail: str | None
    rcpt: tuple[str, ...]
    reply: Reply | str
    rule: str | None
    faults: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The code of the reply, 0 where there was none."""
        return 0 if isinstance(self.reply, str) else self.reply.code

    @property
    def said(self) -> str:
        """The text of the reply, or what was done in its place."""
        return self.reply if isinstance(self.reply, str) else self.reply.text


Told = list[CommandAnswered | FaultInjected] | ConnectionRefused
"""What a line is made from."""


class Terminal:
    """A subscriber of facts.  Lines are gathered, and written together by ``flush``."""

    def __init__(
        self,
        out: TextIO,
        refused: bool = True,
        clock: Callable[[], float] = lambda: 0.0,
        format: str | None = None,
    ) -> None:
        """``refused`` False leaves out what was not accepted; ``format`` is ``text`` (None too) or ``json``."""
        self._out = out
        self.refused = refused
        self._clock = clock
        self._json = format == "json"
        self._colour = out.isatty() and "NO_COLOR" not in os.environ
        self._attempts: dict[str, list[CommandAnswered | FaultInjected]] = {}
        self._lines: list[tuple[float, str, Told]] = []
        self._dropped = 0
        self._reads: dict[type, Callable[[Any], None]] = {
            CommandAnswered: self._answered,
            facts.TransactionEnded: self._ended,
            facts.SessionClosed: self._closed,
            ConnectionRefused: self._turned_away,
            FaultInjected: self._injected,
        }
        # Facts are only gathered while mail goes on, and read when the lines are written.
        self._heard: list[Any] = []
        self.takes: dict[type, Callable[[Any], None]] = dict.fromkeys(self._reads, self._heard.append)

    def __call__(self, fact: Fact) -> None:
        """Take note of a fact."""
        take = self.takes.get(type(fact))
        if take is not None:
            take(fact)

    def _answered(self, fact: CommandAnswered) -> None:
        stage = fact.stage
        if stage in OF_A_TRANSACTION:
            session = fact.who.id
            attempt = self._attempts.get(session)
            if attempt is None:
                self._attempts[session] = [fact]
            elif stage is Stage.MAIL:  # Only what struck this MAIL is no remnant of an earlier attempt.
                struck = [each for each in attempt if isinstance(each, FaultInjected) and each.stage is stage]
                self._attempts[session] = [*struck, fact]
            elif len(attempt) < MOST_REPLIES:
                attempt.append(fact)
            else:
                attempt[-1] = fact
        elif fact.reply.code >= 400 and stage in BETWEEN_TRANSACTIONS:
            self._add(fact.who, [fact])

    def _closed(self, fact: facts.SessionClosed) -> None:
        self._attempts.pop(fact.who.id, None)  # What was tried without a transaction has had its line.

    def _ended(self, fact: facts.TransactionEnded) -> None:
        attempt = self._attempts.pop(fact.who.id, None)
        if attempt is not None:
            self._add(fact.who, attempt)

    def _injected(self, fact: FaultInjected) -> None:
        if fact.stage in OF_A_TRANSACTION:
            self._attempts.setdefault(fact.who.id, []).append(fact)
        else:
            self._add(fact.who, [fact])

    def _turned_away(self, fact: ConnectionRefused) -> None:
        self._add(fact, fact)

    def _add(self, who: Conversation | ConnectionRefused, attempt: Told) -> None:
        if len(self._lines) >= MOST_PENDING:
            self._dropped += 1
        else:
            self._lines.append((self._clock(), who.client, attempt))

    def flush(self) -> None:
        """Write what has been gathered, in one piece."""
        heard = self._heard[:]
        self._heard.clear()
        for fact in heard:
            self._reads[type(fact)](fact)
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        tell = _as_json if self._json else self._as_text
        made = (line for gathered in lines for line in _lines(*gathered))
        text = "".join(tell(line) + "\n" for line in made if 0 < line.code < 400 or self.refused)
        if self._dropped:
            text += (
                json.dumps({"dropped": self._dropped})
                if self._json
                else f"({self._dropped} more are not told here)"
            )
            text += "\n"
            self._dropped = 0
        encoding = self._out.encoding or "utf-8"
        try:
            self._out.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self._out.flush()
        except OSError:
            # Nobody reads the terminal any more; mail goes on.
            return

    def _as_text(self, line: Line) -> str:
        told = [_time_of_day(int(line.at)), line.listener, line.client]
        if line.mail is not None:
            told.append(f"from=<{line.mail}>")
        if line.rcpt:
            told.append("to=" + ",".join(f"<{rcpt}>" for rcpt in line.rcpt[:SHOWN]))
        if len(line.rcpt) > SHOWN:
            told.append(f"+{len(line.rcpt) - SHOWN} more")
        if line.mail is None and not line.rcpt:
            told.append(line.stage)
        before, after = _printable(" ".join(told)), _printable(line.said)
        if self._colour and after:
            after = f"{COLOURS[line.code // 100]}{after}{PLAIN}"
        rule = f"rule={line.rule}" if line.rule else ""
        faults = "fault=" + ",".join(line.faults) if line.faults else ""
        return " ".join(filter(None, (before, after, rule, faults)))


def _lines(at: float, client: str, attempt: Told) -> Iterator[Line]:
    """Read the lines of a transaction: one, or over LMTP one for each recipient, the refused ones first."""
    if isinstance(attempt, ConnectionRefused) or not _answers_one(attempt[-1]):
        yield _line(at, client, attempt)
        return
    shared: list[CommandAnswered | FaultInjected] = []
    struck: list[FaultInjected] = []
    earlier: dict[str, list[FaultInjected]] = {}
    for fact in attempt:
        if isinstance(fact, FaultInjected):
            struck.append(fact)
            continue
        if fact.stage not in (Stage.RCPT, Stage.MESSAGE):
            shared += struck if fact.stage is Stage.DATA else [*struck, fact]
        elif fact.stage is Stage.RCPT and fact.took_effect:
            earlier[fact.path.text if fact.path else ""] = struck
        else:
            yield _line(
                at, client, [*shared, *earlier.pop(fact.path.text if fact.path else "", ()), *struck, fact]
            )
        struck = []


def _answers_one(last: CommandAnswered | FaultInjected) -> bool:
    """Whether the last reply of a transaction is that to one recipient, as LMTP has it."""
    return isinstance(last, CommandAnswered) and last.path is not None and last.stage is Stage.MESSAGE


def _line(at: float, client: str, attempt: Told) -> Line:
    """Read what a line tells from the replies of a transaction."""
    if isinstance(attempt, ConnectionRefused):
        told = f"closed: {attempt.reason}"
        return Line(at, attempt.listener, client, "", Stage.CONNECT.value, None, (), told, None)
    mail: str | None = None
    rcpt: list[str] = []
    faults: list[str] = []
    decisive: CommandAnswered | None = None
    for fact in attempt:
        if isinstance(fact, FaultInjected):
            faults.append(fact.fault)
            continue
        path, stage = fact.path, fact.stage
        if path is not None:
            if stage is Stage.MAIL:
                mail = path.text
            else:
                rcpt.append(path.text)
        # The end of mail data decides; before it, the last refusal does, or else the last reply but 354.
        code = fact.reply.code
        if decisive is None or code >= 400 or stage is Stage.MESSAGE or (code < 300 and decisive.reply.code < 400):
            decisive = fact
    first = decisive or attempt[0]
    reply, rule = (decisive.reply, decisive.rule) if decisive is not None else ("", None)
    who = first.who
    return Line(at, who.listener, client, who.id, first.stage.value, mail, tuple(rcpt), reply, rule, tuple(faults))


@lru_cache(4)
def _time_of_day(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%H:%M:%S")


def _printable(text: str) -> str:
    """Escape what could move a cursor or begin a line of its own."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _as_json(line: Line) -> str:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="microseconds")
    told = line._asdict() | {"at": at, "reply": line.said, "code": line.code or None}
    return json.dumps(told, ensure_ascii=True)

"""The terminal: one line a transaction, with who, to whom, the reply and the rule."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TextIO

from mocksmtp.smtp import facts
from mocksmtp.smtp.facts import Fact
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage

MOST_PENDING = 100_000
"""Lines that may wait to be written; what comes on top is counted and told."""

SHOWN = 3
"""Recipients named on a line of text."""

COLOURS = {2: "\x1b[32m", 3: "\x1b[32m", 4: "\x1b[33m", 5: "\x1b[31m"}
PLAIN = "\x1b[0m"
OF_A_TRANSACTION = frozenset({Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE})
BETWEEN_TRANSACTIONS = frozenset({Stage.CONNECT, Stage.HELO, Stage.STARTTLS, Stage.AUTH})


class Line(NamedTuple):
    """What one line tells; ``stage`` is where the deciding reply was given."""

    at: float
    listener: str
    client: str
    session: str
    stage: str
    mail: str | None
    rcpt: tuple[str, ...]
    reply: Reply
    rule: str | None


class _Attempt:
    """A transaction under way, or the attempt at one."""

    __slots__ = ("mail", "rcpt", "reply", "rule", "stage")

    def __init__(self) -> None:
        self.mail: str | None = None
        self.rcpt: list[str] = []
        self.reply: Reply | None = None
        self.rule: str | None = None
        self.stage: Stage | None = None


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
        self._refused = refused
        self._clock = clock
        self._json = format == "json"
        self._colour = out.isatty() and "NO_COLOR" not in os.environ
        self._attempts: dict[str, _Attempt] = {}
        self._lines: list[Line] = []
        self._dropped = 0
        self.takes: dict[type, Callable[[Any], None]] = {
            facts.CommandAnswered: self._answered,
            facts.TransactionEnded: self._ended,
            facts.SessionClosed: self._closed,
        }

    def __call__(self, fact: Fact) -> None:
        """Take note of a fact."""
        take = self.takes.get(type(fact))
        if take is not None:
            take(fact)

    def _answered(self, fact: facts.CommandAnswered) -> None:
        stage, reply = fact.stage, fact.reply
        if stage in BETWEEN_TRANSACTIONS:
            if reply.code >= 400:
                self._add(fact.who, stage, None, (), reply, fact.rule)
            return
        path = fact.path
        if stage not in OF_A_TRANSACTION or (path is None and stage is Stage.DATA and reply.code < 400):
            return
        if stage is Stage.MAIL:
            self._attempts.pop(fact.who.id, None)
        attempt = self._attempts.get(fact.who.id)
        if attempt is None:
            attempt = self._attempts[fact.who.id] = _Attempt()
        if path is not None:
            if stage is Stage.MAIL:
                attempt.mail = path.text
            else:
                attempt.rcpt.append(path.text)
        # The end of mail data decides; before it, the last refusal does, or else the last reply.
        if stage is Stage.MESSAGE or reply.code >= 400 or attempt.reply is None or attempt.reply.code < 400:
            attempt.reply, attempt.rule, attempt.stage = reply, fact.rule, stage

    def _closed(self, fact: facts.SessionClosed) -> None:
        self._attempts.pop(fact.who.id, None)  # What was tried without a transaction has had its line.

    def _ended(self, fact: facts.TransactionEnded) -> None:
        attempt = self._attempts.pop(fact.who.id, None)
        if attempt is not None and attempt.reply is not None:
            stage = attempt.stage or Stage.MESSAGE
            self._add(fact.who, stage, attempt.mail, tuple(attempt.rcpt), attempt.reply, attempt.rule)

    def _add(
        self, who: Any, stage: Stage, mail: str | None, rcpt: tuple[str, ...], reply: Reply, rule: str | None
    ) -> None:
        if reply.code >= 400 and not self._refused:
            return
        if len(self._lines) >= MOST_PENDING:
            self._dropped += 1
            return
        self._lines.append(
            Line(self._clock(), who.listener, who.client, who.id, stage.value, mail, rcpt, reply, rule)
        )

    def flush(self) -> None:
        """Write what has been gathered, in one piece."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        tell = _as_json if self._json else self._as_text
        text = "".join(tell(line) + "\n" for line in lines)
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
        at = datetime.fromtimestamp(line.at, UTC).strftime("%H:%M:%S")
        told = [at, line.listener, line.client]
        if line.mail is not None:
            told.append(f"from=<{line.mail}>")
        if line.rcpt:
            told.append("to=" + ",".join(f"<{rcpt}>" for rcpt in line.rcpt[:SHOWN]))
        if len(line.rcpt) > SHOWN:
            told.append(f"+{len(line.rcpt) - SHOWN} more")
        if line.mail is None and not line.rcpt:
            told.append(line.stage)
        before, after = _printable(" ".join(told)), _printable(line.reply.text)
        if self._colour:
            after = f"{COLOURS[line.reply.code // 100]}{after}{PLAIN}"
        return f"{before} {after}" + (f" rule={line.rule}" if line.rule else "")


def _printable(text: str) -> str:
    """Escape what could move a cursor or begin a line of its own."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _as_json(line: Line) -> str:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="microseconds")
    told = line._asdict() | {"at": at, "reply": line.reply.text, "code": line.reply.code}
    return json.dumps(told, ensure_ascii=True)

"""The terminal: one line a transaction, with who, to whom, the reply and the rule.

Over LMTP each recipient has a reply of its own, and so a line of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TextIO

from mocksmtp.lines import (
    Happened,
    Line,
    by_recipient,
    envelope_of,
    line_from,
    line_of_message,
    lines_by_recipient,
)
from mocksmtp.smtp.facts import (
    ConnectionRefused,
    Decided,
    FaultInjected,
    MessageAccepted,
    SessionClosed,
    Take,
    TransactionAbandoned,
    TransactionEnded,
)
from mocksmtp.smtp.record import PLAINLY
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope

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


class Terminal:
    """A subscriber of facts.  Lines are gathered, and written together by ``flush``.

    A transaction in which nobody had a say tells nothing before its message is accepted, or given up.
    """

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
        self._pending: dict[str, list[Happened]] = {}
        self._plain = not (self._json or self._colour)
        self._lines: list[Line | str] = []
        self._dropped = 0
        self._second = 0
        self._time = _time_of_day(0)
        self.takes: dict[type, Take] = {
            MessageAccepted: self._accepted,
            TransactionEnded: self._ended,
            Decided: self._decided,
            FaultInjected: self._injected,
            TransactionAbandoned: self._abandoned,
            SessionClosed: self._closed,
            ConnectionRefused: self._turned_away,
        }

    def _accepted(self, fact: MessageAccepted) -> None:
        at, (session, listener, client, _, _, _), _, mail, _, rcpt, _, said, _, how = fact[4]
        if self._pending and (pending := self._pending.get(session)) is not None:
            pending.append(fact)
            return
        if self._plain and how is PLAINLY and rcpt.__class__ is str and len(self._lines) < MOST_PENDING:
            # The line of nearly every message, written at once.
            second = int(at)
            if second != self._second:
                self._second, self._time = second, _time_of_day(second)
            line = f"{self._time} {listener} {client} from=<{mail}> to=<{rcpt}> {said[:-2].decode()}"
            if line.isprintable():
                self._lines.append(line)
                return
        self._add(line_of_message(fact))

    def _decided(self, fact: Decided) -> None:
        stage, session = fact.stage, fact.who.id
        if stage in OF_A_TRANSACTION:
            if fact.envelope is None and stage is not Stage.MAIL:
                return  # It was tried without a transaction.
            pending = self._pending.setdefault(session, [])
            if len(pending) >= MOST_REPLIES:
                pending.pop()
            pending.append(fact)
        elif fact.reply.code >= 400 and stage in BETWEEN_TRANSACTIONS:
            self._add(line_from(fact.who, (fact,), None))

    def _injected(self, fact: FaultInjected) -> None:
        if fact.stage in OF_A_TRANSACTION:
            self._pending.setdefault(fact.who.id, []).append(fact)
        else:
            self._add(line_from(fact.who, (fact,), None))

    def _ended(self, fact: TransactionEnded) -> None:
        pending = self._pending.pop(fact[0].id, None) if self._pending else None
        if pending is not None:
            self._tell(fact.who, pending, envelope_of(pending))

    def _abandoned(self, fact: TransactionAbandoned) -> None:
        self._tell(fact.who, self._pending.pop(fact.who.id, []), fact.envelope)

    def _tell(self, who: Conversation, pending: Sequence[Happened], envelope: Envelope | None) -> None:
        if by_recipient(pending):
            for each in lines_by_recipient(who, pending, envelope):
                self._add(each)
        else:
            self._add(line_from(who, pending, envelope))

    def _closed(self, fact: SessionClosed) -> None:
        self._pending.pop(fact.who.id, None)

    def _turned_away(self, fact: ConnectionRefused) -> None:
        told = f"closed: {fact.reason}"
        self._add(Line(self._clock(), fact.listener, fact.client, "", Stage.CONNECT.value, None, (), told, None))

    def _add(self, line: Line) -> None:
        if not self.refused and not 0 < line.code < 400:
            return
        if len(self._lines) >= MOST_PENDING:
            self._dropped += 1
        else:
            self._lines.append(line)

    def flush(self) -> None:
        """Write what has been gathered, in one piece."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        tell = _as_json if self._json else self._as_text
        text = "\n".join([line if isinstance(line, str) else tell(line) for line in lines] + [""])
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
        at, listener, client, _, stage, mail, rcpt, _, rule, faults = line
        before = f"{_time_of_day(int(at))} {listener} {client}"
        if mail is not None:
            before += f" from=<{mail}>"
        if len(rcpt) == 1:
            before += f" to=<{rcpt[0]}>"
        elif rcpt:
            before += " to=" + ",".join([f"<{each}>" for each in rcpt[:SHOWN]])
            if len(rcpt) > SHOWN:
                before += f" +{len(rcpt) - SHOWN} more"
        elif mail is None:
            before += f" {stage}"
        said = line.said
        if not (before.isprintable() and said.isprintable()):
            before, said = _printable(before), _printable(said)
        if self._colour and said:
            said = f"{COLOURS[line.code // 100]}{said}{PLAIN}"
        after = f" {said}" if said else ""
        if rule:
            after += f" rule={rule}"
        if faults:
            after += " fault=" + ",".join(faults)
        return before + after


@lru_cache(4)
def _time_of_day(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%H:%M:%S")


def _printable(text: str) -> str:
    """Escape what could move a cursor or begin a line of its own."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _as_json(line: Line) -> str:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    told = line._asdict() | {"at": at, "reply": line.said, "code": line.code or None}
    return json.dumps(told, ensure_ascii=True)

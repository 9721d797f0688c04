"""Command lines: octets in, lines out (RFC 5321 section 2.3.8).

A reader returns None while it needs more, looks at each octet once, and keeps no more
than its limit, however much is sent.
"""

from __future__ import annotations

from functools import lru_cache

from mocksmtp.smtp.syntax import BareNewlines

SAID_OFTEN = frozenset(b"EHLO MAIL RCPT DATA RSET NOOP QUIT ehlo mail rcpt data rset noop quit".split())
"""How lines begin that come again and again, and hold no secret; some clients write them small."""

LAST = frozenset({b"DATA", b"QUIT"})
"""Commands behind which no other can stand."""

REMEMBERED = 4096
"""Lines whose parts are kept."""

TOO_LONG = object()
"""What ``LineReader.line`` returns for a line over the limit, once its end has come."""


Command = tuple[bytes, bytes, bytes]
"""A line without its CRLF, the verb, and the argument."""


@lru_cache(REMEMBERED)
def commands_in(data: bytes) -> tuple[Command, ...] | None:
    """Cut what one read brought into commands; None if it is anything but whole lines that are said often."""
    lines = data.split(b"\r\n")
    if lines.pop():
        return None
    commands: list[Command] = []
    for line in lines:
        name, _, argument = line.partition(b" ")
        if name not in SAID_OFTEN or b"\n" in line or b"\r" in line:
            return None
        if commands and commands[-1][1] in LAST:
            return None  # It is no command, or nobody hears it.
        # Trailing white space is tolerated (RFC 5321 section 4.1.1).
        commands.append((line, name.upper(), argument.strip(b" \t")))
    return tuple(commands)


class LineReader:
    """Holds what was received and not yet read, and cuts command lines from it.

    ``data`` is what was received, ``at`` where what is not yet read begins; once all of it is read
    ``data`` is empty.  ``bare`` is set by a line that a LF ended which stood alone, and was taken.
    """

    __slots__ = ("_as_crlf", "_end", "_overlong", "_seen", "at", "bare", "data")

    def __init__(self, bare_newlines: BareNewlines) -> None:
        self.data = b""
        self.at = 0
        self.bare = False
        self._seen = 0
        self._overlong = False
        self._as_crlf = bare_newlines is BareNewlines.AS_CRLF
        self._end = b"\n" if self._as_crlf else b"\r\n"

    def feed(self, data: bytes) -> None:
        """Take octets from the peer."""
        if not self.data:
            self.data = data
        else:
            self._seen -= self.at
            self.data, self.at = self.data[self.at :] + data, 0

    def line(self, limit: int) -> bytes | object | None:
        """Return the next line without its CRLF, None if its end has not come, or ``TOO_LONG``.

        ``limit`` is in octets with the CRLF.  The octets of an overlong line are thrown
        away as they come.
        """
        at, data = self.at, self.data
        if not data:
            return None
        end = data.find(self._end, self._seen if self._seen > at else at)
        if end < 0:
            self._keep_within(limit)
            return None
        line = data[at:end]
        next_at = end + len(self._end)
        if next_at == len(data):
            self.data, self.at, self._seen = b"", 0, 0
        else:
            self.at = self._seen = next_at
        if self._as_crlf:
            self.bare = not line.endswith(b"\r")
            line = line.removesuffix(b"\r")
        if next_at - at > limit or self._overlong:
            self._overlong = False
            return TOO_LONG
        return line

    def _keep_within(self, limit: int) -> None:
        pending = len(self.data) - self.at
        if pending > limit:
            # Only a CR that may be half of a CRLF still matters.
            self._overlong = True
            self.data, self.at = self.data[-1:], 0
        self._seen = max(self.at, len(self.data) - 1)

    def rest(self) -> bytes:
        """Hand over all that is left, for a reader of another kind."""
        data = self.data[self.at :] if self.at else self.data
        self.clear()
        return data

    def clear(self) -> None:
        """Throw away all that is left."""
        self.data, self.at, self._seen, self._overlong = b"", 0, 0, False

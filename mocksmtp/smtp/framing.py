"""Readers: octets in, a command line or mail data out (RFC 5321 sections 2.3.8 and 4.1.1.4, RFC 3030).

A reader returns None while it needs more, looks at each octet once, and keeps no more
than its limit, however much is sent.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mocksmtp.smtp.notes import BARE, UNSTUFFED
from mocksmtp.smtp.syntax import BareNewlines

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Receive

END_OF_DATA = b"\r\n.\r\n"
DOT = ord(".")
LINE_END = b"\r\n"

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
    ``data`` is empty.
    """

    __slots__ = ("_as_crlf", "_end", "_overlong", "_seen", "at", "data")

    def __init__(self, bare_newlines: BareNewlines) -> None:
        self.data = b""
        self.at = 0
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
        if self._as_crlf and line.endswith(b"\r"):
            line = line[:-1]
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


class MailData(Protocol):
    """Takes mail data in, however its end is told.

    ``size`` is the octets of content seen so far, in all chunks of a transaction and also
    those that are thrown away; ``flaws`` names what is wrong with it (``smtp/notes.py``).
    """

    @property
    def size(self) -> int:
        """Octets of content seen so far."""
        ...

    @property
    def flaws(self) -> tuple[str, ...]:
        """What is wrong with it; nothing, with nearly all mail data."""
        ...

    @property
    def struck(self) -> tuple[Receive, bytes] | None:
        """What strikes within it, and the octets behind; always None where nothing governs it."""
        ...

    def feed(self, data: bytes) -> bytes | None:
        """Take octets; return what follows the end, None if the end has not come."""
        ...

    def content(self) -> bytes | None:
        """Return the octets of the message so far, None if they were not kept."""
        ...


class DotReader:
    """Reads mail data up to CRLF.CRLF and undoes the dot-stuffing (RFC 5321 section 4.5.2).

    ``flaws`` tells of a CR or LF that stood alone and of dots that were not stuffed, ``size``
    the octets of content seen, also of those that were thrown away because they went over
    the limit.
    """

    __slots__ = ("_content", "_held", "_limit", "_newlines", "_skip", "_whole", "flaws", "size")
    struck: tuple[Receive, bytes] | None = None

    def __init__(self, limit: int, newlines: BareNewlines) -> None:
        self._content: BytesIO | None = None
        self._whole = b""
        # The CRLF that ended DATA is the first half of an end that comes at once.
        self._held = b"\r\n"
        self._skip = 2
        self._limit = limit
        self._newlines = newlines
        self.flaws: tuple[str, ...] = ()
        self.size = 0

    def feed(self, data: bytes) -> bytes | None:
        """Take octets; return what follows the end of mail data, None if the end has not come."""
        if self._skip and data[0] != DOT and 0 <= data.find(END_OF_DATA) == len(data) - len(END_OF_DATA):
            # All of it came at once and alone, as most messages do.
            self._skip = 0
            self._whole = data = self._checked(data[:-3])
            self.size = len(data)
            return b""
        data = self._held + data
        end = data.find(END_OF_DATA)
        if end >= 0:
            self._take(data[: end + 2])
            return data[end + 5 :]
        self._content = self._content or BytesIO()
        held = _may_begin_an_end(data)
        cut = len(data) - held
        self._held = data[cut:]
        if cut:
            self._take(data[:cut])
        return None

    def content(self) -> bytes | None:
        """Return the octets of the message, None if they went over the limit."""
        if self.size > self._limit:
            return None
        return self._whole if self._content is None else self._content.getvalue()

    def _checked(self, data: bytes) -> bytes:
        """Undo the dot-stuffing, and look for what stands alone."""
        # All line ends take two octets each, or one stands alone; counting them takes twice as long.
        lines = data.splitlines()
        ends = len(lines) if data[-1:] in LINE_END else len(lines) - 1
        if len(data) - len(b"".join(lines)) != 2 * ends:
            self._found(BARE)
        if b"\r\n." in data:
            if data.count(b"\r\n.") != data.count(b"\r\n.."):
                self._found(UNSTUFFED)
            data = data.replace(b"\r\n.", b"\r\n")
        if self.flaws and BARE in self.flaws and self._newlines is BareNewlines.AS_CRLF:
            # After the dots: what only now becomes CRLF was none when the dots were stuffed.
            data = _as_crlf(data)
        return data

    def _found(self, flaw: str) -> None:
        if flaw not in self.flaws:
            self.flaws += (flaw,)

    def _take(self, data: bytes) -> None:
        data = self._checked(data)
        if self._skip:
            data, self._skip = data[self._skip :], 0
        self.size += len(data)
        if self._content is None:
            self._whole = data
        elif self.size <= self._limit:
            self._content.write(data)
        elif self._content.tell():
            self._content = BytesIO()


class Chunk(NamedTuple):
    """What BDAT announces: how many octets follow the command, and whether they are the last."""

    octets: int
    last: bool


class ChunkReader:
    """Reads chunks of announced length, octet for octet (RFC 3030 section 2).

    One reader takes all chunks of a transaction: ``expect`` announces one, ``feed`` takes
    it.  With ``keep`` False the octets of a refused chunk are counted and thrown away.
    """

    __slots__ = ("_content", "_left", "bare", "size")
    struck: tuple[Receive, bytes] | None = None
    flaws: tuple[str, ...] = ()  # A CR or LF may stand anywhere in a chunk.

    def __init__(self, keep: bool = True) -> None:
        self._content = BytesIO() if keep else None
        self._left = 0
        self.size = 0

    def expect(self, octets: int) -> None:
        """Take so many octets more, at least one, before the end of this chunk."""
        self._left = octets

    def feed(self, data: bytes) -> bytes | None:
        """Take octets; return what follows the end of the chunk, None if the end has not come."""
        rest = None
        if len(data) >= self._left:
            data, rest = data[: self._left], data[self._left :]
        self._left -= len(data)
        self.size += len(data)
        if self._content is not None:
            self._content.write(data)
        return rest

    def content(self) -> bytes | None:
        """Return the octets of all chunks so far, None if they are thrown away."""
        return None if self._content is None else self._content.getvalue()


def _may_begin_an_end(data: bytes) -> int:
    """Count the octets at the end of ``data`` that may be the beginning of CRLF.CRLF."""
    for length in (4, 3, 2, 1):
        if data.endswith(END_OF_DATA[:length]):
            return length
    return 0


def _as_crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")

"""Mail data: octets in, the content of a message out (RFC 5321 sections 2.3.8 and 4.1.1.4, RFC 3030).

A reader returns None while it needs more, looks at each octet once, and keeps no more
than its limit, however much is sent.
"""

from __future__ import annotations

from io import BytesIO, IncrementalNewlineDecoder
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mocksmtp.smtp.notes import BARE, UNSTUFFED
from mocksmtp.smtp.syntax import BareNewlines

if TYPE_CHECKING:
    from mocksmtp.smtp.steps import Receive

END_OF_DATA = b"\r\n.\r\n"
DOT = ord(".")
LINE_END = b"\r\n"
ON_ITS_OWN = b"\r\n."
"""How a line begins that is stuffed, or ends mail data."""
WELL_ENDED = (None, "\r\n")
"""What ends lines where no CR or LF stands alone."""


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
        if (
            self._content is None and data[0] != DOT
            and 0 <= data.find(ON_ITS_OWN) == len(data) - len(END_OF_DATA) and data[-2:] == LINE_END
        ):  # fmt: skip
            # All of it came at once and alone, and no dot begins a line, as with most messages.
            self._skip = 0
            self._whole = data = self._well_ended(data[:-3])
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
        if ON_ITS_OWN in data:
            if data.count(ON_ITS_OWN) != data.count(b"\r\n.."):
                self._found(UNSTUFFED)
            return self._well_ended(data.replace(ON_ITS_OWN, LINE_END))
        return self._well_ended(data)

    def _well_ended(self, data: bytes) -> bytes:
        """Look for a CR or LF that stands alone.

        After the dots: what only now becomes CRLF was none when the dots were stuffed.
        """
        # The quickest look at all line ends that Python has; splitting or counting takes more than twice as long.
        seen = IncrementalNewlineDecoder(None, False)
        seen.decode(data.decode("latin-1"), True)
        if seen.newlines not in WELL_ENDED:
            self._found(BARE)
        if self.flaws and BARE in self.flaws and self._newlines is BareNewlines.AS_CRLF:
            return _as_crlf(data)
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

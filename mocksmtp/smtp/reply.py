"""Replies: what the server says (RFC 5321 section 4.2, RFC 2034, RFC 3463)."""

from __future__ import annotations

LINE_LIMIT = 512
"""Octets of one reply line with its CRLF (RFC 5321 section 4.5.3.1.5)."""


class Reply:
    """One code, its lines of text and, where there is one, an enhanced status code.

    Treat it as a value: it is compared by content and never changed.  ``wire`` is
    what goes out, ``bare`` the same without the enhanced code, for a listener that
    hides ENHANCEDSTATUSCODES.  The first is made once, because most replies are
    constants that are sent many times.
    """

    __slots__ = ("_written", "code", "enhanced", "lines", "wire")

    def __init__(self, code: int, text: str | tuple[str, ...], enhanced: str = "", written: bool = False) -> None:
        """Take a code (200-599), one line of text or several, without CR or LF, and an enhanced code.

        ``written`` says that the user worded it: it is sent as written everywhere.
        """
        self.code = code
        self._written = written
        self.lines = lines = (text,) if isinstance(text, str) else text
        self.enhanced = enhanced
        if enhanced and text.__class__ is str:  # One is made for each message.
            self.wire = f"{code} {enhanced} {text}\r\n".encode()
        else:
            self.wire = _wire(code, lines, enhanced + " " if enhanced else "")

    @property
    def bare(self) -> bytes:
        """The same without the enhanced code, unless that was written by the user."""
        return _wire(self.code, self.lines, "") if self.enhanced and not self._written else self.wire

    @property
    def positive(self) -> bool:
        """Whether the code is a completion or an intermediate reply (2yz, 3yz)."""
        return self.code < 400

    @property
    def text(self) -> str:
        """The reply as a person reads it: ``553 5.1.3 first line / second line``."""
        if len(self.lines) == 1:
            return self.wire[:-2].decode()
        head = f"{self.code} {self.enhanced} " if self.enhanced else f"{self.code} "
        return head + " / ".join(self.lines)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Reply)
            and (self.code, self.lines, self.enhanced) == (other.code, other.lines, other.enhanced)
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.code, self.lines, self.enhanced))

    def __repr__(self) -> str:
        return f"Reply({self.code}, {self.lines!r}, {self.enhanced!r})"


def _wire(code: int, lines: tuple[str, ...], enhanced: str) -> bytes:
    if len(lines) == 1:
        return f"{code} {enhanced}{lines[0]}\r\n".encode()
    *first, last = lines
    text = "".join(f"{code}-{enhanced}{line}\r\n" for line in first)
    return f"{text}{code} {enhanced}{last}\r\n".encode()

"""Command lines from octets."""

from __future__ import annotations

import pytest

from mocksmtp.smtp.framing import TOO_LONG, LineReader
from mocksmtp.smtp.syntax import BareNewlines

REJECT, ACCEPT, AS_CRLF = BareNewlines.REJECT, BareNewlines.ACCEPT, BareNewlines.AS_CRLF

LINES = [
    # newlines, pieces, limit, lines, rest
    (REJECT, [b"a\r\nb\r\nc"], 10, [b"a", b"b"], b"c"),
    (REJECT, [b"a", b"\r", b"\n", b"b\r\n"], 10, [b"a", b"b"], b""),
    (REJECT, [b"a\nb\rc\r\n"], 10, [b"a\nb\rc"], b""),
    (REJECT, [b"\r\n\r\n"], 10, [b"", b""], b""),
    # The limit counts the CRLF.
    (REJECT, [b"12345678\r\n"], 10, [b"12345678"], b""),
    (REJECT, [b"123456789\r\n"], 10, [TOO_LONG], b""),
    (REJECT, [b"12345678", b"9", b"\r", b"\nb\r\n"], 10, [TOO_LONG, b"b"], b""),
    (REJECT, [b"1234567890123", b"\r", b"\nb\r\n"], 10, [TOO_LONG, b"b"], b""),
    (REJECT, [b"1234567890123\r", b"\nb\r\n"], 10, [TOO_LONG, b"b"], b""),
    # A line feed ends a line only as CRLF.
    (ACCEPT, [b"a\nb\r\n"], 10, [b"a\nb"], b""),
    (AS_CRLF, [b"a\nb\r\nc"], 10, [b"a", b"b"], b"c"),
    (AS_CRLF, [b"a\r", b"\nb\n"], 10, [b"a", b"b"], b""),
    (AS_CRLF, [b"1234567890123", b"456\nb\n"], 10, [TOO_LONG, b"b"], b""),
]


@pytest.mark.parametrize(("newlines", "pieces", "limit", "lines", "rest"), LINES)
def test_lines(newlines: BareNewlines, pieces: list[bytes], limit: int, lines: list[object], rest: bytes) -> None:
    """Lines come out as their ends come in."""
    reader = LineReader(newlines)
    found = []
    for piece in pieces:
        reader.feed(piece)
        while (line := reader.line(limit)) is not None:
            found.append(line)
    assert found == lines
    assert reader.rest() == rest
    assert reader.rest() == b""


def test_clear() -> None:
    """Nothing is left, not even that a line was too long."""
    reader = LineReader(REJECT)
    reader.feed(b"x" * 50)
    assert reader.line(10) is None
    reader.clear()
    reader.feed(b"a\r\n")
    assert reader.line(10) == b"a"


def test_an_endless_line_is_not_kept() -> None:
    """What is kept of a line stays within its limit."""
    reader = LineReader(REJECT)
    for _ in range(100):
        reader.feed(b"x" * 1000)
        assert reader.line(10) is None
    assert len(reader.rest()) <= 10

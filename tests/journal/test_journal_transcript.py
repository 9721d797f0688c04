"""Transcripts: notes in, lines out."""

from __future__ import annotations

import pytest

from mocksmtp.journal import Entry, transcript
from mocksmtp.smtp.notes import BARE_LINE, CLOSED, GONE, HALF_CLOSED, OVERLONG, RESET, SENT

TRANSCRIPTS = [
    ([], []),
    ([1.5, SENT, b"220 hi\r\n"], [(1.5, "server", "220 hi")]),
    ([1.0, b"NOOP", 2.0, b"QUIT"], [(1.0, "client", "NOOP"), (2.0, "client", "QUIT")]),
    # Several replies that left in one write.
    ([1.0, b"A", b"B", SENT, b"250-x\r\n250 y\r\n500 z\r\n"], [
        (1.0, "client", "A"), (1.0, "client", "B"),
        (1.0, "server", "250-x"), (1.0, "server", "250 y"), (1.0, "server", "500 z"),
    ]),
    # What a fault left of a reply.
    ([1.0, SENT, b"250 O"], [(1.0, "server", "250 O (without a line end)")]),
    ([1.0, SENT, b"250 O\n\x00K\r\n"], [(1.0, "server", "250 O\\n\\x00K")]),
    ([1.0, SENT, b"\xff\r\n"], [(1.0, "server", "\\xff")]),
    # Control octets and other tricks of a client.
    ([1.0, b"\x1b[2J"], [(1.0, "client", "\\x1b[2J")]),
    ([1.0, "\u202eü".encode()], [(1.0, "client", "\\u202eü")]),
    # What happened.
    ([1.0, 0], [(1.0, "data", "0 octets of mail data")]),
    ([1.0, OVERLONG], [(1.0, "overlong", "a line over the limit, thrown away")]),
    ([1.0, CLOSED], [(1.0, "closed", "we closed the connection")]),
    ([1.0, RESET], [(1.0, "reset", "we reset the connection")]),
    ([1.0, BARE_LINE, b"NOOP"], [(1.0, "bare_line", "a line that ends with a bare LF"), (1.0, "client", "NOOP")]),
    ([1.0, HALF_CLOSED], [(1.0, "half_closed", "we ended our half of the connection")]),
    ([2.0, GONE], [(2.0, "gone", "the connection is gone")]),
    ([1.0, ("tls", "1.3", "X", None)], [(1.0, "tls", "TLS 1.3, X")]),
    ([1.0, ("tls", "1.2", "X", "a.test")], [(1.0, "tls", "TLS 1.2, X, for a.test")]),
    ([1.0, ("auth", "PLAIN", "alice")], [(1.0, "auth", "logged in as alice by PLAIN")]),
    ([1.0, ("xclient", "192.0.2.1", "ADDR=203.0.113.9 NAME=[UNAVAILABLE]")], [
        (1.0, "xclient", "introduced by 192.0.2.1: ADDR=203.0.113.9 NAME=[UNAVAILABLE]"),
    ]),
    ([1.0, ("fault", "rcpt", "drip")], [(1.0, "fault", "rcpt: drip")]),
    ([1.0, ("decided", "rcpt", "r", ("r",))], [(1.0, "decided", "rcpt: r decided")]),
    ([1.0, ("decided", "rcpt", "r", ("q", "r"))], [(1.0, "decided", "rcpt: r decided; q matched")]),
    ([1.0, ("decided", "rcpt", None, ("q",))], [(1.0, "decided", "rcpt: nobody decided; q matched")]),
]  # fmt: skip


@pytest.mark.parametrize(("notes", "lines"), TRANSCRIPTS)
def test_a_transcript(notes, lines):
    assert list(transcript(notes)) == [Entry(*line) for line in lines]
    assert all(line[2].isprintable() for line in lines)

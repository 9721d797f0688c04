"""Mail data from octets: up to the dot, and chunk by chunk."""

from __future__ import annotations

import pytest

from mocksmtp.smtp.mail_data import ChunkReader, DotReader
from mocksmtp.smtp.notes import BARE
from mocksmtp.smtp.syntax import BareNewlines

REJECT, ACCEPT, AS_CRLF = BareNewlines.REJECT, BareNewlines.ACCEPT, BareNewlines.AS_CRLF

DATA = [
    # newlines, stream, content, bare, rest
    (REJECT, b".\r\n", b"", False, b""),
    (REJECT, b".\r\n\r\n.\r\n", b"", False, b"\r\n.\r\n"),
    (REJECT, b"a\r\n.\r\nQUIT", b"a\r\n", False, b"QUIT"),
    (REJECT, b"..\r\n.\r\n", b".\r\n", False, b""),
    (REJECT, b".a\r\n.\r\n", b"a\r\n", False, b""),
    (REJECT, b"\r\n\r\n.\r\n", b"\r\n\r\n", False, b""),
    (REJECT, b"a\n.\r\n.\r\n", b"a\n.\r\n", True, b""),
    (REJECT, b"\ra\r\n.\r\n", b"\ra\r\n", True, b""),
    (REJECT, b".\n.\r\n\r\n.\r\n", b"\n.\r\n\r\n", True, b""),
    (ACCEPT, b"a\r\r\n.\r\n", b"a\r\r\n", True, b""),
    (AS_CRLF, b"a\nb\rc\r\n.\r\n", b"a\r\nb\r\nc\r\n", True, b""),
    (AS_CRLF, b"\n\r\n.\r\n", b"\r\n\r\n", True, b""),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(("newlines", "stream", "content", "bare", "rest"), DATA)
def test_mail_data(
    newlines: BareNewlines, stream: bytes, content: bytes, bare: bool, rest: bytes, size: int
) -> None:
    """Mail data ends with CRLF.CRLF and nothing else."""
    reader = DotReader(1000, newlines)
    for at in range(0, len(stream), size):
        behind = reader.feed(stream[at : at + size])
        if behind is not None:
            break
    assert behind is not None
    assert behind + stream[at + size :] == rest
    assert (reader.content(), BARE in reader.flaws) == (content, bare)


@pytest.mark.parametrize(("newlines", "stream", "content", "bare", "rest"), DATA)
def test_mail_data_in_two(newlines: BareNewlines, stream: bytes, content: bytes, bare: bool, rest: bytes) -> None:
    """Wherever it is cut."""
    for at in range(1, len(stream)):
        reader = DotReader(1000, newlines)
        behind = reader.feed(stream[:at])
        behind = reader.feed(stream[at:]) if behind is None else behind + stream[at:]
        assert (behind, reader.content(), BARE in reader.flaws) == (rest, content, bare)


def test_mail_data_over_the_limit() -> None:
    """Octets over the limit are counted and thrown away, and the end is still found."""
    reader = DotReader(10, REJECT)
    for _ in range(5):
        assert reader.feed(b"12345678\r\n") is None
    assert reader.feed(b".\r\nNOOP") == b"NOOP"
    assert reader.content() is None
    assert reader.size == 50


CHUNKS = [
    # pieces, octets announced, content, rest
    ([b"abc"], [3], b"abc", b""),
    ([b"a", b"b", b"cNOOP"], [3], b"abc", b"NOOP"),
    ([b"\r\n.\r\n", b"\0"], [6], b"\r\n.\r\n\0", b""),
    ([b"abc", b"defg"], [3, 3], b"abcdef", b"g"),
]


@pytest.mark.parametrize(("pieces", "announced", "content", "rest"), CHUNKS)
def test_chunks(pieces: list[bytes], announced: list[int], content: bytes, rest: bytes) -> None:
    """A chunk ends with its last octet, and the next one goes on where it ended."""
    reader, left = ChunkReader(), iter(pieces)
    for octets in announced:
        reader.expect(octets)
        while (behind := reader.feed(next(left))) is None:
            continue
    assert behind == rest
    assert (reader.content(), reader.size, reader.flaws) == (content, len(content), ())


def test_a_refused_chunk_is_counted_and_not_kept() -> None:
    """Its octets go by."""
    reader = ChunkReader(keep=False)
    reader.expect(10**20)
    assert reader.feed(b"x" * 1000) is None
    assert (reader.content(), reader.size) == (None, 1000)

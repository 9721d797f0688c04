"""The PROXY header: a table of what is read from which octets, and what cutting the stream changes: nothing."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.net.proxy import (
    LONGEST_BLOCK,
    NO_HEADER,
    SIGNATURE,
    Client,
    Header,
    Malformed,
    crc32c,
    read_header,
)

V4 = Client("192.0.2.1", 56324)
V6 = Client("2001:db8::1", 56324)
IPV4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.2") + struct.pack("!HH", 56324, 25)


def ipv6(source):
    return (
        socket.inet_pton(socket.AF_INET6, source)
        + socket.inet_pton(socket.AF_INET6, "2001:db8::2")
        + struct.pack("!HH", 56324, 25)
    )


def block(command, kind, content, length=None):
    """A header of version 2."""
    return SIGNATURE + struct.pack("!BBH", command, kind, len(content) if length is None else length) + content


def tlv(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


def summed(content):
    """A header with its checksum behind the addresses."""
    zeroed = block(0x21, 0x11, content + tlv(3, bytes(4)))
    return block(0x21, 0x11, content + tlv(3, struct.pack("!I", crc32c(zeroed))))


def line(text):
    return text.encode() + b"\r\n"


WHOLE = [
    # Version 1 (section 2.1).
    (line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 25"), V4),
    (line("PROXY TCP6 2001:db8::1 2001:db8::2 56324 25"), V6),
    (line("PROXY TCP6 2001:DB8:0:0:0:0:0:1 2001:db8::2 56324 25"), V6),
    (line("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 56324 25"), V4),
    (line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 0"), Client("255.255.255.255", 65535)),
    (line("PROXY UNKNOWN"), None),
    (line("PROXY UNKNOWN what follows is ignored"), None),
    (line("PROXY UNKNOWN " + " ".join(["ffff:" * 7 + "ffff"] * 2) + " 65535 65535"), None),
    # Version 2 (section 2.2).
    (block(0x21, 0x11, IPV4), V4),
    (block(0x21, 0x21, ipv6("2001:db8::1")), V6),
    (block(0x21, 0x21, ipv6("::ffff:192.0.2.1")), V4),
    # TLVs are skipped: the name that TLS asked for, padding, one of nobody's.
    (block(0x21, 0x11, IPV4 + tlv(2, b"mx.test") + tlv(4, bytes(300)) + tlv(0xEE, b"")), V4),
    (summed(IPV4), V4),
    (summed(IPV4 + tlv(2, b"mx.test")), V4),
    # What has no address of an IP client leaves the connection its own.
    (block(0x20, 0x00, b""), None),
    (block(0x20, 0x11, IPV4), None),
    (block(0x20, 0x11, b"short"), None),
    (block(0x21, 0x00, b""), None),
    (block(0x21, 0x00, tlv(2, b"mx.test")), None),
    (block(0x21, 0x12, IPV4), None),
    (block(0x21, 0x31, bytes(216)), None),
    (block(0x20, 0x00, bytes(LONGEST_BLOCK - 16)), None),
]

WRONG = [
    # Not the beginning of one.
    (b"EHLO me.test\r\n", NO_HEADER.reason),
    (b"PROXYTCP4", NO_HEADER.reason),
    (b"proxy TCP4 192.0.2.1 198.51.100.2 56324 25\r\n", NO_HEADER.reason),
    (b"\r\n\r\n\x00\r\nQUIT\r", NO_HEADER.reason),
    (b"\x16\x03\x01\x02\x00\x01", NO_HEADER.reason),
    # Version 1.
    (line("PROXY "), "the PROXY line is malformed"),
    (line("PROXY TCP5 192.0.2.1 198.51.100.2 56324 25"), "the PROXY line is malformed"),
    (line("PROXY TCP4 192.0.2.1  198.51.100.2 56324 25"), "the PROXY line is malformed"),
    (line("PROXY TCP4 192.0.2.1 198.51.100.2 56324"), "the PROXY line is malformed"),
    (line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 25 "), "the PROXY line is malformed"),
    (line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 +25"), "the PROXY line is malformed"),
    (line("PROXY UNKNOWNS"), "the PROXY line is malformed"),
    (b"PROXY TCP4 192.0.2.1 198.51.100.2\n56324 25\r\n", "the PROXY line is malformed"),
    (line("PROXY TCP4 2001:db8::1 2001:db8::2 56324 25"), "the PROXY line has a wrong address"),
    (line("PROXY TCP6 192.0.2.1 198.51.100.2 56324 25"), "the PROXY line has a wrong address"),
    (line("PROXY TCP4 192.0.2.256 198.51.100.2 56324 25"), "the PROXY line has a wrong address"),
    (line("PROXY TCP4 192.0.2.01 198.51.100.2 56324 25"), "the PROXY line has a wrong address"),
    (line("PROXY TCP4 192.0.2.1 198.51.100.2 65536 25"), "the PROXY line has a wrong port"),
    (line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 99999"), "the PROXY line has a wrong port"),
    (b"PROXY UNKNOWN " + b"x" * 93, "the PROXY line is too long"),
    (b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n", "the PROXY line is too long"),
    # Version 2.
    (block(0x11, 0x11, IPV4), "the PROXY header has an unknown version, command or family"),
    (block(0x22, 0x11, IPV4), "the PROXY header has an unknown version, command or family"),
    (block(0x21, 0x41, IPV4), "the PROXY header has an unknown version, command or family"),
    (block(0x21, 0x13, IPV4), "the PROXY header has an unknown version, command or family"),
    (block(0x21, 0x11, IPV4[:-1]), "the PROXY header is too short for its addresses"),
    (block(0x21, 0x21, IPV4), "the PROXY header is too short for its addresses"),
    (block(0x21, 0x31, IPV4), "the PROXY header is too short for its addresses"),
    (block(0x21, 0x11, b"", LONGEST_BLOCK - 15), "the PROXY header is too long"),
    (block(0x20, 0x00, b"", 0xFFFF), "the PROXY header is too long"),
    (block(0x21, 0x11, IPV4 + b"\x02"), "the PROXY header has a broken TLV"),
    (block(0x21, 0x11, IPV4 + b"\x02\x00"), "the PROXY header has a broken TLV"),
    (block(0x21, 0x11, IPV4 + b"\x02\x00\x04abc"), "the PROXY header has a broken TLV"),
    (block(0x21, 0x11, IPV4 + tlv(3, bytes(4))), "the PROXY header has a wrong checksum"),
    (block(0x21, 0x11, IPV4 + tlv(3, b"")), "the PROXY header has a wrong checksum"),
    (summed(IPV4).replace(b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"), "the PROXY header has a wrong checksum"),
]

BEHIND = st.sampled_from([b"", b"\r\n", b"EHLO me.test\r\n", b"\x16\x03\x01", SIGNATURE, b"PROXY UNKNOWN\r\n"])


def in_pieces(stream, cuts):
    """What is read as the stream grows to each cut, and to its end; nothing more once something was read."""
    for end in [*sorted(cuts), len(stream)]:
        found = read_header(stream[:end])
        if found is not None:
            return found
    return None


@pytest.mark.parametrize(("octets", "client"), WHOLE)
def test_a_whole_header(octets, client):
    assert read_header(octets) == Header(client, len(octets))


@pytest.mark.parametrize(("octets", "reason"), WRONG)
def test_what_is_no_header(octets, reason):
    assert read_header(octets) == Malformed(reason)


@given(st.sampled_from(WHOLE), BEHIND)
def test_what_stands_behind_a_header_is_not_looked_at(case, behind):
    octets, client = case
    assert read_header(octets + behind) == Header(client, len(octets))


@given(st.sampled_from(WHOLE), st.data())
def test_a_part_of_a_header_asks_for_more(case, data):
    octets, _ = case
    assert read_header(octets[: data.draw(st.integers(0, len(octets) - 1))]) is None


@given(st.sampled_from([*WHOLE, *WRONG]), BEHIND, st.lists(st.integers(0, 600), max_size=5))
def test_any_cut_of_the_stream_gives_the_same(case, behind, cuts):
    octets, wanted = case
    stream = octets + behind
    found = in_pieces(stream, [cut for cut in cuts if cut < len(stream)])
    assert found == in_pieces(stream, range(len(stream)))
    assert found == (Malformed(wanted) if isinstance(wanted, str) else Header(wanted, len(octets)))


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11"])
)
def test_no_input_raises_and_none_is_waited_for_beyond_the_limits(octets, begins):
    found = read_header(begins + octets)
    assert found is None or isinstance(found, (Header, Malformed))
    assert read_header(begins + octets + bytes(LONGEST_BLOCK)) is not None


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        # RFC 3720 appendix B.4.
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
    ],
)
def test_crc32c(data, checksum):
    assert crc32c(data) == checksum

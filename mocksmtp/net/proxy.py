"""The PROXY protocol, versions 1 and 2: octets in, the real client out (HAProxy's proxy-protocol.txt)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

LINE = b"PROXY "
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"

LONGEST_LINE = 107
"""Octets of a header of version 1, its CRLF included (section 2.1)."""

LONGEST_BLOCK = 4096
"""Octets of a header of version 2; most senders keep to 536, some tell of certificates (section 2.2)."""

TCP = re.compile(rb"PROXY TCP(?:(4)|6) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) ([0-9]{1,5}) ([0-9]{1,5})\r\n")
UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")
PORT_LIMIT = 65_535

LOCAL, PROXY = 0, 1
UNIX, DATAGRAM = 3, 2
"""The highest address family and transport that are defined."""

TCP4, TCP6 = 0x11, 0x21
ADDRESSES = {1: 12, 2: 36, 3: 216}
"""Octets of the addresses by family: IPv4, IPv6, UNIX."""

FIXED = 16
CHECKSUM = 0x03
"""The type of the TLV that holds a CRC-32C of the whole header (section 2.2.3)."""


class Client(NamedTuple):
    """Where a connection really comes from; a mapped address is an IPv4 address."""

    host: str
    port: int


class Header(NamedTuple):
    """A whole header of ``size`` octets; ``client`` is None where the connection speaks for itself."""

    client: Client | None
    size: int


class Malformed(NamedTuple):
    """What is no header, and never will be whatever follows."""

    reason: str


NO_HEADER = Malformed("what came first is no PROXY header")


def read_header(data: bytes) -> Header | Malformed | None:
    """Read the header that a connection begins with; None means that more is needed."""
    if data.startswith(LINE):
        return _read_line(data)
    if data.startswith(SIGNATURE):
        return _read_block(data)
    return None if LINE.startswith(data) or SIGNATURE.startswith(data) else NO_HEADER


def _read_line(data: bytes) -> Header | Malformed | None:
    """Version 1: one line of text."""
    end = data.find(b"\r\n", 0, LONGEST_LINE)
    if end < 0:
        return None if len(data) < LONGEST_LINE else Malformed("the PROXY line is too long")
    line = data[: end + 2]
    if UNKNOWN.fullmatch(line):
        return Header(None, len(line))
    match = TCP.fullmatch(line)
    if match is None:
        return Malformed("the PROXY line is malformed")
    family = IPv4Address if match[1] else IPv6Address
    try:
        source, _destination = family(match[2].decode()), family(match[3].decode())
        port, to_port = int(match[4]), int(match[5])
    except ValueError:
        return Malformed("the PROXY line has a wrong address")
    if max(port, to_port) > PORT_LIMIT:
        return Malformed("the PROXY line has a wrong port")
    return Header(Client(_shown(source), port), len(line))


def _read_block(data: bytes) -> Header | Malformed | None:
    """Version 2: sixteen octets, addresses, and TLVs, of which only the checksum is looked at."""
    if len(data) < FIXED:
        return None
    version, command = divmod(data[12], 16)
    family, transport = divmod(data[13], 16)
    size = FIXED + int.from_bytes(data[14:16], "big")
    if version != 2 or command > PROXY or family > UNIX or transport > DATAGRAM:
        return Malformed("the PROXY header has an unknown version, command or family")
    if size > LONGEST_BLOCK:
        return Malformed("the PROXY header is too long")
    if len(data) < size:
        return None
    # Of LOCAL, the sender's own health check, and of UNSPEC the rest is skipped unread.
    if command == LOCAL or family not in ADDRESSES:
        return Header(None, size)
    end = FIXED + ADDRESSES[family]
    if end > size:
        return Malformed("the PROXY header is too short for its addresses")
    wrong = _wrong_in_tlvs(data[:size], end)
    if wrong is not None:
        return wrong
    return Header(_source(data[13], data), size)


def _source(kind: int, data: bytes) -> Client | None:
    """Return the source address of a connection by TCP; of others the real connection's own stands."""
    if kind == TCP4:
        return Client(_shown(IPv4Address(data[16:20])), int.from_bytes(data[24:26], "big"))
    if kind == TCP6:
        return Client(_shown(IPv6Address(data[16:32])), int.from_bytes(data[48:50], "big"))
    return None


def _shown(address: IPv4Address | IPv6Address) -> str:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _wrong_in_tlvs(header: bytes, start: int) -> Malformed | None:
    while start < len(header):
        value = start + 3
        end = value + int.from_bytes(header[start + 1 : value], "big")
        if value > len(header) or end > len(header):
            return Malformed("the PROXY header has a broken TLV")
        if header[start] == CHECKSUM:
            zeroed = header[:value] + bytes(end - value) + header[end:]
            if end - value != 4 or crc32c(zeroed) != int.from_bytes(header[value:end], "big"):
                return Malformed("the PROXY header has a wrong checksum")
        start = end
    return None


def _remainder(octet: int) -> int:
    for _ in range(8):
        octet = octet >> 1 ^ (0x82F63B78 if octet & 1 else 0)
    return octet


REMAINDERS = tuple(map(_remainder, range(256)))


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (RFC 3720 appendix B.4) of at most a header."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc = crc >> 8 ^ REMAINDERS[(crc ^ octet) & 0xFF]
    return crc ^ 0xFFFFFFFF

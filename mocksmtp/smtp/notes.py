"""Notes: what was said in one session, both ways, as flat values that cost next to nothing to keep.

A note is one of these, in the order of the conversation:

* a float: the clock, at a read of the socket or as the session goes on after a pause;
* octets: a line from the client without its CRLF, and never a secret;
* ``SENT``, and behind it the octets that left;
* another whole number: so many octets of mail data ended here;
* a tuple of octets and octets: plain commands that came, with their CRLF, and what left at once in answer;
* another tuple: something that happened, its name first, as in ``("tls", "1.3", "TLS_AES_256_GCM_SHA384", None)``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

Note = float | int | bytes | tuple[object, ...]
Notes = list[Note] | deque[Note]

SENT = -1

OVERLONG = ("overlong",)
"""A line over the limit, which was thrown away as it came."""
BARE_LINE = ("bare_line",)
"""The line that follows ended with a LF that stood alone, and was taken all the same."""
CLOSED = ("closed",)
"""We ended the connection."""
RESET = ("reset",)
"""We reset it."""
HALF_CLOSED = ("half_closed",)
"""We ended our half of it."""
GONE = ("gone",)
"""The connection is no more."""

BARE, UNSTUFFED = "bare", "unstuffed"
"""What may be wrong with mail data: a CR or LF stands alone, a dot at the beginning of a line is not doubled."""

NOT_TAKEN: Notes = deque(maxlen=0)
"""Where notes go when nobody keeps them."""

MECHANISMS = frozenset(
    b"ANONYMOUS CRAM-MD5 DIGEST-MD5 EXTERNAL GSSAPI LOGIN NTLM OAUTHBEARER PLAIN SCRAM-SHA-1 "
    b"SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS XOAUTH2".split()
)
"""What may be shown behind AUTH; another word there may be a password in the wrong place."""

_AUTH = re.compile(rb"(\s*AUTH)\b[\s=]*(\S*)\s*(.*)", re.IGNORECASE | re.DOTALL)


def one_by_one(notes: Iterable[Note]) -> Iterator[Note]:
    """Yield notes as if nothing had been answered at once: each line that came, and what left, by itself."""
    for note in notes:
        match note:
            case (bytes(came), bytes(left)):
                yield from came.split(b"\r\n")[:-1]
                yield SENT
                yield left
            case _:
                yield note


def is_auth(line: bytes) -> bool:
    """Say whether a line is AUTH, or tries to be."""
    return _AUTH.match(line) is not None


def without_response(line: bytes) -> bytes:
    """Return an AUTH command as it may be noted: with its mechanism, without the initial response."""
    match = _AUTH.match(line)
    if match is None:
        return line
    verb, mechanism, response = match.groups()
    if mechanism.upper() not in MECHANISMS:
        mechanism, response = b"", mechanism + response
    return b" ".join(part for part in (verb.strip(), mechanism, hidden(response) if response else b"") if part)


def hidden(secret: bytes) -> bytes:
    """Return what is noted in place of a secret."""
    return secret if secret in (b"", b"*", b"=") else b"[%d octets not shown]" % len(secret)


def on_one_line(line: bytes) -> bytes:
    """Write bare line ends as they are written in source, so that one line stays one."""
    return line.replace(b"\r", b"\\r").replace(b"\n", b"\\n")

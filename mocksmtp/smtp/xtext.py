"""xtext: octets that a parameter may not hold, each as ``+`` and two hexadecimal digits (RFC 3461 section 4)."""

from __future__ import annotations

import re

from mocksmtp.smtp.grammar import XTEXT

_HEXCHAR = re.compile(rb"\+([0-9A-F]{2})")


def decoded(text: str) -> bytes | None:
    """Return the octets that were written as xtext; None for what is no xtext, or none at all."""
    if XTEXT.fullmatch(text) is None:
        return None
    return _HEXCHAR.sub(lambda found: bytes((int(found[1], 16),)), text.encode())


def printable(text: str) -> bool:
    """Say whether this is xtext of graphic characters and white space (RFC 3461 sections 4.2 and 4.4)."""
    octets = decoded(text)
    return octets is not None and all(32 <= octet <= 126 or octet == 9 for octet in octets)


def printable_utf8(text: str) -> bool:
    """Say whether this is xtext of UTF-8 that can be printed."""
    octets = decoded(text)
    try:
        return octets is not None and octets.decode().isprintable()
    except UnicodeDecodeError:
        return False

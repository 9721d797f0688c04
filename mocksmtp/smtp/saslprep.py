"""SASLprep: user names and passwords that look the same are the same (RFC 4013)."""

from __future__ import annotations

import stringprep
from unicodedata import ucd_3_2_0 as unicode_3_2

PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)
"""What may not stand in a prepared string (section 2.3)."""


def prepared(text: str) -> str:
    """Return the text as it is compared; unassigned code points are let through.  Raises ValueError."""
    if text.isascii() and text.isprintable():
        return text
    # Section 2.1: spaces of all kinds are one, and what is commonly mapped to nothing is left out.
    kept = (character for character in text if not stringprep.in_table_b1(character))
    mapped = "".join(" " if stringprep.in_table_c12(character) else character for character in kept)
    normal = unicode_3_2.normalize("NFKC", mapped)
    if any(prohibits(character) for character in normal for prohibits in PROHIBITED):
        raise ValueError("a character that may not stand in a user name or password")
    _check_directions(normal)
    return normal


def _check_directions(text: str) -> None:
    """RFC 3454 section 6: what runs from right to left does so from its first character to its last."""
    if not any(stringprep.in_table_d1(character) for character in text):
        return
    mixed = any(stringprep.in_table_d2(character) for character in text)
    if mixed or not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])):
        raise ValueError("characters of both directions")

"""xtext carries every octet, and nothing else is xtext."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.smtp.xtext import decoded, printable, printable_utf8


def encoded(octets: bytes) -> str:
    """Write octets as xtext, as a client does."""
    plain = set(range(33, 127)) - {ord("+"), ord("=")}
    return "".join(chr(octet) if octet in plain else f"+{octet:02X}" for octet in octets)


@given(st.binary(min_size=1))
def test_what_is_encoded_comes_back(octets: bytes) -> None:
    """Every octet is carried."""
    assert decoded(encoded(octets)) == octets


@given(st.text())
def test_no_text_raises(text: str) -> None:
    """What is no xtext is None."""
    assert printable(text) in (True, False)


@pytest.mark.parametrize("text", ["", "a b", "a=b", "+", "+4", "+4g", "+4a", "a+", "ü", "a\n", "+0A\n"])
def test_this_is_no_xtext(text: str) -> None:
    """Spaces, ``=``, and ``+`` without two upper-case digits."""
    assert decoded(text) is None


@pytest.mark.parametrize(
    ("text", "holds"),
    [("a+20b", True), ("a+09b", True), ("+7E", True), ("+7F", False), ("+0A", False), ("+80", False)],
)
def test_printable(text: str, holds: bool) -> None:
    """Graphic characters and white space of US-ASCII."""
    assert printable(text) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a+20b", True),
        ("+C3+BC", True),
        ("+C3", False),
        ("+BC+C3", False),
        ("+0A", False),
        ("+C2+85", False),
        ("", False),
    ],
)
def test_printable_utf8(text: str, holds: bool) -> None:
    """UTF-8 without controls."""
    assert printable_utf8(text) is holds

"""Passwords: right or wrong, alike where they look alike, and never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.smtp.credentials import comparable, knows, owner
from mocksmtp.smtp.profile import Authentication, Profile
from mocksmtp.smtp.saslprep import prepared

USERS = {"alice": "wonderland", "bob": "", "ix": "pass word"}


@pytest.mark.parametrize(
    ("name", "password", "right"),
    [
        ("alice", "wonderland", True),
        ("alice", "Wonderland", False),
        ("alice", "", False),
        ("bob", "", True),
        ("carol", "", False),
        ("carol", "wonderland", False),
        ("ⅸ", "pass\u3000word", True),
        ("alice\u00ad", "wonderland", True),
    ],
)
def test_a_password_is_right_or_wrong(name: str, password: str, right: bool) -> None:
    """Whoever it is."""
    assert knows(USERS, name, password) is right
    assert knows(None, name, password)


def test_a_password_names_its_owner() -> None:
    """One that is nobody's names nobody."""
    assert owner(USERS, "wonderland") == "alice"
    assert owner(USERS, "nobody's") is None


# RFC 4013 section 3, and what sections 2.3 and 2.4 forbid.
@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0627\u0628", "\u0627\u0628"),
        ("", ""),
        ("\u0221", "\u0221"),
    ],
)
def test_prepared(text: str, same_as: str) -> None:
    """Mapped and normalized; what Unicode 3.2 had not yet is left."""
    assert prepared(text) == same_as


@pytest.mark.parametrize("text", ["\u0007", "\u06271", "1\u0627", "\u0627a\u0628", "a\ue000", "\ufffd", "a\u200e"])
def test_not_to_be_prepared(text: str) -> None:
    """Control characters, private ones, and both directions in one."""
    with pytest.raises(ValueError, match="character"):
        prepared(text)
    assert comparable(text) == text


@given(st.text())
def test_preparing_twice_changes_nothing(text: str) -> None:
    """No text raises, and what is prepared stays."""
    once = comparable(text)
    assert comparable(once) == comparable(comparable(once))


def test_a_profile_does_not_show_its_passwords() -> None:
    """Neither in a log nor in a traceback."""
    assert "wonderland" not in repr(Profile(authentication=Authentication(users=USERS)))

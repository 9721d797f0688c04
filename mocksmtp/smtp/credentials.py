"""Who may log in, and whether a password is right: compared in constant time, never shown."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping

from mocksmtp.smtp.saslprep import prepared

Users = Mapping[str, str] | None
"""User names to passwords; None lets everybody in."""

Random = Callable[[int], bytes]
"""Gives that many octets which nobody can guess."""


def password_of(users: Mapping[str, str], name: str) -> str | None:
    """Return the password of a user, None where there is no such user."""
    found = users.get(name)
    return users.get(comparable(name)) if found is None else found


def knows(users: Users, name: str, password: str) -> bool:
    """Say whether this password is this user's; takes as long for an unknown user."""
    if users is None:
        return True
    expected = password_of(users, name)
    same = hmac.compare_digest(_digest(expected or ""), _digest(password))
    return same and expected is not None


def owner(users: Mapping[str, str], token: str) -> str | None:
    """Return the user whose password this is; all are compared, whichever it is."""
    found = [name for name in users if knows(users, name, token)]
    return found[0] if found else None


def comparable(text: str) -> str:
    """Prepare a text where it can be, else return it as it is."""
    try:
        return prepared(text)
    except ValueError:
        return text


def _digest(password: str) -> bytes:
    # Digests are of one length, so comparing them does not tell that of the password.
    return hashlib.sha256(comparable(password).encode("utf-8", "surrogatepass")).digest()

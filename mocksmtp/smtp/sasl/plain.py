"""PLAIN: identity, NUL, user name, NUL, password in one response (RFC 4616)."""

from __future__ import annotations

from mocksmtp.smtp.sasl import Dialogue, Malformed, Users, Verdict, knows, text_of

NAME = "PLAIN"
RANK = 10


def exchange(users: Users) -> Dialogue:
    """Ask for the one response, unless it came with AUTH."""
    response = yield None
    if response is None:
        response = yield b""
    parts = text_of(response or b"").split("\0")
    if len(parts) != 3 or not parts[1]:
        raise Malformed("authzid NUL authcid NUL passwd")
    _, name, password = parts
    return Verdict(name, knows(users, name, password))

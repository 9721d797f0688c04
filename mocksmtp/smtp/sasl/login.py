"""LOGIN: user name and password, each asked for (draft-murchison-sasl-login)."""

from __future__ import annotations

from mocksmtp.smtp.sasl import Dialogue, Users, Verdict, knows, text_of

NAME = "LOGIN"
RANK = 20


def exchange(users: Users) -> Dialogue:
    """Ask for the user name, unless it came with AUTH, then for the password."""
    name = yield None
    if name is None:
        name = yield b"Username:"
    password = yield b"Password:"
    user = text_of(name or b"")
    return Verdict(user, knows(users, user, text_of(password or b"")))

"""LOGIN: user name and password, each asked for (draft-murchison-sasl-login)."""

from __future__ import annotations

from mocksmtp.smtp.credentials import knows
from mocksmtp.smtp.mechanism import Dialogue, Mechanism, Terms, Verdict, text_of


def exchange(terms: Terms) -> Dialogue:
    """Ask for the user name, unless it came with AUTH, then for the password."""
    name = yield None
    if name is None:
        name = yield b"Username:"
    password = yield b"Password:"
    user = text_of(name or b"")
    return Verdict(user, knows(terms.users, user, text_of(password or b"")))


MECHANISM = Mechanism("LOGIN", exchange, rank=20)

"""PLAIN: identity, NUL, user name, NUL, password in one response (RFC 4616)."""

from __future__ import annotations

from mocksmtp.smtp.credentials import knows
from mocksmtp.smtp.mechanism import Dialogue, Malformed, Mechanism, Terms, Verdict, text_of


def exchange(terms: Terms) -> Dialogue:
    """Ask for the one response, unless it came with AUTH."""
    response = yield None
    if response is None:
        response = yield b""
    parts = text_of(response or b"").split("\0")
    if len(parts) != 3 or not parts[1]:
        raise Malformed("authzid NUL authcid NUL passwd")
    identity, name, password = parts
    # Nobody may act as somebody else (section 2).
    return Verdict(name, knows(terms.users, name, password) and identity in ("", name))


MECHANISM = Mechanism("PLAIN", exchange, rank=10)

"""CRAM-MD5: the client signs our challenge with its password (RFC 2195)."""

from __future__ import annotations

import hmac

from mocksmtp.smtp.credentials import password_of
from mocksmtp.smtp.mechanism import Dialogue, Malformed, Mechanism, Terms, TooEarly, Verdict, text_of


def exchange(terms: Terms) -> Dialogue:
    """Ask for user name, space and digest; whoever may come in may sign as he likes."""
    if (yield None) is not None:
        raise TooEarly("the server speaks first")
    challenge = f"<{terms.random(16).hex()}@{terms.hostname}>".encode()
    name, space, digest = text_of((yield challenge) or b"").rpartition(" ")
    if not space or not name:
        raise Malformed("user name, space, digest")
    if terms.users is None:
        return Verdict(name, True)
    password = password_of(terms.users, name)
    expected = hmac.new((password or "").encode(), challenge, "md5").hexdigest()
    same = hmac.compare_digest(expected.encode(), digest.encode())
    return Verdict(name, same and password is not None)


MECHANISM = Mechanism("CRAM-MD5", exchange, rank=30)

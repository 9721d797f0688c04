"""XOAUTH2: user name and bearer token in one response, as Google's and Microsoft's servers take it.

The token is the user's password.
"""

from __future__ import annotations

import re

from mocksmtp.smtp.credentials import knows
from mocksmtp.smtp.mechanism import Dialogue, Malformed, Mechanism, Terms, Verdict, text_of

RESPONSE = re.compile(r"user=([^\x01]+)\x01auth=Bearer +([^\x01]+)\x01\x01", re.IGNORECASE)
REASON = b'{"status":"401","schemes":"bearer","scope":"mail"}'


def exchange(terms: Terms) -> Dialogue:
    """Ask for the one response, unless it came with AUTH; a client that is refused is told why."""
    response = yield None
    if response is None:
        response = yield b""
    match = RESPONSE.fullmatch(text_of(response or b""))
    if match is None:
        raise Malformed("user=NAME ^A auth=Bearer TOKEN ^A ^A")
    return Verdict(match[1], knows(terms.users, match[1], match[2]), REASON)


MECHANISM = Mechanism("XOAUTH2", exchange, rank=50)

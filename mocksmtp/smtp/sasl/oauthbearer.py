"""OAUTHBEARER: a bearer token in one response (RFC 7628).  The token is the user's password."""

from __future__ import annotations

import re

from mocksmtp.smtp.credentials import Users, knows, owner
from mocksmtp.smtp.mechanism import Dialogue, Malformed, Mechanism, Terms, Verdict, text_of
from mocksmtp.smtp.scram import name_of

# client-resp = gs2-header kvsep *kvpair kvsep; gs2-header = gs2-cb-flag "," [authzid] "," (section 3.1)
RESPONSE = re.compile(r"([ny]|p=[^,\x01]+),(?:a=([^,\x01]+))?,\x01((?:[A-Za-z]+=[^\x01]*\x01)*)\x01")
BEARER = re.compile(r"Bearer +([!-~]+)", re.IGNORECASE)
INVALID_TOKEN = b'{"status":"invalid_token"}'
INVALID_REQUEST = b'{"status":"invalid_request"}'


def exchange(terms: Terms) -> Dialogue:
    """Ask for the one response, unless it came with AUTH; a client that is refused is told why (section 3.2.2)."""
    response = yield None
    if response is None:
        response = yield b""
    match = RESPONSE.fullmatch(text_of(response or b""))
    if match is None:
        raise Malformed("gs2-header ^A auth=Bearer TOKEN ^A ^A")
    flag, name = match[1], name_of(match[2] or "")
    pairs = dict(pair.split("=", 1) for pair in match[3].split("\x01") if pair)
    token = BEARER.fullmatch(pairs.get("auth", ""))
    if token is None or flag.startswith("p"):  # There is no channel to bind to in this mechanism.
        return Verdict(name, False, INVALID_REQUEST)
    identity, proven = _identify(terms.users, name, token[1])
    return Verdict(identity, proven, INVALID_TOKEN)


def _identify(users: Users, name: str, token: str) -> tuple[str, bool]:
    """Return who comes with this token; one that names nobody is asked for its owner."""
    if name or users is None:
        return name, knows(users, name, token)
    found = owner(users, token)
    return found or "", found is not None


MECHANISM = Mechanism("OAUTHBEARER", exchange, rank=60)

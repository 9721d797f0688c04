"""SCRAM: client and server prove to each other that they know the password (RFC 5802, RFC 7677)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from functools import lru_cache
from typing import NamedTuple

from mocksmtp.smtp.credentials import comparable, password_of
from mocksmtp.smtp.mechanism import Dialogue, Malformed, Terms, Verdict, text_of

ITERATIONS = 4096
"""RFC 7677 section 4: at least so many; a test need not wait for more."""
HASH = "sha256"
NOBODY = bytes(16)
"""The salt of the keys that stand in for those of a user nobody knows."""

# gs2-header = gs2-cbind-flag "," [authzid] ","; gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
# client-first-message-bare = username "," nonce ["," extensions]; reserved-mext must fail (section 7)
_NAME = r"(?:[^\x00=,]|=2C|=3D)+"
FIRST = re.compile(
    rf"((?:p=([A-Za-z0-9.-]+)|([ny])),(?:a=({_NAME}))?,)(n=({_NAME}),r=([!-+\--~]+)(?:,[a-ln-zA-Z]=[^\x00,]+)*)"
)
# client-final-message = channel-binding "," nonce ["," extensions] "," proof
FINAL = re.compile(r"(c=([A-Za-z0-9/+=]+),r=([!-+\--~]+)(?:,[a-zA-Z]=[^\x00,]+)*),p=([A-Za-z0-9/+=]+)")


class Keys(NamedTuple):
    """What a server keeps of a password."""

    stored: bytes
    server: bytes


@lru_cache(1024)
def keys(password: str, salt: bytes) -> Keys:
    """Derive the keys of a password (section 3); it takes about a millisecond, so they are kept."""
    salted = hashlib.pbkdf2_hmac(HASH, password.encode("utf-8", "surrogatepass"), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", HASH)
    return Keys(hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", HASH))


def salt_of(hostname: str, name: str) -> bytes:
    """Return the salt of a user: the same after a restart, and there for a user nobody knows."""
    return hashlib.sha256(f"{hostname}\0{name}".encode()).digest()[:16]


def name_of(text: str) -> str:
    """Undo saslname: ``=2C`` is a comma, ``=3D`` an equals sign; raises Malformed."""
    if re.search("=(?!2C|3D)", text):
        raise Malformed("= is not followed by 2C or 3D")
    return text.replace("=2C", ",").replace("=3D", "=")


def exchange(terms: Terms, plus: bool) -> Dialogue:
    """Exchange the four messages of section 5; ``plus`` is the variant that binds to the TLS channel."""
    response = yield None
    if response is None:
        response = yield b""
    first = FIRST.fullmatch(text_of(response or b""))
    if first is None:
        raise Malformed("client-first-message")
    header, binding, flag, identity, bare, name, nonce = first.groups()
    user = comparable(name_of(name))
    refused = Verdict(user, False, firm=True)
    channels = terms.binding(binding) if binding and terms.binding else (b"",)
    # Section 6: a client that thinks we cannot bind, while we can, has been lied to.
    if plus is not bool(binding) or not channels or (flag == "y" and terms.binds):
        return refused
    nonce += _base64(terms.random(18))
    salt = salt_of(terms.hostname, user)
    challenge = f"r={nonce},s={_base64(salt)},i={ITERATIONS}"
    final = FINAL.fullmatch(text_of((yield challenge.encode()) or b""))
    if final is None:
        raise Malformed("client-final-message")
    password = password_of(terms.users or {}, user)
    # The keys of nobody take as long as those of a user, which are kept as well.
    own = keys("", NOBODY) if password is None else keys(comparable(password), salt)
    signed = f"{bare},{challenge},{final[1]}".encode()
    bound = any(_same(final[2], _base64(header.encode() + channel)) for channel in channels)
    acts_for_itself = identity is None or name_of(identity) == name_of(name)
    proven = _proves(final[4], own.stored, signed) and password is not None
    if not (proven and bound and acts_for_itself and _same(final[3], nonce)):
        return refused
    if (yield f"v={_base64(hmac.digest(own.server, signed, HASH))}".encode()):
        raise Malformed("an empty response")  # RFC 4954 section 4: 235 carries no data, so 334 did.
    return Verdict(user, True)


def _proves(proof: str, stored: bytes, signed: bytes) -> bool:
    """Say whether ClientProof is ClientKey XOR ClientSignature, from the hash of ClientKey alone."""
    try:
        octets = base64.b64decode(proof, validate=True)
    except binascii.Error:
        return False
    signature = hmac.digest(stored, signed, HASH)
    if len(octets) != len(signature):
        return False
    client = bytes(a ^ b for a, b in zip(octets, signature, strict=True))
    return hmac.compare_digest(hashlib.sha256(client).digest(), stored)


def _same(said: str, own: str) -> bool:
    return hmac.compare_digest(said.encode(), own.encode())


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()

"""A SCRAM-SHA-256 client, written from RFC 5802 section 3 and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac


class ScramClient:
    """Says the client's two messages and checks the server's two."""

    def __init__(self, user: str, password: str, nonce: str, header: str = "n,,", channel: bytes = b"") -> None:
        self.password, self.nonce, self.header, self.channel = password, nonce, header, channel
        self.bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={nonce}"
        self.expected = b""

    def first(self) -> bytes:
        """Return client-first-message."""
        return (self.header + self.bare).encode()

    def final(self, server_first: bytes) -> bytes:
        """Return client-final-message, and keep the signature that must come back."""
        attributes = dict(pair.split("=", 1) for pair in server_first.decode().split(","))
        assert attributes["r"].startswith(self.nonce)
        assert len(attributes["r"]) > len(self.nonce)
        salt, rounds = base64.b64decode(attributes["s"]), int(attributes["i"])
        assert rounds >= 4096
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), salt, rounds)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        bound = base64.b64encode(self.header.encode() + self.channel).decode()
        without_proof = f"c={bound},r={attributes['r']}"
        signed = f"{self.bare},{server_first.decode()},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        self.expected = b"v=" + base64.b64encode(hmac.digest(server_key, signed, "sha256"))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

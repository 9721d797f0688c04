"""TLS for a listener: what a handshake is made with, and what it agreed on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from mocksmtp.net.certificates import Identity
from mocksmtp.smtp.conversation import Tls

VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:RSA+AESGCM"


Flawed = Callable[[str, str], "ServerContext"]
"""From the names of what is wrong with certificate and handshake, each of them or empty, to a context."""


@implementer(IOpenSSLServerConnectionCreator)
class ServerContext:
    """Makes the server side of each handshake; its OpenSSL context is finished and never changed.

    ``flawed`` returns another for what is to be wrong: a certificate, the versions, or both.
    """

    def __init__(self, context: SSL.Context, flawed: Flawed | None = None) -> None:
        self._context = context
        self.flawed = flawed

    def serverConnectionForTLS(self, _protocol: Any) -> SSL.Connection:
        """Return a connection for one handshake; Twisted asks for it under this name."""
        return SSL.Connection(self._context, None)


def server_context(
    identity: Identity | tuple[Path, Path],
    versions: Sequence[str],
    flawed: Flawed | None = None,
    ciphers: bytes = CIPHERS,
) -> ServerContext:
    """Make a context from PEM, or from the paths of certificate chain and key.

    Raises ValueError in plain words, with the path, for what cannot be used.
    """
    if not isinstance(identity, Identity):
        identity = read_identity(*identity)
    context = SSL.Context(SSL.TLS_METHOD)
    numbers = sorted(VERSIONS[version] for version in versions)
    context.set_min_proto_version(numbers[0])
    context.set_max_proto_version(numbers[-1])
    context.set_cipher_list(ciphers)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    leaf, *others = x509.load_pem_x509_certificates(identity.chain_pem)
    key: Any = load_pem_private_key(identity.key_pem, password=None)
    try:
        context.use_certificate(leaf)
        for other in others:
            context.add_extra_chain_cert(other)
        context.use_privatekey(key)
    except SSL.Error as error:
        raise ValueError(f"tls.certificate: OpenSSL refuses it: {error}") from None
    return ServerContext(context, flawed)


def read_identity(cert: Path, key: Path) -> Identity:
    """Read a certificate chain and its key.  Raises ValueError in plain words, with the path."""
    pems = []
    for path in (cert, key):
        try:
            pems.append(path.read_bytes())
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror}") from None
    try:
        leaf = x509.load_pem_x509_certificates(pems[0])[0]
    except ValueError:
        raise ValueError(f"{cert}: no certificate in PEM form") from None
    try:
        private = load_pem_private_key(pems[1], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{key}: no private key in PEM form without a password") from None
    if private.public_key() != leaf.public_key():
        raise ValueError(f"{key}: this key does not belong to {cert}")
    return Identity(pems[0], pems[1])


def describe(transport: Any) -> Tls:
    """Say what a finished handshake agreed on."""
    connection = transport.getHandle()
    sni = connection.get_servername()
    return Tls(
        version=connection.get_protocol_version_name().removeprefix("TLSv"),
        cipher=connection.get_cipher_name() or "",
        sni=sni.decode(errors="replace") if sni else None,
    )


def bindings(transport: Any, kind: str) -> tuple[bytes, ...]:
    """Return the channel bindings of a type that would do; none for a type this connection has not."""
    find = BINDINGS.get(kind)
    return find(transport.getHandle()) if find is not None else ()


def _exporter(connection: SSL.Connection) -> tuple[bytes, ...]:
    """RFC 9266; before TLS 1.3 it is safe under conditions only, which cannot be looked up here."""
    if connection.get_protocol_version_name() != "TLSv1.3":
        return ()
    return (connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b""),)


def _unique(connection: SSL.Connection) -> tuple[bytes, ...]:
    """RFC 5929 section 3: the first Finished message, the client's or, in a resumed session, ours."""
    if connection.get_protocol_version_name() == "TLSv1.3":
        return ()
    return tuple(filter(None, (connection.get_peer_finished(), connection.get_finished())))


def _server_end_point(connection: SSL.Connection) -> tuple[bytes, ...]:
    """RFC 5929 section 4: the certificate by the hash of its signature, but not by MD5 or SHA-1."""
    certificate = connection.get_certificate(as_cryptography=True)
    used = certificate.signature_hash_algorithm if certificate is not None else None
    if certificate is None or used is None:
        return ()
    return (certificate.fingerprint(SHA256() if isinstance(used, MD5 | SHA1) else used),)


BINDINGS: dict[str, Callable[[SSL.Connection], tuple[bytes, ...]]] = {
    "tls-exporter": _exporter,
    "tls-unique": _unique,
    "tls-server-end-point": _server_end_point,
}
"""Types of channel bindings, by their names in the registry of RFC 5056."""

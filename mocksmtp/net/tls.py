"""TLS for a listener: what a handshake is made with, and what it agreed on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from mocksmtp.net.certificates import Identity
from mocksmtp.smtp.conversation import Tls

VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:RSA+AESGCM"


@implementer(IOpenSSLServerConnectionCreator)
class ServerContext:
    """Makes the server side of each handshake; its OpenSSL context is finished and never changed."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def serverConnectionForTLS(self, _protocol: Any) -> SSL.Connection:
        """Return a connection for one handshake; Twisted asks for it under this name."""
        return SSL.Connection(self._context, None)


def server_context(identity: Identity | tuple[Path, Path], versions: Sequence[str]) -> ServerContext:
    """Make a context from PEM, or from the paths of certificate chain and key.

    Raises ValueError in plain words, with the path, for what cannot be used.
    """
    if not isinstance(identity, Identity):
        identity = _read(*identity)
    context = SSL.Context(SSL.TLS_METHOD)
    numbers = sorted(VERSIONS[version] for version in versions)
    context.set_min_proto_version(numbers[0])
    context.set_max_proto_version(numbers[-1])
    context.set_cipher_list(CIPHERS)
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
    return ServerContext(context)


def _read(cert: Path, key: Path) -> Identity:
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

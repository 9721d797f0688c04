"""TLS: mistakes in plain words, and what a handshake agreed on."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from mocksmtp.net.certificates import authority
from mocksmtp.net.tls import BINDINGS, VERSIONS, bindings, describe, server_context
from mocksmtp.smtp.conversation import Tls

BOTH = ["1.2", "1.3"]


@pytest.fixture(scope="module")
def identity():
    return authority(None, ["mx.test"], datetime.now(UTC)).identity


def locked(identity):
    how = serialization.BestAvailableEncryption(b"secret")
    key = load_pem_private_key(identity.key_pem, None)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def other(_identity):
    return authority(None, ["mx.test"], datetime.now(UTC)).identity.key_pem


MISTAKES = [
    (lambda i: None, lambda i: i.key_pem, "cert.pem: No such file or directory"),
    (lambda i: i.chain_pem, lambda i: None, "key.pem: No such file or directory"),
    (lambda i: b"text", lambda i: i.key_pem, "cert.pem: no certificate in PEM form"),
    (lambda i: i.chain_pem, lambda i: b"text", "key.pem: no private key in PEM form without a password"),
    (lambda i: i.chain_pem, locked, "key.pem: no private key in PEM form without a password"),
    (lambda i: i.chain_pem, other, "key.pem: this key does not belong to"),
]


@pytest.mark.parametrize(("cert", "key", "words"), MISTAKES, ids=[each[2] for each in MISTAKES])
def test_a_mistake_is_told_in_plain_words(tmp_path, identity, cert, key, words):
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    for path, octets in zip(paths, (cert(identity), key(identity)), strict=True):
        if octets is not None:
            path.write_bytes(octets)
    with pytest.raises(ValueError) as caught:
        server_context(paths, BOTH)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


class Handle:
    """What a transport hands out of a handshake."""

    def __init__(self, server):
        self.server = server

    def getHandle(self):
        return self.server


def server_side(identity, version):
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(VERSIONS[version])
    context.use_certificate(x509.load_pem_x509_certificate(identity.chain_pem))
    context.use_privatekey(load_pem_private_key(identity.key_pem, None))
    return SSL.Connection(context, None)


def handshake(server, client):
    server.set_accept_state()
    client.set_connect_state()
    done = set()
    while len(done) < 2:
        for side, peer in ((client, server), (server, client)):
            with suppress(SSL.WantReadError):
                side.do_handshake()
                done.add(side)
            with suppress(SSL.WantReadError):
                peer.bio_write(side.bio_read(65536))


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("sni", [None, "mx.test"])
def test_a_handshake_is_described(identity, version, sni):
    server = server_side(identity, version)
    client = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
    if sni:
        client.set_tlsext_host_name(sni.encode())
    handshake(server, client)
    assert describe(Handle(server)) == Tls(version, client.get_cipher_name(), sni)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_channel_is_bound_to_by_what_both_sides_know(identity, version):
    server = server_side(identity, version)
    client = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
    handshake(server, client)
    exporter = (client.export_keying_material(b"EXPORTER-Channel-Binding", 32, b""),)
    der = client.get_peer_certificate(as_cryptography=True).public_bytes(serialization.Encoding.DER)
    known = {kind: bindings(Handle(server), kind) for kind in (*BINDINGS, "tls-unheard-of")}
    assert known["tls-server-end-point"] == (hashlib.sha256(der).digest(),)
    assert known["tls-unheard-of"] == ()
    if version == "1.3":
        assert (known["tls-exporter"], known["tls-unique"]) == (exporter, ())
    else:
        assert known["tls-exporter"] == ()
        assert client.get_finished() in known["tls-unique"]

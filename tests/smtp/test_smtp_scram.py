"""SCRAM against the example of RFC 7677, and against a client that is written from RFC 5802 alone."""

from __future__ import annotations

import base64
import hmac
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scram_client import ScramClient

from mocksmtp.smtp import scram
from mocksmtp.smtp.mechanism import Malformed, Terms, Verdict
from mocksmtp.smtp.saslprep import prepared

NONCE = "rOprNGfwEbeRWgbNEkqO"
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def converse(terms: Terms, client: ScramClient, plus: bool = False) -> Verdict:
    """Let both talk to each other until there is a verdict."""
    dialogue = scram.exchange(terms, plus)
    next(dialogue)
    try:
        challenge = dialogue.send(client.first())
        challenge = dialogue.send(client.final(challenge))
        assert challenge == client.expected
        dialogue.send(b"")
    except StopIteration as end:
        return end.value
    raise AssertionError("there is a verdict after three messages")


def terms_of(**users: str) -> Terms:
    """Return what a mechanism works with, the dice always falling the same way."""
    return Terms(users, "mx.mock.test", bytes)


def test_the_example_of_rfc_7677() -> None:
    """Section 3: user ``user``, password ``pencil``."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    bare = f"n=user,r={NONCE}"
    server = f"r={NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    final = f"c=biws,r={NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    signed = f"{bare},{server},{final}".encode()
    own = scram.keys("pencil", salt)
    assert scram._proves("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", own.stored, signed)
    signature = base64.b64encode(hmac.digest(own.server, signed, "sha256"))
    assert signature == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@settings(max_examples=25, deadline=None)
@given(names, names)
def test_whoever_knows_the_password_comes_in(user: str, password: str) -> None:
    """Commas and equals signs in the name included."""
    assert converse(Terms({user: password}, "mx.mock.test", bytes), ScramClient(user, password, NONCE)) == (
        user, True, b"", False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("user", "password", "header"),
    [
        ("alice", "wrong", "n,,"),
        ("carol", "wonderland", "n,,"),
        ("alice", "", "n,,"),
        ("alice", "wonderland", "n,a=bob,"),
    ],
)
def test_whoever_does_not_is_refused_for_good(user: str, password: str, header: str) -> None:
    """A wrong password, a user nobody knows, a wish to act as somebody else."""
    verdict = converse(terms_of(alice="wonderland"), ScramClient(user, password, NONCE, header))
    assert (verdict.proven, verdict.firm) == (False, True)


def test_what_looks_the_same_is_the_same() -> None:
    """A name and a password are compared as SASLprep has them (RFC 4013)."""
    client = ScramClient("ⅸ\u00ad", prepared("ªb"), NONCE)
    assert converse(terms_of(IX="unused", ix="ab"), client).identity == "ix"


@pytest.mark.parametrize(
    ("kind", "channel", "proven"),
    [("tls-exporter", b"own", True), ("tls-exporter", b"other", False), ("tls-unique", b"second", True)],
)
def test_the_channel_is_bound(kind: str, channel: bytes, proven: bool) -> None:
    """Any of the values that would do."""
    channels = {"tls-exporter": (b"own",), "tls-unique": (b"first", b"second")}
    terms = terms_of(alice="wonderland")._replace(binding=partial(channels.get), binds=True)
    client = ScramClient("alice", "wonderland", NONCE, f"p={kind},,", channel)
    assert converse(terms, client, plus=True).proven is proven


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_response_raises_anything_but_malformed(first: bytes, final: bytes) -> None:
    """Whatever a client says, it is told."""
    dialogue = scram.exchange(terms_of(alice="wonderland"), False)
    next(dialogue)
    with suppress(Malformed, StopIteration):
        dialogue.send(first)
        dialogue.send(final)


def test_a_salt_stays_and_differs_between_users() -> None:
    """The same after a restart, and there for everybody."""
    assert scram.salt_of("mx", "alice") == scram.salt_of("mx", "alice")
    assert len({scram.salt_of(host, name) for host in ("mx", "my") for name in ("alice", "bob")}) == 4

"""Flawed certificates: each is refused for exactly the thing it is named for, and good in all others."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import get_args, get_type_hints

import pytest
from cryptography import x509
from OpenSSL import SSL

from mocksmtp.faults.certificate import Certificate
from mocksmtp.net import flaws
from mocksmtp.net.certificates import Authority, Identity, authority
from mocksmtp.net.flaws import CERTIFICATES, Flaws

NAMES = ["mx.test", "127.0.0.1"]
NOW = datetime.now(UTC)
NO_CHECK_TIME = 0x200000


@pytest.fixture(scope="module")
def made():
    return authority(None, NAMES, NOW)


@pytest.fixture
def flawed(made):
    return Flaws(made, NAMES, ["1.2", "1.3"], lambda: NOW)


def shake(client, context, name="mx.test"):
    """Do a handshake in memory; return the version, or raise what the client raises."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(back, there, server_hostname=name)
    theirs = context.serverConnectionForTLS(None)
    theirs.set_accept_state()
    for _ in range(10):
        with suppress(ssl.SSLWantReadError):
            ours.do_handshake()
            return ours.version()
        if octets := there.read():
            theirs.bio_write(octets)
        with suppress(SSL.Error):  # It has more to read, or says so in an alert.
            theirs.do_handshake()
        with suppress(SSL.WantReadError):
            back.write(theirs.bio_read(65536))
    raise AssertionError("no end to the handshake")


def trusting(*pems):
    return ssl.create_default_context(cadata="".join(pem.decode() for pem in pems))


def no_time(client, _identity):
    client.verify_flags |= NO_CHECK_TIME


def no_name(client, _identity):
    client.check_hostname = False


def trust_it(client, identity):
    client.load_verify_locations(cadata=identity.chain_pem.decode())


def weak(client, _identity):
    client.set_ciphers("DEFAULT:@SECLEVEL=0")


KINDS = [
    ("expired", "certificate has expired", no_time),
    ("not_yet_valid", "certificate is not yet valid", no_time),
    ("wrong_name", "Hostname mismatch", no_name),
    ("self_signed", "self-signed certificate", trust_it),
    ("unknown_ca", "self-signed certificate in certificate chain", trust_it),
    ("weak_key", "EE certificate key too weak", weak),
]


@pytest.mark.parametrize(("kind", "words", "mend"), KINDS)
def test_one_thing_is_wrong_and_all_others_are_good(made, flawed, kind, words, mend):
    context = flawed.context(made.identity, kind, "")
    client = trusting(made.ca_pem)
    client.verify_flags |= getattr(ssl, "VERIFY_X509_STRICT", 0)
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        shake(client, context)
    mend(client, flawed.identity(kind))
    assert shake(client, context) == "TLSv1.3"


def test_the_missing_intermediate_is_all_that_is_missing(made, flawed, monkeypatch):
    between = []
    make = flaws.make_authority
    monkeypatch.setattr(flaws, "make_authority", lambda *args: between.append(make(*args)) or between[-1])
    context = flawed.context(made.identity, "missing_intermediate", "")
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"):
        shake(trusting(made.ca_pem), context)
    assert shake(trusting(made.ca_pem, between[0].pem), context) == "TLSv1.3"


@pytest.mark.parametrize("level", [1, 2])
def test_the_weak_key_is_too_weak_at_every_level_a_client_comes_with(made, flawed, level):
    client = trusting(made.ca_pem)
    client.set_ciphers(f"DEFAULT:@SECLEVEL={level}")
    with pytest.raises(ssl.SSLCertVerificationError, match="EE certificate key too weak"):
        shake(client, flawed.context(made.identity, "weak_key", ""))


@pytest.mark.parametrize(
    ("version", "handshake", "spoken"),
    [("1.3", "", "TLSv1.3"), ("1.2", "", "TLSv1.2"), ("1.2", "old_versions_only", "TLSv1.1")],
)
def test_the_weak_key_signs_in_every_version(made, version, handshake, spoken):
    client = trusting(made.ca_pem)
    client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    client.set_ciphers("ALL:@SECLEVEL=0")
    flawed = Flaws(made, NAMES, [version], lambda: NOW)
    assert shake(client, flawed.context(made.identity, "weak_key", handshake)) == spoken


def test_every_kind_that_a_rule_may_name_is_made(flawed):
    assert get_args(get_type_hints(Certificate)["value"]) == tuple(CERTIFICATES)


def test_they_are_made_once(made, flawed):
    one, same = (flawed.context(made.identity, "expired", "") for _ in range(2))
    other = flawed.context(made.identity, "expired", "old_versions_only")
    assert one is same is not other
    assert flawed.identity("expired") is flawed.identity("expired")


def leaf(identity):
    return x509.load_pem_x509_certificates(identity.chain_pem)[0]


def test_the_times_lie_well_on_the_wrong_side(flawed):
    assert leaf(flawed.identity("expired")).not_valid_after_utc == NOW.replace(microsecond=0) - timedelta(days=1)
    assert leaf(flawed.identity("not_yet_valid")).not_valid_before_utc > NOW + timedelta(days=300)


@pytest.mark.parametrize(
    ("names", "wrong"), [(["127.0.0.1", "a.test"], "wrong.a.test"), (["::1"], "wrong.invalid")]
)
def test_the_wrong_name_stands_below_the_first_right_one(names, wrong):
    identity = Flaws(authority(None, names, NOW), names, ["1.3"], lambda: NOW).identity("wrong_name")
    found = leaf(identity).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == [wrong]


def test_old_versions_are_all_that_is_spoken(made, flawed):
    context = flawed.context(made.identity, "", "old_versions_only")
    with pytest.raises(ssl.SSLError):
        shake(trusting(made.ca_pem), context)
    old = trusting(made.ca_pem)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.set_ciphers("ALL:@SECLEVEL=0")
    assert shake(old, context) == "TLSv1.1"


def test_where_the_certificate_is_right_the_listeners_own_is_shown(made, flawed):
    other = authority(None, NAMES, NOW)
    assert flawed.context(other.identity, "", "old_versions_only") is not flawed.context(
        made.identity, "", "old_versions_only"
    )


def test_the_key_of_the_authority_is_neither_shown_nor_told(made):
    assert "PRIVATE" not in made.ca_pem.decode()
    assert "ca=" not in repr(SimpleNamespace(made=made))


def test_without_the_key_nothing_can_be_signed():
    with pytest.raises(AssertionError):
        Flaws(Authority(b"", Identity(b"", b"")), NAMES, ["1.3"], lambda: NOW)

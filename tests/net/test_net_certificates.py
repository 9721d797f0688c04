"""The authority and its leaf: made, kept, renewed, and good for strict clients."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from cryptography import x509

from mocksmtp.net.certificates import LEAF_LIFE, RENEW_BEFORE, authority

NOW = datetime.now(UTC).replace(microsecond=0)
NAMES = ["mx.mock.test", "localhost", "127.0.0.1", "::1"]


def leaf_of(made):
    return x509.load_pem_x509_certificates(made.identity.chain_pem)[0]


def test_what_was_made_is_kept(tmp_path):
    data = tmp_path / "new" / "data"
    first, second = (authority(data, NAMES, NOW) for _ in range(2))
    assert first == second
    assert first.notes == []
    assert sorted(path.name for path in data.iterdir()) == ["ca.key", "ca.pem", "leaf.key", "leaf.pem"]


def test_keys_are_the_owners_alone(tmp_path):
    authority(tmp_path, NAMES, NOW)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("ca.key", "leaf.key")] == [0o600, 0o600]


def test_the_leaf_is_renewed_by_the_same_authority(tmp_path):
    first = authority(tmp_path, NAMES, NOW)
    before = NOW + LEAF_LIFE - RENEW_BEFORE - timedelta(seconds=1)
    assert authority(tmp_path, NAMES, before) == first
    later = authority(tmp_path, NAMES, before + timedelta(seconds=1))
    assert later.ca_pem == first.ca_pem
    assert leaf_of(later) != leaf_of(first)


def test_the_authority_is_renewed_before_a_leaf_would_outlive_it(tmp_path):
    first = authority(tmp_path, NAMES, NOW)
    later = authority(tmp_path, NAMES, NOW + timedelta(days=3650) - LEAF_LIFE)
    assert later.ca_pem != first.ca_pem
    leaf_of(later).verify_directly_issued_by(x509.load_pem_x509_certificate(later.ca_pem))


def test_other_names_get_another_certificate(tmp_path):
    first = authority(tmp_path, NAMES, NOW)
    fewer = authority(tmp_path, NAMES[:1], NOW)
    assert fewer.ca_pem == first.ca_pem
    assert leaf_of(fewer) != leaf_of(first)
    other = authority(tmp_path, ["other.test"], NOW)
    assert other.ca_pem != first.ca_pem
    names = leaf_of(other).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["other.test"]


@pytest.mark.parametrize("damaged", ["ca.pem", "ca.key", "leaf.pem", "leaf.key"])
def test_what_is_damaged_is_set_aside(tmp_path, damaged):
    authority(tmp_path, NAMES, NOW)
    (tmp_path / damaged).write_bytes(b"damaged")
    made = authority(tmp_path, NAMES, NOW)
    (note,) = made.notes
    assert "set aside" in note
    assert (tmp_path / f"{damaged}.bad").read_bytes() == b"damaged"
    again = authority(tmp_path, NAMES, NOW)
    assert (again.ca_pem, again.identity, again.notes) == (made.ca_pem, made.identity, [])


def test_a_key_of_another_certificate_is_set_aside(tmp_path):
    authority(tmp_path, NAMES, NOW)
    (tmp_path / "leaf.key").write_bytes((tmp_path / "ca.key").read_bytes())
    assert "do not belong together" in authority(tmp_path, NAMES, NOW).notes[0]


def test_what_may_not_be_set_aside_is_not_said_to_be(tmp_path, monkeypatch):
    authority(tmp_path, NAMES, NOW)
    (tmp_path / "ca.key").write_bytes(b"damaged")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    first, second = authority(tmp_path, NAMES, NOW).notes
    assert first.endswith("; it is made anew")
    assert second.endswith("Permission denied; the certificate authority lives in memory and is new at each start")


def test_without_a_directory_it_lives_in_memory():
    made = authority(None, NAMES, NOW)
    assert leaf_of(made)
    assert "new at each start" in made.notes[0]


def test_where_nothing_can_be_written_it_lives_in_memory(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    made = authority(tmp_path / "file" / "data", NAMES, NOW)
    assert leaf_of(made)
    assert "lives in memory" in made.notes[-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_strict_client_verifies_it(name):
    made = authority(None, NAMES, NOW)
    strict = ssl.create_default_context(cadata=made.ca_pem.decode())
    strict.verify_flags |= getattr(ssl, "VERIFY_X509_STRICT", 0)
    shake(strict, made, name)


def test_the_authority_vouches_for_no_other_name():
    made = authority(None, ["mx.mock.test"], NOW)
    client = ssl.create_default_context(cadata=made.ca_pem.decode())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(client, made, "elsewhere.test")


def shake(client, made, name):
    """Do a handshake in memory; raises what the client raises."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile() as file:
        file.write(made.identity.chain_pem + made.identity.key_pem)
        file.flush()
        server.load_cert_chain(file.name)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(back, there, server_hostname=name)
    theirs = server.wrap_bio(there, back, server_side=True)
    for _ in range(10):
        with suppress(ssl.SSLWantReadError):
            ours.do_handshake()
            return
        with suppress(ssl.SSLWantReadError):
            theirs.do_handshake()
    raise AssertionError("no end to the handshake")

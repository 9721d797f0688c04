"""The throw-away authority and its leaf, made at the first start and kept in ``data`` (RFC 5280)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
ROOT_PATH = 1
"""Authorities that may stand between ours and a leaf."""

RENEW_BEFORE = timedelta(days=30)
BACKDATED = timedelta(hours=1)
"""How far validity begins in the past, for clients whose clock is behind."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate chain, leaf first, and the key of the leaf; both as PEM."""

    chain_pem: bytes
    key_pem: bytes


@dataclass(slots=True)
class Authority:
    """A CA certificate to hand out, the leaf it signed, and what the operator should be told.

    ``ca`` holds the key too, for certificates that are made later; it is never served.
    """

    ca_pem: bytes
    identity: Identity
    notes: list[str] = field(default_factory=list)
    ca: Pair | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def identity(self, *chain: Pair) -> Identity:
        """Return what a server shows: this one, and behind it the certificates of the chain."""
        return Identity(b"".join(each.pem for each in (self, *chain)), _key_pem(self.key))


def authority(data: Path | None, names: Sequence[str], now: datetime) -> Authority:
    """Return the authority kept under ``data``, making what is missing, expired or for other names.

    Without ``data``, or where it cannot be written, everything lives in memory; a note says so.
    """
    notes: list[str] = []
    ca = _read(data, "ca", notes)
    if ca is None or ca.certificate.not_valid_after_utc - LEAF_LIFE <= now or not _covers(ca.certificate, names):
        ca = make_authority(names, now)
        leaf = None
        _keep(data, "ca", ca, notes)
    else:
        leaf = _read(data, "leaf", notes)
    if leaf is None or not _fits(leaf.certificate, ca.certificate, names, now):
        leaf = make_leaf(ca, names, now, LEAF_LIFE)
        _keep(data, "leaf", leaf, notes)
    if data is None:
        notes.append(
            "no data directory: the certificate authority is new at each start, and clients must be given it anew;"
            " data: or MOCKSMTP_DATA names one"
        )
    return Authority(ca.pem, leaf.identity(ca), notes, ca)


def general_name(name: str) -> x509.GeneralName:
    """Return a subject alternative name: an IP address where it is one, else a DNS name."""
    address = _address(name)
    return x509.IPAddress(address) if address is not None else x509.DNSName(name)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _subject(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _permitted(names: Sequence[str]) -> list[x509.GeneralName]:
    permitted: list[x509.GeneralName] = []
    for name in names:
        address = _address(name)
        permitted.append(x509.IPAddress(ip_network(address)) if address is not None else x509.DNSName(name))
    return permitted


def _usage(**allowed: bool) -> x509.KeyUsage:
    bits = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{bit: allowed.get(bit, False) for bit in bits})


def make_authority(
    names: Sequence[str], now: datetime, title: str = "mocksmtp test authority", issuer: Pair | None = None
) -> Pair:
    """Make a CA that may vouch for these names only: a root, or one below its issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(title)
    signer = issuer.key if issuer is not None else key
    certificate = (
        _builder(subject, issuer.certificate.subject if issuer is not None else subject, key, now, AUTHORITY_LIFE)
        .add_extension(
            x509.BasicConstraints(ca=True, path_length=ROOT_PATH if issuer is None else 0), critical=True
        )
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(signer), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return Pair(certificate, key)


def make_leaf(
    issuer: Pair | None, names: Sequence[str], now: datetime, life: timedelta, key: Key | None = None
) -> Pair:
    """Make the certificate of a server; without an issuer it is signed by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer is not None else key
    subject = _subject(names[0])
    certificate = (
        _builder(subject, issuer.certificate.subject if issuer is not None else subject, key, now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(signer), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return Pair(certificate, key)


def _issued_by(signer: Key) -> x509.AuthorityKeyIdentifier:
    identifier = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _covers(certificate: x509.Certificate, names: Sequence[str]) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return False
    length = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    return set(_permitted(names)) <= set(constraints.permitted_subtrees or ()) and length == ROOT_PATH


def _fits(leaf: x509.Certificate, ca: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    wanted = {general_name(name) for name in names}
    try:
        has = set(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        leaf.verify_directly_issued_by(ca)
    except Exception:  # The library raises several kinds for what is simply another issuer.
        return False
    return has == wanted and leaf.not_valid_after_utc - RENEW_BEFORE > now


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read(data: Path | None, name: str, notes: list[str]) -> Pair | None:
    if data is None:
        return None
    paths = data / f"{name}.pem", data / f"{name}.key"
    try:
        certificate = x509.load_pem_x509_certificate(paths[0].read_bytes())
        key = serialization.load_pem_private_key(paths[1].read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise ValueError("certificate and key do not belong together")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        notes.append(f"{paths[0]}: {error}; it is {'set aside and ' if _set_aside(paths) else ''}made anew")
        return None
    return Pair(certificate, key)


def _set_aside(paths: Sequence[Path]) -> bool:
    """Rename the files out of the way; False where that may not be done, as with those of another user."""
    moved = False
    for path in paths:
        with suppress(OSError):
            path.rename(path.with_name(path.name + ".bad"))
            moved = True
    return moved


def _keep(data: Path | None, name: str, pair: Pair, notes: list[str]) -> None:
    if data is None:
        return
    try:
        data.mkdir(parents=True, exist_ok=True)
        _write(data / f"{name}.key", _key_pem(pair.key), 0o600)
        _write(data / f"{name}.pem", pair.pem, 0o644)
    except OSError as error:
        note = f"{data}: {error.strerror}; the certificate authority lives in memory and is new at each start"
        if note not in notes:
            notes.append(note)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a whole file or none: to a name beside it, then renamed."""
    beside = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)

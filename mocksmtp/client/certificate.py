"""What a server's certificate says, and what is wrong with it (RFC 5280, RFC 6125)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cryptography import x509


class Flaw(StrEnum):
    """Why a certificate does not convince."""

    EXPIRED = "certificate-expired"
    NOT_YET_VALID = "certificate-not-yet-valid"
    WRONG_NAME = "certificate-wrong-name"
    WEAK_KEY = "certificate-weak-key"
    WEAK_AUTHORITY_KEY = "certificate-weak-authority-key"
    WEAK_SIGNATURE = "certificate-weak-signature"
    UNKNOWN_AUTHORITY = "certificate-unknown-authority"
    REFUSED = "certificate-refused"

    @classmethod
    def of(cls, verify_code: int) -> Flaw:
        """The flaw that OpenSSL's verify code stands for."""
        return _BY_VERIFY_CODE.get(verify_code, cls.REFUSED)


_BY_VERIFY_CODE = {
    **dict.fromkeys((2, 7, 18, 19, 20, 21, 27), Flaw.UNKNOWN_AUTHORITY),
    9: Flaw.NOT_YET_VALID,
    10: Flaw.EXPIRED,
    62: Flaw.WRONG_NAME,
    64: Flaw.WRONG_NAME,
    66: Flaw.WEAK_KEY,
    67: Flaw.WEAK_AUTHORITY_KEY,
    68: Flaw.WEAK_SIGNATURE,
}
"""OpenSSL's X509_V_ERR numbers; what another one means, OpenSSL's own words say."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The part of a certificate that a person compares."""

    subject: str
    names: tuple[str, ...]
    issuer: str
    starts: datetime
    expires: datetime

    @classmethod
    def read(cls, der: bytes) -> Certificate | None:
        """Read the DER of a certificate; None where it is beyond reading."""
        try:
            read = x509.load_der_x509_certificate(der)
            subject, issuer = read.subject.rfc4514_string(), read.issuer.rfc4514_string()
            return cls(subject, _names(read), issuer, read.not_valid_before_utc, read.not_valid_after_utc)
        except ValueError:
            return None

    def flaws(self, host: str, first: Flaw) -> tuple[Flaw, ...]:
        """All that is wrong: OpenSSL stops at the first, and a person wants the rest too."""
        now = datetime.now(UTC)
        found = {first}
        if now > self.expires:
            found.add(Flaw.EXPIRED)
        if now < self.starts:
            found.add(Flaw.NOT_YET_VALID)
        if not any(_matches(name, host) for name in self.names):
            found.add(Flaw.WRONG_NAME)
        return tuple(flaw for flaw in Flaw if flaw in found)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = (str(each) for each in names.get_values_for_type(x509.IPAddress))
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def _matches(name: str, host: str) -> bool:
    """RFC 6125 section 6.4: a wildcard is the whole left-most label and nothing else."""
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(name)
    except ValueError:
        name, host = name.lower(), host.lower().rstrip(".")
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return host == name

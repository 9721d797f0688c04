"""Flaws: certificates that are wrong in one thing and good in all others, made when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from mocksmtp.net.certificates import LEAF_LIFE, Authority, Identity, Pair, general_name, make_authority, make_leaf
from mocksmtp.net.short_rsa import short_rsa
from mocksmtp.net.tls import CIPHERS, ServerContext, server_context

A_DAY = timedelta(days=1)

WEAK_BITS = 768
"""Fewer than the 1024 that Java and OpenSSL's security level 1 still take.

TLS 1.3 signs by RSA-PSS with SHA-256, which needs 66 octets (RFC 8017 section 9.1.1): 512 bits are too few.
"""

OLD_VERSIONS = ("1.0", "1.1")
OLD_CIPHERS = b"ALL:!aNULL:@SECLEVEL=0"
"""OpenSSL speaks TLS 1.0 and 1.1, and signs by keys below 1024 bits, at this security level only."""

WEAK_CIPHERS = CIPHERS + b":@SECLEVEL=0"


def _expired(ca: Pair, names: Sequence[str], now: datetime) -> Identity:
    return make_leaf(ca, names, now - LEAF_LIFE - A_DAY, LEAF_LIFE).identity(ca)


def _not_yet_valid(ca: Pair, names: Sequence[str], now: datetime) -> Identity:
    return make_leaf(ca, names, now + LEAF_LIFE, LEAF_LIFE).identity(ca)


def _wrong_name(ca: Pair, names: Sequence[str], now: datetime) -> Identity:
    # Under the first name it stays within what the authority may vouch for.
    first = next((name for name in names if not _is_address(name)), "invalid")
    return make_leaf(ca, [f"wrong.{first}"], now, LEAF_LIFE).identity(ca)


def _self_signed(_ca: Pair, names: Sequence[str], now: datetime) -> Identity:
    return make_leaf(None, names, now, LEAF_LIFE).identity()


def _unknown_ca(_ca: Pair, names: Sequence[str], now: datetime) -> Identity:
    other = make_authority(names, now, "mocksmtp unknown authority")
    return make_leaf(other, names, now, LEAF_LIFE).identity(other)


def _weak_key(ca: Pair, names: Sequence[str], now: datetime) -> Identity:
    return make_leaf(ca, names, now, LEAF_LIFE, short_rsa(WEAK_BITS)).identity(ca)


def _missing_intermediate(ca: Pair, names: Sequence[str], now: datetime) -> Identity:
    between = make_authority(names, now, "mocksmtp test intermediate", ca)
    return make_leaf(between, names, now, LEAF_LIFE).identity()


CERTIFICATES: Mapping[str, Callable[[Pair, Sequence[str], datetime], Identity]] = {
    "expired": _expired,
    "not_yet_valid": _not_yet_valid,
    "wrong_name": _wrong_name,
    "self_signed": _self_signed,
    "unknown_ca": _unknown_ca,
    "weak_key": _weak_key,
    "missing_intermediate": _missing_intermediate,
}


class Flaws:
    """Makes flawed certificates and contexts once, and keeps them."""

    def __init__(
        self, authority: Authority, names: Sequence[str], versions: Sequence[str], now: Callable[[], datetime]
    ) -> None:
        """Take the authority that signs, the names that are right, and the versions of TLS that are in order."""
        if authority.ca is None:
            raise AssertionError("an authority without its key cannot sign")
        self._ca = authority.ca
        self._names = names
        self._versions = versions
        self._now = now
        self._identities: dict[str, Identity] = {}
        self._contexts: dict[tuple[Identity, str], ServerContext] = {}

    def context(self, own: Identity, certificate: str, handshake: str) -> ServerContext:
        """Return a context in which these things are wrong; ``own`` is shown where the certificate is right."""
        identity = self.identity(certificate) if certificate else own
        context = self._contexts.get((identity, handshake))
        if context is None:
            old = handshake == "old_versions_only"
            context = server_context(
                identity,
                OLD_VERSIONS if old else self._versions,
                ciphers=OLD_CIPHERS if old else WEAK_CIPHERS if certificate == "weak_key" else CIPHERS,
            )
            self._contexts[identity, handshake] = context
        return context

    def identity(self, certificate: str) -> Identity:
        """Return a certificate of this kind, with its key."""
        identity = self._identities.get(certificate)
        if identity is None:
            identity = CERTIFICATES[certificate](self._ca, self._names, self._now())
            self._identities[certificate] = identity
        return identity


def _is_address(name: str) -> bool:
    return not isinstance(general_name(name).value, str)

"""The guard: who may ask at all.  Against DNS rebinding, requests that other pages forge, and strangers."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from hashlib import sha256
from ipaddress import ip_address
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from mocksmtp.web.routing import Problem

if TYPE_CHECKING:
    from mocksmtp.config.settings import HttpSettings

KNOWN_HOSTS = frozenset({"localhost", "host.docker.internal", "host.testcontainers.internal"})
"""Names of this machine as containers and tests call it."""

COOKIE = "mocksmtp_login"

DEFAULT_PORTS = {"http": "80", "https": "443"}

CHALLENGE = (("WWW-Authenticate", 'Bearer realm="mocksmtp"'),)


class Guard:
    """Decides about a request before its route is asked; what is configured may change at a reload."""

    def __init__(self, http: Callable[[], HttpSettings], key: bytes | None = None) -> None:
        """``key`` signs the cookies; a new one at each start ends all logins."""
        self._http = http
        self._key = token_bytes(32) if key is None else key

    def check(self, header: Callable[[str], Any], cookie: str | None, needs_token: bool) -> None:
        """Refuse who may not ask.  Raises Problem."""
        host = (header("host") or "").strip()
        if not is_known_host(host, self._http().hosts):
            raise Problem(421, "Misdirected request", f"this server is not called {host!r}; see http.hosts")
        origin = header("origin")
        if origin is not None and not same_origin(origin, host):
            raise Problem(403, "Forbidden", f"a page from {origin!r} may not ask {host!r}")
        tokens = self._http().tokens
        if needs_token and tokens and not self._is_known(header("authorization"), cookie, tokens):
            raise Problem(401, "Unauthorized", "a token from http.tokens is wanted as bearer", headers=CHALLENGE)

    def login(self, token: str) -> str | None:
        """Return what the cookie of a known token holds, None where no token is wanted.  Raises Problem."""
        tokens = self._http().tokens
        if not tokens:
            return None
        if not _one_of(token, tokens):
            raise Problem(401, "Unauthorized", "this token is not in http.tokens", "token", headers=CHALLENGE)
        return self._signed(token)

    def _is_known(self, authorization: str | None, cookie: str | None, tokens: Sequence[str]) -> bool:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() == "bearer":
            return _one_of(token.strip(), tokens)
        return cookie is not None and _one_of(cookie, [self._signed(each) for each in tokens])

    def _signed(self, token: str) -> str:
        return hmac.new(self._key, token.encode(), sha256).hexdigest()


def _one_of(given: str, known: Sequence[str]) -> bool:
    """Compare with each of them, in a time that tells nothing."""
    return sum(hmac.compare_digest(given.encode(), each.encode()) for each in known) > 0


def is_known_host(host: str, names: Sequence[str]) -> bool:
    """Say whether a Host header may name us: against DNS rebinding, where a page makes its own name point here."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    name = name.strip("[]").rstrip(".").lower()
    if not name:
        return False
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name in KNOWN_HOSTS or name in map(str.lower, names)
    return True


def same_origin(origin: str, host: str) -> bool:
    """Say whether a page comes from where it asks; ``null``, as from a sandbox, never does."""
    scheme, separator, place = origin.lower().partition("://")
    if not separator or scheme not in DEFAULT_PORTS:
        return False
    port = DEFAULT_PORTS[scheme]
    return _with_port(place, port) == _with_port(host.lower(), port)


def _with_port(place: str, port: str) -> str:
    return place if place.rpartition(":")[2].isdigit() and not place.endswith("]") else f"{place}:{port}"

"""Reverse-paths, forward-paths and mailboxes (RFC 5321 section 4.1.2, RFC 6531 section 3.3)."""

from __future__ import annotations

import ipaddress
import re

import idna

from mocksmtp.smtp import grammar
from mocksmtp.smtp.profile import Addresses

LOCAL_PART_LIMIT = 64
DOMAIN_LIMIT = 255
PATH_LIMIT = 256
"""Octets (RFC 5321 section 4.5.3.1); a path is counted with its angle brackets."""

LABEL_LIMIT = 63
"""Octets of one label of a domain (RFC 1035 section 2.3.4)."""


class InvalidMailbox(ValueError):
    """What stands in a path is no mailbox.  ``reason`` says why, ``address`` what was written."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(reason)
        self.address = address
        self.reason = reason


class Path:
    """A reverse-path or forward-path.

    ``text`` is the mailbox as it was written, without brackets and source route (empty
    for the null reverse-path).  ``local`` is the local-part with needless quoting undone,
    ``domain`` the domain in A-labels and lower case (empty for ``<>`` and
    ``<postmaster>``).  ``key`` is what patterns are matched against: ``local@domain``
    in lower case, ``<>`` for the null path and ``<postmaster>`` for the bare one.
    """

    __slots__ = ("domain", "key", "local", "text")

    def __init__(self, text: str, local: str, domain: str, key: str) -> None:
        self.text = text
        self.local = local
        self.domain = domain
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"<{self.text}>"


NULL_PATH = Path("", "", "", "<>")
POSTMASTER = Path("postmaster", "postmaster", "", "<postmaster>")


def parse_path(raw: bytes, addresses: Addresses, international: bool) -> Path:
    """Read what stands between ``<`` and ``>``; ``international`` says whether MAIL said SMTPUTF8.

    Raises InvalidMailbox with the reason in plain words.
    """
    plain = grammar.PLAIN_MAILBOX.fullmatch(raw)
    if plain is not None and len(raw) <= PATH_LIMIT - 2:
        local = plain[1].decode()
        if len(local) <= LOCAL_PART_LIMIT and (plain[2].rfind(b".") >= 0 or not plain[2].isdigit()):
            text = raw.decode()
            at = len(local) + 1
            lower = text.lower()
            return Path(text, local, lower[at:], lower)
    raise NotImplementedError

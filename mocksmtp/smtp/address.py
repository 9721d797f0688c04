"""Reverse-paths, forward-paths and mailboxes (RFC 5321 section 4.1.2, RFC 6531 section 3.3)."""

from __future__ import annotations

import ipaddress
import re

import idna

from mocksmtp.smtp import grammar
from mocksmtp.smtp.syntax import Addresses

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
    if plain is not None and (path := plain_path(plain[0], plain.end(1))) is not None:
        return path
    if not raw:
        return NULL_PATH
    if raw.lower() == b"postmaster":
        return Path(raw.decode(), "postmaster", "", "<postmaster>")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        if addresses is not Addresses.OFF:
            raise InvalidMailbox(text, "octets that are not UTF-8") from None
    if addresses is Addresses.OFF:
        local, _, domain = text.rpartition("@")
        return Path(text, local, domain.lower(), text.lower())
    return _checked(text, addresses, international)


def plain_path(raw: bytes, at: int) -> Path | None:
    """Return the path of a mailbox that PLAIN_MAILBOX matched, its ``@`` at ``at``; None if it may be too long."""
    if at > LOCAL_PART_LIMIT or len(raw) - at > LABEL_LIMIT:
        return None
    text = raw.decode()
    lower = text.lower()
    return Path(text, text[:at], lower[at + 1 :], lower)


def _checked(text: str, addresses: Addresses, international: bool) -> Path:
    route = grammar.SOURCE_ROUTE.match(text)
    mailbox = text[route.end() :] if route else text  # RFC 5321 appendix C: a source route is ignored
    if not international and not text.isascii():
        raise InvalidMailbox(text, "non-ASCII characters need SMTPUTF8")
    if any(character < " " or character == "\x7f" for character in text):
        raise InvalidMailbox(text, "control characters")
    if len(text.encode()) > PATH_LIMIT - 2 and addresses is Addresses.STRICT:
        raise InvalidMailbox(text, f"longer than {PATH_LIMIT - 2} octets")
    try:
        local, domain = _split(mailbox)
        local = _local_part(local, addresses)
        domain = _domain(domain, addresses)
    except ValueError as reason:
        raise InvalidMailbox(text, str(reason)) from None
    return Path(mailbox, local, domain, f"{local.lower()}@{domain}")


def _split(mailbox: str) -> tuple[str, str]:
    """Cut a mailbox at the ``@`` that ends its local-part; a quoted local-part may hold more of them."""
    if mailbox.startswith('"'):
        quoted = grammar.QUOTED_STRING.match(mailbox)
        if quoted is None:
            raise ValueError("a quoted local part that does not end, or holds what may not be quoted")
        local, rest = quoted[0], mailbox[quoted.end() :]
        if rest and not rest.startswith("@"):
            raise ValueError("something between the quoted local part and the @")
        at, domain = rest[:1], rest[1:]
    else:
        local, at, domain = mailbox.rpartition("@")
    if not at:
        raise ValueError("no @ and no domain")
    if not local:
        raise ValueError("no local part before the @")
    if not domain:
        raise ValueError("no domain after the @")
    return local, domain


def _local_part(local: str, addresses: Addresses) -> str:
    if local.startswith('"'):
        content = re.sub(r"\\(.)", r"\1", local[1:-1])
        if len(content.encode()) > LOCAL_PART_LIMIT and addresses is Addresses.STRICT:
            raise ValueError(f"local part longer than {LOCAL_PART_LIMIT} octets")
        return content
    if " " in local:
        raise ValueError("a space in the local part")
    if addresses is Addresses.LENIENT:
        if re.search(r'[<>()\[\]\\,;:@"]', local):
            raise ValueError("a character that is not allowed in the local part")
        return local
    if len(local.encode()) > LOCAL_PART_LIMIT:
        raise ValueError(f"local part longer than {LOCAL_PART_LIMIT} octets")
    if grammar.DOT_STRING.fullmatch(local):
        return local
    if ".." in local:
        raise ValueError("two dots in a row in the local part")
    if local[0] == "." or local[-1] == ".":
        raise ValueError("a dot at the beginning or end of the local part")
    wrong = next(c for c in local if c != "." and not grammar.DOT_STRING.fullmatch(c))
    raise ValueError(f"{wrong} is not allowed in the local part")


def _domain(domain: str, addresses: Addresses) -> str:
    if domain.startswith("["):
        return _address_literal(domain)
    if " " in domain:
        raise ValueError("a space in the domain")
    if addresses is Addresses.LENIENT:
        domain = domain.rstrip(".")
    labels = [_label(label) for label in re.split("[.\u3002\uff0e\uff61]", domain)]
    name = ".".join(labels)
    if len(name) > DOMAIN_LIMIT:
        raise ValueError(f"domain longer than {DOMAIN_LIMIT} octets")
    return name


def _label(label: str) -> str:
    """Return one label of a domain as A-label, in lower case."""
    if not label:
        raise ValueError("an empty label in the domain: two dots in a row, or one at an end")
    if not grammar.SUB_DOMAIN.fullmatch(label):
        if label[0] == "-" or label[-1] == "-":
            raise ValueError("a hyphen at the beginning or end of a domain label")
        wrong = next((c for c in label if c != "-" and not grammar.SUB_DOMAIN.fullmatch(c)), label)
        raise ValueError(f"{wrong} is not allowed in the domain")
    if not label.isascii():
        try:
            label = idna.encode(label, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            raise ValueError("a domain label that is no internationalized name") from None
    if len(label) > LABEL_LIMIT:
        raise ValueError(f"a domain label longer than {LABEL_LIMIT} octets")
    return label.lower()


def _address_literal(domain: str) -> str:
    """RFC 5321 section 4.1.3: ``[192.0.2.1]``, ``[IPv6:2001:db8::1]`` or ``[tag:content]``."""
    content = domain[1:-1]
    if not domain.endswith("]"):
        raise ValueError("an address literal that does not end with ]")
    if content[:5].lower() == "ipv6:":
        try:
            if "%" in content:
                raise ValueError("a zone")
            return f"[ipv6:{ipaddress.IPv6Address(content[5:])}]"
        except ValueError:
            raise ValueError("an address literal that is no IPv6 address") from None
    try:
        # Snum = 1*3DIGIT: leading zeros are allowed, and are decimal all the same.
        return f"[{ipaddress.IPv4Address(re.sub(r'(?<![0-9])0{1,2}(?=[0-9])', '', content))}]"
    except ValueError:
        if grammar.GENERAL_ADDRESS_LITERAL.fullmatch(content):
            return domain.lower()
        raise ValueError("an address literal that is no IPv4 address") from None

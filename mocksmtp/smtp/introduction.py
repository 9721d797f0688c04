"""Introductions: what XCLIENT says of a client, in the words of Postfix's XCLIENT_README."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp.xtext import decoded

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation

UNKNOWN = "unknown"
"""The address of a client whose address is unavailable; it lies in no network."""

UNAVAILABLE = "[UNAVAILABLE]"
NO_NAME = frozenset({UNAVAILABLE, "[TEMPUNAVAIL]"})
LONGEST_NAME = 255
"""Characters of NAME and HELO."""

PROTOCOLS = {"SMTP": False, "ESMTP": True, "LMTP": True}
"""What PROTO may say, and whether commands may then have parameters."""

Said = Mapping[str, str | None]
"""Attributes and what was said of them; None is unavailable."""


class Introduction(NamedTuple):
    """One XCLIENT command: who said it, and what it says of the client."""

    by: str
    said: Said

    def apply(self, conversation: Conversation) -> None:
        """Begin the conversation anew, with the client that was introduced.

        What was said of address and name stays until it is said otherwise; HELO, PROTO and
        LOGIN hold for as long as no other XCLIENT comes.
        """
        earlier = conversation.introduced
        said = {**(earlier.said if earlier else {}), **self.said}
        conversation.introduced = Introduction(self.by, said)
        if "ADDR" in said:
            conversation.client = said["ADDR"] or UNKNOWN
        if "ADDR" in said or "PORT" in said:
            conversation.port = int(said.get("PORT") or 0)
        conversation.helo = self.said.get("HELO")
        conversation.esmtp = PROTOCOLS.get(self.said.get("PROTO") or "SMTP", False)
        conversation.auth = self.said.get("LOGIN")

    @property
    def text(self) -> str:
        """The attributes as a person reads them."""
        return " ".join(f"{name}={UNAVAILABLE if value is None else value}" for name, value in self.said.items())


def read(argument: bytes) -> Said | None:
    """Read ``NAME=value`` pairs; None where one is wrong, or none is there."""
    said: dict[str, str | None] = {}
    for word in filter(None, argument.decode("latin-1").split(" ")):
        name, _, value = word.partition("=")
        reader = ATTRIBUTES.get(name.upper())
        octets = decoded(value)
        if reader is None or octets is None:
            return None
        try:
            said[name.upper()] = reader(octets.decode())
        except ValueError:
            return None
    return said or None


def _or_unavailable(read: Callable[[str], str]) -> Callable[[str], str | None]:
    return lambda text: None if text.upper() == UNAVAILABLE else read(text)


def _name(text: str) -> str | None:
    return None if text.upper() in NO_NAME else _helo(text)


def _helo(text: str) -> str:
    if not (text.isascii() and text.isprintable()) or " " in text or len(text) > LONGEST_NAME:
        raise ValueError("no name")
    return text


def _address(text: str) -> str:
    if "%" in text:
        raise ValueError("a zone")
    address = ip_address(text[5:] if text.upper().startswith("IPV6:") else text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _port(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise ValueError("no port")
    return text


def _protocol(text: str) -> str:
    if text.upper() not in PROTOCOLS:
        raise ValueError("no protocol")
    return text.upper()


def _login(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no login name")
    return text


ATTRIBUTES: Mapping[str, Callable[[str], str | None]] = {
    "NAME": _name,
    "ADDR": _or_unavailable(_address),
    "PORT": _or_unavailable(_port),
    "PROTO": _protocol,
    "HELO": _or_unavailable(_helo),
    "LOGIN": _or_unavailable(_login),
    "DESTADDR": _or_unavailable(_address),
    "DESTPORT": _or_unavailable(_port),
}
"""What may be said of a client, and how its value is read; each raises ValueError for what is none."""

"""A profile: all that one listener offers and demands, settled when the configuration is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mocksmtp.smtp.extensions import Extension

ANY_USER = None
"""``Authentication.users`` when every login is accepted."""


class Addresses(str, Enum):
    """How closely a mailbox must keep to RFC 5321 and RFC 6531."""

    STRICT = "strict"
    LENIENT = "lenient"
    OFF = "off"


class BareNewlines(str, Enum):
    """What becomes of a CR or LF that stands alone."""

    REJECT = "reject"
    ACCEPT = "accept"
    AS_CRLF = "as_crlf"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one listener: sizes in octets, times in seconds; 0 transactions is no limit."""

    message_size: int = 25 * 1024 * 1024
    recipients: int = 1000
    line_length: int = 2048
    errors: int = 20
    transactions: int = 0
    idle_timeout: float = 300.0
    connections: int = 10_000
    connections_per_client: int = 2_000


@dataclass(frozen=True, slots=True)
class Authentication:
    """Who may log in, and how: ``users`` maps names to passwords, ``ANY_USER`` lets everybody in."""

    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    users: Mapping[str, str] | None = field(default_factory=dict)
    required: bool = False
    without_tls: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One listener, as the session sees it.

    ``banner`` holds the lines that follow 220, already filled in.  ``extensions``
    are those this listener shows, in the order EHLO tells them; what is not here is
    neither announced nor understood.
    """

    name: str = "smtp"
    hostname: str = "mx.mock.test"
    banner: tuple[str, ...] = ("mx.mock.test ESMTP mocksmtp ready",)
    extensions: tuple[Extension, ...] = ()
    implicit_tls: bool = False
    require_tls: bool = False
    authentication: Authentication = Authentication()
    limits: Limits = Limits()
    addresses: Addresses = Addresses.STRICT
    bare_newlines: BareNewlines = BareNewlines.REJECT

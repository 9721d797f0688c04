"""How closely a listener keeps to the grammar of RFC 5321."""

from __future__ import annotations

from enum import StrEnum


class Addresses(StrEnum):
    """How closely a mailbox must keep to RFC 5321 and RFC 6531."""

    STRICT = "strict"
    LENIENT = "lenient"
    OFF = "off"


class BareNewlines(StrEnum):
    """What becomes of a CR or LF that stands alone."""

    REJECT = "reject"
    ACCEPT = "accept"
    AS_CRLF = "as_crlf"

"""SIZE: the limit is told, and MAIL may say SIZE= in octets (RFC 1870)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session

MOST_DIGITS = 20
"""size-value = 1*20DIGIT (RFC 1870 section 5)."""


def announce(session: Session) -> str:
    """Return the EHLO line with the limit in octets."""
    return f"SIZE {session.profile.limits.message_size}"


def size(session: Session, value: str | None) -> Reply | None:
    """Check SIZE=: digits, and not over the limit (RFC 1870 section 6.1)."""
    if value is None or not (value.isascii() and value.isdigit()) or len(value) > MOST_DIGITS:
        return replies.BAD_PARAMETER
    return replies.TOO_BIG if int(value) > session.profile.limits.message_size else None


EXTENSION = Extension("SIZE", rank=20, announce=announce, mail={"SIZE": size})

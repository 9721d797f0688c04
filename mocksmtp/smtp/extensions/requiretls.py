"""REQUIRETLS: MAIL may ask that the message goes on under TLS only (RFC 8689)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session


def announce(session: Session) -> str | None:
    """Return the EHLO line; none without TLS (section 2)."""
    return "REQUIRETLS" if session.conversation.tls else None


def requiretls(session: Session, value: str | None) -> Reply | None:
    """Check REQUIRETLS, which takes no value and is not offered without TLS."""
    if session.conversation.tls is None:
        return replies.UNKNOWN_PARAMETER
    return replies.BAD_PARAMETER if value is not None else None


EXTENSION = Extension("REQUIRETLS", rank=62, announce=announce, mail={"REQUIRETLS": requiretls}, default=False)

"""BINARYMIME: MAIL may say BODY=BINARYMIME, and BDAT carries what follows (RFC 3030 section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension, eightbitmime

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session


def announce(session: Session) -> str | None:
    """Return the EHLO line; there is none without CHUNKING, which it needs."""
    return "BINARYMIME" if b"BDAT" in session.profile.verbs else None


def body(session: Session, value: str | None) -> Reply | None:
    """Check BODY=; what it may say besides is 8BITMIME's part, where that is shown."""
    if value is not None and value.upper() == "BINARYMIME" and announce(session):
        return None
    if eightbitmime.EXTENSION in session.profile.extensions:
        return eightbitmime.body(session, value)
    return replies.UNKNOWN_PARAMETER


EXTENSION = Extension("BINARYMIME", rank=46, announce=announce, mail={"BODY": body})

"""SMTPUTF8: internationalized addresses and headers (RFC 6531)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session


def smtputf8(_session: Session, value: str | None) -> Reply | None:
    """Check SMTPUTF8, which takes no value (RFC 6531 section 3.1)."""
    return replies.BAD_PARAMETER if value is not None else None


EXTENSION = Extension("SMTPUTF8", rank=40, mail={"SMTPUTF8": smtputf8})

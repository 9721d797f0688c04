"""8BITMIME: MAIL may say BODY=7BIT or BODY=8BITMIME (RFC 6152)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session

BODIES = frozenset({"7BIT", "8BITMIME"})


def body(_session: Session, value: str | None) -> Reply | None:
    """Check BODY=."""
    return None if value is not None and value.upper() in BODIES else replies.BAD_PARAMETER


EXTENSION = Extension("8BITMIME", rank=30, mail={"BODY": body})

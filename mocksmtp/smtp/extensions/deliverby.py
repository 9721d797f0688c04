"""DELIVERBY: MAIL may say by when to deliver, and what else to do (RFC 2852)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session

# by-value = by-time ";" by-mode [by-trace]; by-time = ["-" / "+"] 1*9digit; by-mode = "N" / "R"; by-trace = "T"
BY_VALUE = re.compile(r"([-+]?[0-9]{1,9});([NR])T?", re.IGNORECASE)


def by(_session: Session, value: str | None) -> Reply | None:
    """Check BY=: to return what is late (R), the time must still be to come (section 4)."""
    match = BY_VALUE.fullmatch(value or "")
    if match is None or (match[2] in "rR" and int(match[1]) <= 0):
        return replies.BAD_PARAMETER
    return None


EXTENSION = Extension("DELIVERBY", rank=84, mail={"BY": by}, default=False)

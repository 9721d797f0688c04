"""FUTURERELEASE: MAIL may say for how long, or until when, the message is to be held (RFC 4865)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Params
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session

LONGEST = 366 * 24 * 60 * 60
"""Seconds for which a message may be held (max-future-release-interval)."""

# future-release-integer = %x31-39 *8DIGIT
INTERVAL = re.compile(r"[1-9][0-9]{0,8}")

# date-time (RFC 3339 section 5.6, which verified erratum 2040 names in place of a dangling rule)
DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


def announce(session: Session) -> str:
    """Return the EHLO line: the longest interval and the latest moment."""
    latest = datetime.fromtimestamp(int(session.now()) + LONGEST, UTC)
    return f"FUTURERELEASE {LONGEST} {latest:%Y-%m-%dT%H:%M:%SZ}"


def holdfor(_session: Session, value: str | None) -> Reply | None:
    """Check HOLDFOR=: seconds."""
    good = INTERVAL.fullmatch(value or "") is not None and int(value or "") <= LONGEST
    return None if good else replies.BAD_PARAMETER


def holduntil(session: Session, value: str | None) -> Reply | None:
    """Check HOLDUNTIL=: a moment that is not too far away; one that has passed holds nothing."""
    if DATE_TIME.fullmatch(value or "") is None:
        return replies.BAD_PARAMETER
    try:
        moment = datetime.fromisoformat((value or "").upper())
        return None if moment.timestamp() <= session.now() + LONGEST else replies.BAD_PARAMETER
    except (ValueError, OverflowError):
        return replies.BAD_PARAMETER


def one_of_both(params: Params) -> Reply | None:
    """Refuse HOLDFOR= and HOLDUNTIL= in one command."""
    return replies.BAD_PARAMETER if "HOLDFOR" in params and "HOLDUNTIL" in params else None


EXTENSION = Extension(
    "FUTURERELEASE",
    rank=82,
    announce=announce,
    mail={"HOLDFOR": holdfor, "HOLDUNTIL": holduntil},
    together=one_of_both,
    default=False,
)

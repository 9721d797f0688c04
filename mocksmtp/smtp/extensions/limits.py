"""LIMITS: the client is told how much this listener takes (RFC 9422)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session

HIGHEST = 999_999
"""A limit has six digits at most, and is not 0 (RFC 9422)."""


def announce(session: Session) -> str | None:
    """Return the EHLO line; none where no limit can be told."""
    limits = session.profile.limits
    return _told(limits.transactions, limits.recipients, limits.recipient_domains)


@lru_cache(64)
def _told(transactions: int, recipients: int, recipient_domains: int) -> str | None:
    told = {"MAILMAX": transactions, "RCPTMAX": recipients, "RCPTDOMAINMAX": recipient_domains}
    words = [f"{name}={limit}" for name, limit in told.items() if 0 < limit <= HIGHEST]
    return " ".join(["LIMITS", *words]) if words else None


EXTENSION = Extension("LIMITS", rank=80, announce=announce)

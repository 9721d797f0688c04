"""PIPELINING: several commands may be sent without waiting (RFC 2920).

Order holds by itself, because replies are steps in a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


def announce(_session: Session) -> str:
    """Return the EHLO line."""
    return "PIPELINING"


EXTENSION = Extension("PIPELINING", announce, rank=10)

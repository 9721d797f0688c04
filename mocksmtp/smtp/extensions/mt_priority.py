"""MT-PRIORITY: MAIL may say how urgent the message is, from -9 to 9 (RFC 6710)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session

# priority-value = (["-"] NZDIGIT) / "0"
PRIORITY_VALUE = re.compile(r"-?[1-9]|0")


def mt_priority(_session: Session, value: str | None) -> Reply | None:
    """Check MT-PRIORITY=."""
    return None if PRIORITY_VALUE.fullmatch(value or "") else replies.BAD_PARAMETER


EXTENSION = Extension("MT-PRIORITY", rank=86, mail={"MT-PRIORITY": mt_priority}, default=False)

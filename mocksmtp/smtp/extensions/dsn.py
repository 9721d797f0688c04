"""DSN: the client says which delivery status notifications it wants (RFC 3461)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.extensions import Extension
from mocksmtp.smtp.grammar import ATOM, UNITEXT
from mocksmtp.smtp.xtext import printable, printable_utf8

if TYPE_CHECKING:
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session

RETURNED = frozenset({"FULL", "HDRS"})
REASONS = frozenset({"SUCCESS", "FAILURE", "DELAY"})
LONGEST_ENVID = 100
"""Characters of ENVID= (section 4.4)."""
LONGEST_ORCPT = 500
"""Characters of ORCPT= (section 4.2)."""


def ret(_session: Session, value: str | None) -> Reply | None:
    """Check RET=: what comes back with a failure (section 4.3)."""
    return None if value is not None and value.upper() in RETURNED else replies.BAD_PARAMETER


def envid(_session: Session, value: str | None) -> Reply | None:
    """Check ENVID=: a name for this transaction, in xtext (section 4.4)."""
    good = value is not None and len(value) <= LONGEST_ENVID and printable(value)
    return None if good else replies.BAD_PARAMETER


def notify(_session: Session, value: str | None) -> Reply | None:
    """Check NOTIFY=: NEVER by itself, or a list of reasons (section 4.1)."""
    reasons = (value or "").upper().split(",")
    return None if reasons == ["NEVER"] or REASONS.issuperset(reasons) else replies.BAD_PARAMETER


def orcpt(session: Session, value: str | None) -> Reply | None:
    """Check ORCPT=: an address type and an address in xtext (section 4.2); after SMTPUTF8 in UTF-8 (RFC 6533)."""
    kind, semicolon, address = (value or "").partition(";")
    if not semicolon or len(value or "") > LONGEST_ORCPT or ATOM.fullmatch(kind) is None:
        return replies.BAD_PARAMETER
    if session.envelope.smtputf8:
        if kind.upper() == "UTF-8" and UNITEXT.fullmatch(address):
            return None
        if printable_utf8(address):  # Postfix writes the UTF-8 of an rfc822 address in xtext.
            return None
    return None if printable(address) else replies.BAD_PARAMETER


EXTENSION = Extension("DSN", rank=42, mail={"RET": ret, "ENVID": envid}, rcpt={"NOTIFY": notify, "ORCPT": orcpt})

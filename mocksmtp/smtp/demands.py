"""What must come first: TLS, a login, and commands in their order (RFC 5321 section 4.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.state import State

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.profile import Profile
    from mocksmtp.smtp.reply import Reply

TLS_EXEMPT = frozenset({"NOOP", "EHLO", "LHLO", "STARTTLS", "QUIT", "BDAT"})
"""What may be said before TLS where TLS is required (RFC 3207 section 4).

BDAT may not; it refuses by itself, because the octets behind it are read all the same.
"""

AUTH_EXEMPT = frozenset({"AUTH", "EHLO", "HELO", "LHLO", "NOOP", "RSET", "QUIT", "STARTTLS", "BDAT", "XCLIENT"})
"""What may be said before logging in where that is required (RFC 4954 section 6); for BDAT see above."""

_WITH_RECIPIENT = {
    State.START: replies.SAY_EHLO,
    State.READY: replies.NEEDS_MAIL,
    State.MAIL: replies.NEEDS_RECIPIENT,
    State.CHUNKS: replies.NEEDS_CHUNK,
    State.SPOILT: replies.NEEDS_RSET,
}
WRONG_ORDER = {
    "MAIL": {
        State.START: replies.SAY_EHLO,
        State.MAIL: replies.NESTED_MAIL,
        State.RCPT: replies.NESTED_MAIL,
        State.CHUNKS: replies.NEEDS_CHUNK,
        State.SPOILT: replies.NEEDS_RSET,
    },
    "RCPT": {
        State.START: replies.SAY_EHLO,
        State.READY: replies.NEEDS_MAIL,
        State.CHUNKS: replies.NEEDS_CHUNK,
        State.SPOILT: replies.NEEDS_RSET,
    },
    "XCLIENT": dict.fromkeys(State, replies.NESTED_MAIL),
    "DATA": _WITH_RECIPIENT,
    "BDAT": _WITH_RECIPIENT,
}
"""The 503 that says what is missing; plain BAD_SEQUENCE for what is not here."""


def missing(profile: Profile, conversation: Conversation) -> tuple[frozenset[str], Reply] | None:
    """Return the verbs that may be said already and the reply to all others; None where nothing is missing."""
    if profile.require_tls and conversation.tls is None:
        return TLS_EXEMPT, replies.TLS_REQUIRED
    if profile.authentication.required and conversation.auth is None:
        return AUTH_EXEMPT, replies.AUTH_REQUIRED
    return None


def out_of_order(verb: str, state: State, profile: Profile) -> Reply:
    """Return the 503 that says what is missing."""
    reply = WRONG_ORDER.get(verb, {}).get(state, replies.BAD_SEQUENCE)
    return replies.SAY_LHLO if reply is replies.SAY_EHLO and profile.lmtp else reply

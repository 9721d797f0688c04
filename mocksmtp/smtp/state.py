"""States of a session, and which commands are legal in them (RFC 5321 section 4.1.4)."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where the conversation stands.

    ``REFUSED`` follows a greeting that was no 220 (RFC 5321 section 3.1), ``START`` waits
    for EHLO or HELO, ``READY`` for MAIL, ``MAIL`` for the first recipient, ``RCPT`` for
    more of them or DATA, ``CHUNKS`` for more of the mail data that BDAT began (RFC 3030),
    ``SPOILT`` for RSET after a chunk was refused.
    """

    REFUSED = "refused"
    START = "start"
    READY = "ready"
    MAIL = "mail"
    RCPT = "rcpt"
    CHUNKS = "chunks"
    SPOILT = "spoilt"

    __hash__ = str.__hash__  # Enum's own is a Python function, and states are looked up at every command.


ALWAYS = frozenset(State)
ANY = ALWAYS - {State.REFUSED}
READY = frozenset({State.READY})
IN_MAIL = frozenset({State.MAIL, State.RCPT})
WITH_RECIPIENTS = frozenset({State.RCPT})
FOR_CHUNKS = frozenset({State.RCPT, State.CHUNKS})

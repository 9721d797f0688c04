"""Stages: the moments of a conversation at which a policy is asked."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """One name for each moment, the same in rules, facts and metrics.

    ``DATA`` is the command, ``MESSAGE`` the end of mail data; ``STARTTLS`` is the
    TLS handshake on every listener; ``UNKNOWN`` is a command we do not know (500)
    or do not offer (502).
    """

    CONNECT = "connect"
    HELO = "helo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"
    RSET = "rset"
    NOOP = "noop"
    VRFY = "vrfy"
    EXPN = "expn"
    HELP = "help"
    QUIT = "quit"
    UNKNOWN = "unknown"

    # Enum's own hash is a Python function; stages are keys on the hot path.
    __hash__ = str.__hash__

    def __str__(self) -> str:
        return self.value

    @property
    def positive(self) -> int:
        """The first digit of a reply that lets this stage take effect: 3 at DATA, 2 elsewhere."""
        return 3 if self is Stage.DATA else 2

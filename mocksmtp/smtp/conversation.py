"""What one session has said so far; rules read it, facts refer to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp.notes import NOT_TAKEN, Notes

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.introduction import Introduction


NONE: frozenset[str] = frozenset()


class Tls(NamedTuple):
    """What a finished handshake agreed on: version as ``1.2`` or ``1.3``, cipher by its OpenSSL name."""

    version: str
    cipher: str
    sni: str | None = None


class Moment(NamedTuple):
    """Whose a conversation was at a moment, which is in seconds since the epoch; it may be another's since."""

    at: float
    session: str
    listener: str
    client: str
    helo: str | None
    auth: str | None
    scopes: tuple[str, ...]


_moment = partial(tuple.__new__, Moment)


class Conversation:
    """Who talks to us, over which listener, and what has been agreed.

    ``client`` is an IP address as text (a mapped IPv4 address as IPv4), ``helo`` the
    argument of EHLO or HELO, ``auth`` the identity that logged in, ``envelope`` the
    open mail transaction, ``content`` the mail data while the end of it is being
    decided.  ``introduced`` is what a trusted proxy said of the client by XCLIENT: the
    other fields then hold it.  ``notes`` takes what is said, both ways; ``at`` is when the client was last
    heard, in seconds since the epoch.
    """

    __slots__ = (
        "at", "auth", "client", "content", "counted", "envelope", "esmtp", "helo", "hostname", "id", "introduced",
        "listener", "notes", "port", "scopes", "scopes_seen", "tls",
    )  # fmt: skip

    def __init__(self, session_id: str, listener: str, hostname: str, client: str, port: int = 0) -> None:
        self.id = session_id
        self.listener = listener
        self.hostname = hostname
        self.client = client
        self.port = port
        self.introduced: Introduction | None = None
        self.helo: str | None = None
        self.esmtp = False
        self.tls: Tls | None = None
        self.auth: str | None = None
        self.envelope: Envelope | None = None
        self.content: bytes | None = None
        self.notes: Notes = NOT_TAKEN
        self.at = 0.0
        self.scopes: tuple[str, ...] = ()
        """Tokens of the scopes that what is being answered belongs to; the policy finds them."""
        self.scopes_seen: tuple[str, ...] = ()
        """Those of all that was answered in this session."""
        self.counted: frozenset[str] = NONE
        """Names of the rules that count once in a transaction, and counted the MAIL of this one."""

    @property
    def comes_from(self) -> str:
        """The address that the connection comes from, whoever was introduced since."""
        return self.client if self.introduced is None else self.introduced.by

    @property
    def moment(self) -> Moment:
        """Whose it is now."""
        return _moment((self.at, self.id, self.listener, self.client, self.helo, self.auth, self.scopes))

"""What one session has said so far; rules read it, facts refer to it."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from mocksmtp.smtp.notes import NOT_TAKEN, Notes

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.introduction import Introduction
    from mocksmtp.smtp.record import Whose


NONE: frozenset[str] = frozenset()


class Tls(NamedTuple):
    """What a finished handshake agreed on: version as ``1.2`` or ``1.3``, cipher by its OpenSSL name."""

    version: str
    cipher: str
    sni: str | None = None


Value = TypeVar("Value")


class Part(Protocol[Value]):
    """An attribute that ``whose`` follows from."""

    def __get__(self, who: Conversation, of: type[Conversation], /) -> Value:
        """Return it."""
        ...

    def __set__(self, who: Conversation, value: Value, /) -> None:
        """Change it."""
        ...


def _part(name: str) -> Any:
    """Make such an attribute: it changes seldom, and each message asks for ``whose``."""
    slot = "_" + name

    def put(who: Conversation, value: Any) -> None:
        if getattr(who, slot) != value:
            setattr(who, slot, value)
            who.find_whose()

    return property(attrgetter(slot), put)


class Conversation:
    """Who talks to us, over which listener, and what has been agreed.

    ``client`` is an IP address as text (a mapped IPv4 address as IPv4), ``helo`` the
    argument of EHLO or HELO, ``auth`` the identity that logged in, ``envelope`` the
    open mail transaction, ``content`` the mail data while the end of it is being
    decided.  ``introduced`` is what a trusted proxy said of the client by XCLIENT: the
    other fields then hold it.  ``notes`` takes what is said, both ways; ``at`` is when the client was last
    heard, in seconds since the epoch; ``scopes`` are the tokens of those that what is being answered belongs
    to: the policy finds them.  ``whose`` is what stands of all this in a record.
    """

    __slots__ = (
        "_auth", "_client", "_helo", "_scopes", "at", "content", "counted", "envelope", "esmtp", "hostname", "id",
        "introduced", "listener", "notes", "port", "scopes_seen", "tls", "whose",
    )  # fmt: skip

    client: Part[str] = _part("client")
    helo: Part[str | None] = _part("helo")
    auth: Part[str | None] = _part("auth")
    scopes: Part[tuple[str, ...]] = _part("scopes")

    def __init__(self, session_id: str, listener: str, hostname: str, client: str, port: int = 0) -> None:
        self.id = session_id
        self.listener = listener
        self.hostname = hostname
        self._client = client
        self.port = port
        self.introduced: Introduction | None = None
        self._helo: str | None = None
        self.esmtp = False
        self.tls: Tls | None = None
        self._auth: str | None = None
        self.envelope: Envelope | None = None
        self.content: bytes | None = None
        self.notes: Notes = NOT_TAKEN
        self.at = 0.0
        self._scopes: tuple[str, ...] = ()
        self.scopes_seen: tuple[str, ...] = ()
        """Those of all that was answered in this session."""
        self.counted: frozenset[str] = NONE
        """Names of the rules that count once in a transaction, and counted the MAIL of this one."""
        self.find_whose()

    @property
    def comes_from(self) -> str:
        """The address that the connection comes from, whoever was introduced since."""
        return self.client if self.introduced is None else self.introduced.by

    def find_whose(self) -> None:
        """Something of it has changed."""
        self.whose: Whose = (self.id, self.listener, self._client, self._helo, self._auth, self._scopes)

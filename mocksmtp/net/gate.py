"""The gate before a session: who the client really is, from the PROXY header, before a word is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import Protocol

from mocksmtp.net.proxy import NO_HEADER, Client, Malformed, read_header

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from mocksmtp.net.listeners import Listener

OFF, OPTIONAL, REQUIRED = "off", "optional", "required"

DEADLINE = 5.0
"""Seconds after the connection in which the whole header must have come."""

GRACE = 0.5
"""Seconds for its first octet where it is optional: a client of SMTP is silent too, until it is greeted."""


class ProxyGate(Protocol):
    """A connection from a trusted network whose header is still to come; the session takes its place."""

    transport: Any

    def __init__(self, listener: Listener, peer: Client) -> None:
        self.listener = listener
        self.peer = peer
        self._optional = listener.proxy_protocol == OPTIONAL
        self._deadline = 0.0
        self._timer: Any = None
        self._received = b""

    def connectionMade(self) -> None:
        """Wait for the header."""
        clock = self.listener.clock
        self.listener.gates.add(self)
        self._deadline = clock.seconds() + DEADLINE
        self._timer = clock.callLater(GRACE if self._optional else DEADLINE, self._time_is_up)

    def dataReceived(self, data: bytes) -> None:
        """Read the header, in pieces too."""
        if not self._received:
            self._timer.reset(max(0.0, self._deadline - self.listener.clock.seconds()))
        self._received += data
        found = read_header(self._received)
        if found is None:
            return
        if not isinstance(found, Malformed):
            self._open(found.client or self.peer, self._received[found.size :])
        elif self._optional and found is NO_HEADER:
            self._open(self.peer, self._received)
        else:
            self.refuse(found.reason)

    def connectionLost(self, _reason: Failure | None = None) -> None:
        """The connection went before its header came."""
        self._leave()

    def refuse(self, reason: str) -> None:
        """Close without a word: what would be said here would reach a proxy, or be taken for its client's mail."""
        self._leave()
        self.listener.refused(self.peer.host, reason)
        self.transport.loseConnection()

    def _time_is_up(self) -> None:
        if self._optional and not self._received:
            self._open(self.peer, b"")
        else:
            self.refuse(f"no whole PROXY header came within {DEADLINE:g} s")

    def _open(self, client: Client, behind: bytes) -> None:
        self._leave()
        session = self.listener.converse(client.host, client.port)
        self.transport.protocol = session
        session.makeConnection(self.transport)
        if behind:
            session.receive_early(behind)

    def _leave(self) -> None:
        self.listener.gates.discard(self)
        if self._timer.active():
            self._timer.cancel()

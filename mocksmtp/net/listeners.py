"""Listeners: the ports we accept on, who is connected, and when patience ends."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from mocksmtp.net.departures import Departures
from mocksmtp.net.gate import OFF, REQUIRED, ProxyGate
from mocksmtp.net.ports import NOWHERE, Place
from mocksmtp.net.protocol import SmtpProtocol
from mocksmtp.net.proxy import Client
from mocksmtp.net.transport import Port
from mocksmtp.smtp import replies
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.facts import ConnectionRefused
from mocksmtp.smtp.notes import NOT_TAKEN, Notes
from mocksmtp.smtp.policy import AS_PROPOSED, Decision, Found, Policy, Search
from mocksmtp.smtp.remembered import Remembered
from mocksmtp.smtp.session import Session

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from mocksmtp.smtp.facts import Publisher
    from mocksmtp.smtp.profile import Profile
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.stores import Store

BACKLOG = 4096
"""Connections the kernel holds until we accept them; it cuts this down to net.core.somaxconn."""

SMALL = 4096
"""Octets of a receive buffer while mail data is to be taken in slowly; the kernel doubles it."""

SWEEP = 0.25
"""Seconds between two looks at the deadlines of all connections."""

MAPPED = "::ffff:"

NO_SUCH_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
"""What binding to ``::`` fails with on a host without IPv6."""

log = Logger(namespace="mocksmtp.net")


class Listener(Factory):
    """One named port: makes a session for each connection and keeps count of them."""

    noisy = False

    def __init__(
        self,
        profile: Profile,
        policy: Policy,
        store: Store,
        publish: Publisher,
        tls: Any,
        reactor: Any,
        next_id: Callable[[], str],
        proxy_protocol: str = OFF,
    ) -> None:
        """``tls`` makes the server side of a TLS connection, ``reactor`` is also the clock."""
        self.profile = profile
        self.policy = policy
        self.store = store
        self.publish = publish
        self.tls = tls
        self.clock = reactor
        self.next_id = next_id
        self._remembered = Remembered()
        self.departures = Departures(reactor)
        self.place = NOWHERE
        self.proxy_protocol = proxy_protocol
        self.gates: set[ProxyGate] = set()
        self.notes: Callable[[], Notes] = lambda: NOT_TAKEN
        """Makes room for what is said in a session; nobody keeps it unless there is a journal."""
        self.port: Port | None = None
        self.connections: set[SmtpProtocol] = set()
        self._clients: dict[str, int] = {}
        self._sweep: Any = None
        self._leaving = False

    # Ports.

    def listen(self, place: Place) -> int:
        """Accept at a place, and return the port (another one where 0 was asked for).

        Raises CannotListenError.
        """
        self.take(self.bound(place), place)
        return self.accepts_on

    def take(self, port: Port, place: Place) -> None:
        """Accept on a port that is bound, perhaps by another listener."""
        if port.factory is not self:
            port.factory.doStop()
            port.factory = self
            self.doStart()
        self.port, self.place = port, place
        self._fit_windows()
        if self._sweep is None:
            self._sweep = self.clock.callLater(SWEEP, self._look_at_deadlines)

    def bound(self, place: Place) -> Port:
        """Bind a port.  Raises CannotListenError."""
        candidates = ["::", "0.0.0.0"] if place.interface is None else [place.interface]
        for candidate in candidates:
            port = Port(place.port, self, BACKLOG, candidate, self.clock)
            try:
                port.startListening()
            except CannotListenError as error:
                no_ipv6 = getattr(error.socketError, "errno", None) in NO_SUCH_FAMILY
                if candidate == candidates[-1] or not no_ipv6:
                    raise
                continue
            # Accepted sockets inherit it: small replies leave at once.
            port.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return port
        raise AssertionError("the last candidate either listens or raises")

    def _fit_windows(self) -> None:
        """Give connections small windows where mail data may be taken in slowly; they stay so.

        Accepted sockets inherit it; lowered later, on a connection, it has the kernel drop
        what it had room for before, and the client send it again and again.
        """
        if self.port is not None and self.policy.reads_slowly:
            self.port.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)

    @property
    def accepts_on(self) -> int:
        """The port number we accept on, 0 while we do not."""
        return 0 if self.port is None or not self.port.connected else self.port.getHost().port

    def leave(self) -> None:
        """The configuration names us no more: open sessions end as in a shutdown, and then we are done."""
        self._leaving = True
        self._refuse_gates("there is no such listener any more")
        for connection in list(self.connections):
            connection.drain()

    def stop_accepting(self) -> None:
        """Accept no more connections; those that are open go on, if it is known whose they are."""
        if self.port is not None:
            self.port.stopListening()
            self.port = None
        self._refuse_gates("the service shuts down")

    def _refuse_gates(self, reason: str) -> None:
        for gate in list(self.gates):
            gate.refuse(reason)

    # Connections.

    def follow(self, policy: Policy) -> None:
        """Ask another policy, in open sessions from their next command on."""
        self.policy = policy
        self._fit_windows()
        self._remembered = Remembered()
        for connection in self.connections:
            session = connection.session
            session.follow(policy, self._remembered if session.profile is self.profile else Remembered())

    def become(self, profile: Profile, tls: Any, proxy_protocol: str) -> None:
        """Offer something else: all of it to new connections, its bounds and demands to open sessions too."""
        self.tls = tls
        self.proxy_protocol = proxy_protocol
        if profile == self.profile:
            return
        self.profile = profile
        self._remembered = Remembered()
        # One for each profile that is in use, however many sessions there are.
        made: dict[int, tuple[Profile, Profile, Remembered]] = {}
        for connection in self.connections:
            old = connection.session.profile
            if id(old) not in made:
                made[id(old)] = old, old.bounded_as(profile), Remembered()
            connection.session.meet(*made[id(old)][1:])

    def welcome(self, host: str, port: int) -> SmtpProtocol | ProxyGate | None:
        """Make what a new connection talks to, by the address it comes from; None closes it."""
        client = host[len(MAPPED) :] if host.startswith(MAPPED) and "." in host else host
        if self.proxy_protocol == OFF:
            return self.converse(client, port)
        if self.profile.trusts(client):
            return ProxyGate(self, Client(client, port))
        if self.proxy_protocol == REQUIRED:
            self.refused(client, "a PROXY header is required, and only those in `trusted` may send one")
            return None
        return self.converse(client, port)

    def converse(self, client: str, port: int) -> SmtpProtocol:
        """Make the session of a new connection."""
        conversation = Conversation(self.next_id(), self.profile.name, self.profile.hostname, client, port)
        conversation.notes = self.notes()
        session = Session(
            self.profile, self.policy, conversation, self.publish, self.next_id, self.clock.seconds,
            self._remembered,
        )  # fmt: skip
        return SmtpProtocol(self, session)

    def refused(self, client: str, reason: str) -> None:
        """Tell of a connection that never became a session."""
        self.publish(ConnectionRefused(self.profile.name, client, reason))

    def busy(self, client: str) -> Reply | None:
        """Say which reply turns this client away because too many are connected, None if there is room."""
        limits = self.profile.limits
        if len(self.connections) > limits.connections:
            return replies.TOO_MANY_CONNECTIONS
        if self._clients[client] > limits.connections_per_client:
            return replies.TOO_MANY_FROM_CLIENT
        return None

    def joined(self, protocol: SmtpProtocol) -> None:
        """Count a connection in."""
        self.connections.add(protocol)
        protocol.counted_as = client = protocol.conversation.client
        self._clients[client] = self._clients.get(client, 0) + 1

    def left(self, protocol: SmtpProtocol) -> None:
        """Count a connection out."""
        self.connections.discard(protocol)
        client = protocol.counted_as  # XCLIENT may have named another since.
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]

    # Time.

    def _look_at_deadlines(self) -> None:
        # One look at all of them is far cheaper than a timer moved at each command.
        self._remembered.forget_greetings()
        now = self.clock.seconds()
        silent_since = now - self.profile.limits.idle_timeout
        late = [
            c for c in self.connections
            if (c.deadline <= now if c.deadline else c.conversation.at <= silent_since)
        ]  # fmt: skip
        for protocol in late:
            protocol.time_out()
        if self.connections or not self._leaving:
            self._sweep = self.clock.callLater(SWEEP, self._look_at_deadlines)

    def stop_looking(self) -> None:
        """Forget the deadlines; the listener is done."""
        if self._sweep is not None and self._sweep.active():
            self._sweep.cancel()

    # Work that would block.

    def search(self, search: Search, decided: Callable[[Decision | Found], None]) -> None:
        """Run a search in a thread and tell what it found."""

        def failed(failure: Failure) -> None:
            log.failure("a search failed; the protocol's own answer stands", failure)
            decided(AS_PROPOSED)

        deferToThreadPool(self.clock, self.clock.getThreadPool(), search).addCallbacks(decided, failed)

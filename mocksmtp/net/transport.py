"""A TCP transport that sends at once when nothing is pending.

``transport.write`` of Twisted arms the poller, goes round the loop, sends and disarms:
seven system calls where three will do.  This is the one file that reads Twisted's
private names; ``DIRECT`` says whether they are there, and without them the ordinary
transport is used.  Measured: docs/decisions/direct-send.md.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from fcntl import ioctl
from struct import unpack
from termios import TIOCOUTQ
from typing import TYPE_CHECKING, Any

from twisted.internet import main, tcp
from twisted.internet.address import IPv6Address
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.net.turn import TURN

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocol

READ_SIZE = 65_536
"""Octets taken from the socket at once."""

ACCEPTED = 64
"""Connections accepted before those that are open are looked at again."""

PRIVATE_NAMES = ("_tempDataBuffer", "dataBuffer", "_tempDataLen", "_writeDisconnected", "_shouldShutdown")

DONE = Failure(main.CONNECTION_DONE)
"""The reason of a connection that both sides have ended in good order."""

log = Logger(namespace="mocksmtp.net")


class DirectServer(tcp.Server):
    """A server-side connection whose writes go to the socket without a turn of the loop.

    ``_held`` is what leaves at the end of the turn.  ``_indirect`` says that what is written goes
    Twisted's way: under TLS, while the kernel has not taken what was written before, and once the
    connection is gone.
    """

    protocol: Any
    logstr = repstr = "mocksmtp"

    def __init__(
        self,
        connection: socket.socket,
        protocol: Any,
        client: tuple[Any, ...],
        server: Any,
        number: int,
        reactor: Any,
    ) -> None:
        """Begin to read.  It does what Twisted's own does, but for names that only stand in its log."""
        tcp.Connection.__init__(self, connection, protocol, reactor)
        if len(client) != 2:
            self._addressType = IPv6Address
        self.server = server
        self.client = client
        self.sessionno = number
        self.hostname = client[0]
        self.TLS = self._paused = self._unpolled = self._indirect = False
        self._held = b""
        self.startReading()
        self.connected = 1

    def pauseProducing(self) -> None:
        """Read no more; the poller hears of it only if something comes, for most clients wait as we do."""
        if self.TLS:
            super().pauseProducing()
        else:
            self._paused = True

    def resumeProducing(self) -> None:
        """Read again; most often nothing came meanwhile, and the poller was told nothing."""
        if not self._paused or self._unpolled:
            self._unpolled = False
            super().resumeProducing()
        self._paused = False

    def write(self, data: bytes) -> None:
        """Send what the kernel takes, at the end of the turn, and leave the rest to the poller.

        Under TLS: as Twisted does.
        """
        if self._indirect:
            super().write(data)
        elif self._held:
            self._held += data
        else:
            self._held = data
            if (leaving := TURN.leaving) is None:
                self.flush()
            else:
                leaving.append(self)

    def flush(self, flags: int = 0) -> None:
        """Send what was to leave together with others."""
        data = self._held
        if data and not self._indirect:
            self._held = b""
            try:
                sent = self.socket.send(data, flags)
            except OSError:
                # Full, or broken; either way the ordinary path finds out and tells.
                sent = 0
            if sent < len(data):
                self._indirect = True
                super().write(data[sent:])

    def doWrite(self) -> Any:
        """Go on sending what the kernel did not take; when it has all, we send directly again."""
        why = super().doWrite()
        if not (self.TLS or self._tempDataBuffer or self.dataBuffer):
            self._indirect = not self.connected
        return why

    def connectionLost(self, reason: Failure) -> None:
        """There is nobody any more to send to."""
        self._indirect = True
        super().connectionLost(reason)

    def loseConnection(self, *arguments: Any) -> None:
        """Send what is held, then end as Twisted does."""
        self.flush()
        super().loseConnection(*arguments)

    def abortConnection(self) -> None:
        """Send what is held, then reset."""
        self.flush()
        super().abortConnection()

    def startTLS(self, *arguments: Any, **named: Any) -> None:
        """Send what is held, then begin the handshake."""
        self.flush()
        self._indirect = True
        super().startTLS(*arguments, **named)

    def loseWriteConnection(self) -> None:
        """Send our FIN now if nothing is pending; a turn of the loop costs as much as a command.

        What is held leaves in the same packet.
        """
        if self._held:
            self.flush(socket.MSG_MORE)
        if self._indirect:
            super().loseWriteConnection()
            return
        self._writeDisconnected = True
        self._shouldShutdown = False
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        self.protocol.writeConnectionLost()

    @property
    def finished(self) -> bool:
        """Whether our FIN is out, so that the client's ends the connection."""
        return self._writeDisconnected

    def end(self) -> None:
        """Both halves are closed, and nothing is pending: close the socket and tell the protocol."""
        self.connected, self.disconnected, self._indirect = 0, 1, True
        protocol, connection = self.protocol, self.socket
        del self.protocol, self.socket, self.fileno
        os.close(connection.detach())
        protocol.connectionLost(DONE)

    def doRead(self) -> Any:
        """Hand what has come to the protocol, without the layers between."""
        if self._paused or self.TLS:
            return self._read_otherwise()
        try:
            data = self.socket.recv(READ_SIZE)
        except BlockingIOError:
            return None
        except OSError:
            return main.CONNECTION_LOST
        if not data:
            return main.CONNECTION_DONE
        self.protocol.dataReceived(data)
        return None

    def _read_otherwise(self) -> Any:
        if self.TLS:
            return super().doRead()
        self._unpolled = True
        self.stopReading()
        return None


def unsent(transport: Any) -> bool:
    """Say whether something that was written is still here, or on its way to the client's kernel."""
    if transport.TLS:
        aggregator = getattr(transport.protocol, "_aggregator", None)
        if aggregator is not None:
            aggregator.flush()
    elif DIRECT:
        transport.flush()
    if transport.dataBuffer or transport._tempDataBuffer:
        return True
    (octets,) = unpack("i", ioctl(transport.fileno(), TIOCOUTQ, bytes(4)))
    return bool(octets)


def offers_direct(transport: type[tcp.Server] = tcp.Server) -> bool:
    """Say whether Twisted still has the names that ``DirectServer`` stands on."""
    return set(PRIVATE_NAMES) <= set(_names_used_by(transport))


def _names_used_by(transport: type[tcp.Server]) -> set[str]:
    names: set[str] = set()
    for cls in transport.__mro__:
        for member in vars(cls).values():
            code = getattr(member, "__code__", None)
            if code is not None:
                names.update(code.co_names)
    return names


DIRECT = offers_direct()


class Port(tcp.Port):
    """A listening socket whose connections send directly where that can be had.

    Its factory has ``welcome(host, port)``, which returns a protocol for a new connection, or None to close it.
    """

    transport: Any = DirectServer if DIRECT else tcp.Server

    def doRead(self) -> None:
        """Accept what waits, without the layers between; what goes wrong is left to Twisted."""
        for _ in range(ACCEPTED):
            try:
                connection, peer = self.socket.accept()
            except BlockingIOError:
                return
            except OSError:
                super().doRead()  # Out of descriptors, and the like.
                return
            try:
                self._begin(connection, peer)
            except Exception:
                log.failure("a connection could not be begun; it is closed")
                connection.close()

    def _begin(self, connection: socket.socket, peer: tuple[Any, ...]) -> None:
        if len(peer) == 4 and peer[3]:  # A link-local address is nothing without its scope.
            host, _ = socket.getnameinfo(peer, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
            peer = (host, *peer[1:])
        protocol = self.factory.welcome(peer[0], peer[1])
        if protocol is None:
            connection.close()
            return
        number = self.sessionno
        self.sessionno = number + 1
        protocol.makeConnection(self.transport(connection, protocol, peer, self, number, self.reactor))

    if TYPE_CHECKING:
        factory: Any
        _unused: IProtocol

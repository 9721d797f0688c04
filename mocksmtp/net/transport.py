"""A TCP transport that sends at once when nothing is pending.

``transport.write`` of Twisted arms the poller, goes round the loop, sends and disarms:
seven system calls where three will do.  This is the one file that reads Twisted's
private names; ``DIRECT`` says whether they are there, and without them the ordinary
transport is used.  Measured: docs/decisions/direct-send.md.
"""

from __future__ import annotations

from fcntl import ioctl
from struct import unpack
from termios import TIOCOUTQ
from typing import TYPE_CHECKING, Any

from twisted.internet import main, tcp

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocol

READ_SIZE = 65_536
"""Octets taken from the socket at once."""

PRIVATE_NAMES = ("_tempDataBuffer", "dataBuffer", "_tempDataLen")


class DirectServer(tcp.Server):
    """A server-side connection whose writes go to the socket without a turn of the loop."""

    protocol: Any

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, and leave the rest to the poller.  Under TLS: as Twisted does."""
        if self.TLS or self._tempDataBuffer or self.dataBuffer or not self.connected:
            super().write(data)
            return
        try:
            sent = self.socket.send(data)
        except OSError:
            # Full, or broken; either way the ordinary path finds out and tells.
            sent = 0
        if sent < len(data):
            super().write(data[sent:])

    def doRead(self) -> Any:
        """Hand what has come to the protocol, without the layers between."""
        if self.TLS:
            return super().doRead()
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


def unsent(transport: Any) -> bool:
    """Say whether something that was written is still here, or on its way to the client's kernel."""
    if transport.TLS:
        aggregator = getattr(transport.protocol, "_aggregator", None)
        if aggregator is not None:
            aggregator.flush()
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
    """A listening socket whose connections send directly where that can be had."""

    transport = DirectServer if DIRECT else tcp.Server
    if TYPE_CHECKING:
        factory: Any
        _unused: IProtocol

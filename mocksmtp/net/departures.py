"""Departures: tells when a client goes whose connection is not being read.

A connection that is not read is not in the reactor's poller, so a stalled session would
outlive its client.  Here the kernel is asked for nothing but the end of the connection;
that costs nothing until it comes.  The client's FIN is no such end: Exim says QUIT and
ends its half with the last chunk, and then waits for its reply.  Whether anybody is still
there a probe tells (``KEEPALIVE``).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from select import EPOLLONESHOT, epoll
from socket import IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, socket
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

KEEPALIVE = (
    (SOL_SOCKET, SO_KEEPALIVE, 1),
    (IPPROTO_TCP, TCP_KEEPIDLE, 15),
    (IPPROTO_TCP, TCP_KEEPINTVL, 15),
    (IPPROTO_TCP, TCP_KEEPCNT, 4),
)
"""A probe each 15 s.  A socket that was closed in good order answers for a minute more, and then by a reset."""


@implementer(IReadDescriptor)
class Departures:
    """A poller inside the reactor's poller, made when the first connection is watched."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._poller: epoll | None = None
        self._gone: dict[int, Callable[[], None]] = {}

    def watch(self, connection: socket, gone: Callable[[], None]) -> Watch:
        """Call ``gone`` once when nobody is there any more."""
        for level, option, value in KEEPALIVE:
            connection.setsockopt(level, option, value)
        descriptor = connection.fileno()
        if self._poller is None:
            self._poller = epoll()
            self._reactor.addReader(self)
        self._gone[descriptor] = gone
        self._poller.register(descriptor, EPOLLONESHOT)  # Errors and the end of both halves are always told.
        return Watch(self, descriptor)

    def forget(self, descriptor: int) -> None:
        """Watch no longer."""
        if self._poller is not None and self._gone.pop(descriptor, None) is not None:
            with suppress(OSError):  # The kernel forgot it by itself when it was closed.
                self._poller.unregister(descriptor)

    # What the reactor calls.

    def doRead(self) -> None:
        """Tell who has gone."""
        for descriptor, _ in self._poller.poll(0) if self._poller is not None else ():
            gone = self._gone.get(descriptor)
            self.forget(descriptor)
            if gone is not None:
                gone()

    def fileno(self) -> int:
        """Return the poller's descriptor: it can be read when somebody has gone."""
        return self._poller.fileno() if self._poller is not None else -1

    def logPrefix(self) -> str:
        """Say who we are in a log."""
        return "departures"

    def connectionLost(self, _reason: Any = None) -> None:
        """The reactor ends."""
        if self._poller is not None:
            self._poller.close()
            self._poller = None
            self._gone.clear()


class Watch:
    """One connection that is watched."""

    __slots__ = ("_departures", "_descriptor")

    def __init__(self, departures: Departures, descriptor: int) -> None:
        self._departures = departures
        self._descriptor = descriptor

    def cancel(self) -> None:
        """Watch no longer."""
        self._departures.forget(self._descriptor)

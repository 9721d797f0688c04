"""The epoll reactor with a shorter way from the poller to a connection.

Twisted wraps each event in a logging context and several checks, about as much work as
a whole SMTP command.  Here a readable ``DirectServer`` is read at once; every other
event goes Twisted's way.  Measured: docs/decisions/direct-send.md.
"""

from __future__ import annotations

from select import EPOLLHUP, EPOLLIN
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST, installReactor
from twisted.logger import Logger
from twisted.python import log as context

from mocksmtp.net.transport import DirectServer
from mocksmtp.net.turn import TURN

TOGETHER = 64
"""Events whose replies leave together; more would keep the first client waiting for the last."""

READABLE = (EPOLLIN, EPOLLIN | EPOLLHUP)
"""Events that are answered by reading, and by nothing else."""

log = Logger(namespace="mocksmtp.net")


class DirectReactor(EPollReactor):
    """Reads plain connections without the layers between."""

    _selectables: dict[int, Any]
    _reads: set[int]
    _writes: set[int]

    def doPoll(self, timeout: float | None) -> None:
        """Wait for events, at most ``timeout`` seconds, and answer them."""
        poll, most = self._poller.poll, len(self._selectables) or 1
        events: list[tuple[int, int]] = []
        try:
            if TURN.owed:
                events = poll(0, most)
                TURN.settle(not events)
                if not events:
                    return  # What was done may have set a timer, which is to be looked at before we wait.
            if not events:
                events = poll(-1 if timeout is None else timeout, most)
        except InterruptedError:
            return
        find = self._selectables.get
        for first in range(0, len(events), TOGETHER):
            TURN.begin()
            for fd, event in events[first : first + TOGETHER]:
                connection = find(fd)
                if type(connection) is DirectServer and event in READABLE:
                    try:
                        why = connection.doRead()
                    except Exception:
                        log.failure("a connection failed; it is closed")
                        why = CONNECTION_LOST
                    if why is not None:
                        self._end(fd, connection, why)
                elif connection is not None:
                    context.callWithLogger(connection, self._doReadOrWrite, connection, fd, event)
            TURN.end()

    doIteration = doPoll

    def _end(self, fd: int, connection: DirectServer, why: Exception) -> None:
        if why is CONNECTION_DONE and connection.finished and fd not in self._writes:
            del self._selectables[fd]
            self._reads.remove(fd)  # The poller forgets by itself what is closed.
            connection.end()
        else:
            self._disconnectSelectable(connection, why, True)


def install() -> Any:
    """Make this the process's reactor, before anything imports Twisted's; return it."""
    reactor = DirectReactor()
    installReactor(reactor)
    return reactor

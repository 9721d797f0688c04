"""Performs what delays and faults ask for: waits, resets, half-closes, slow reading."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from mocksmtp.net.transport import unsent
from mocksmtp.smtp.notes import HALF_CLOSED, RESET

if TYPE_CHECKING:
    from mocksmtp.net.protocol import SmtpProtocol
    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.steps import Abort, Flush, HalfClose, Receive, Wait

FLUSH_LIMIT = 1.0
"""Seconds after which a flush gives up waiting for the client's kernel."""

IDLE = 0.0
"""The deadline of who waits for the client: it lies so far behind what was heard last as the listener has it."""

FIRST_LOOK = 0.001
LONGEST_LOOK = 0.05
"""Seconds between two looks at what the kernel has still to send; each is twice as long as the last."""

TICK = 0.1
"""Seconds of mail data that a slow reader takes at once."""


def wait(protocol: SmtpProtocol, step: Wait) -> None:
    """Read nothing and perform nothing for a while, or until the client has gone."""
    protocol.hold()
    if step.seconds < inf:
        protocol.pause = protocol.listener.clock.callLater(step.seconds, protocol.resume)
        return
    transport = protocol.transport
    protocol.stalled = True
    protocol.pause = protocol.listener.departures.watch(transport.socket, transport.abortConnection)


def flush(protocol: SmtpProtocol, _step: Flush) -> None:
    """Go on when the client's kernel has what was written; most often that is at once."""
    if unsent(protocol.transport):
        protocol.hold()
        _look_again(protocol, protocol.listener.clock.seconds() + FLUSH_LIMIT, FIRST_LOOK)


def _look_again(protocol: SmtpProtocol, until: float, after: float) -> None:
    clock = protocol.listener.clock
    if clock.seconds() >= until or not unsent(protocol.transport):
        protocol.resume()
    else:
        protocol.pause = clock.callLater(after, _look_again, protocol, until, min(2 * after, LONGEST_LOOK))


def abort(protocol: SmtpProtocol, _step: Abort) -> None:
    """Close with SO_LINGER 0, which is a reset; what is still to be sent is thrown away."""
    protocol.closing = True
    protocol.note(RESET)
    protocol.transport.unregisterProducer()
    protocol.transport.abortConnection()


def half_close(protocol: SmtpProtocol, _step: HalfClose) -> None:
    """End our half, and give the client the time of an idle session to end its own."""
    protocol.deadline = IDLE
    protocol.note(HALF_CLOSED)
    protocol.transport.unregisterProducer()
    if protocol.transport.TLS:
        protocol.transport.loseConnection()  # Twisted sends close_notify and reads on until the client's has come.
    else:
        protocol.transport.loseWriteConnection()


def give_up(protocol: SmtpProtocol) -> None:
    """Wait for nothing more: the connection is gone."""
    for going_on in (protocol.pause, protocol.trickle):
        if going_on is not None:
            going_on.cancel()
    protocol.pause = None


def receive(protocol: SmtpProtocol, step: Receive) -> None:
    """Read slowly from now on; counting octets is the session's part."""
    if step.rate is None:
        return
    if protocol.trickle is None:
        protocol.trickle = Trickle(protocol)
    protocol.trickle.slow_to(step.rate)


class Trickle:
    """Stands between a transport and its protocol until the message is in: so many octets a second.

    What has been read and not yet handed on is kept, and nothing more is read meanwhile.
    """

    def __init__(self, protocol: SmtpProtocol) -> None:
        self._protocol = protocol
        self._envelope: Envelope | None = None
        self._take = protocol.dataReceived
        self._rate = inf
        self._kept = b""
        self._timer: Any = None
        # What comes goes through here first; of this one connection, so that others pay nothing.
        protocol.dataReceived = self.take  # type: ignore[method-assign]

    def slow_to(self, rate: float) -> None:
        """Read this transaction's mail data at so many octets a second; of several rates the slowest holds."""
        envelope = self._protocol.session.conversation.envelope
        self._rate = min(rate, self._rate) if envelope is self._envelope else rate
        self._envelope = envelope

    @property
    def empty(self) -> bool:
        """Whether all that was read has been handed on."""
        return not self._kept

    def take(self, data: bytes) -> None:
        """Take what has come, and let it through slowly."""
        self._kept += data
        self._protocol.transport.pauseProducing()
        self._protocol.deadline = inf  # It is our turn.
        if self._timer is None:
            self._wait()

    def _wait(self) -> None:
        """Let the time pass in which the next octets are read."""
        size = max(1, int(self._rate * TICK))
        self._timer = self._protocol.listener.clock.callLater(size / self._rate, self._let_through, size)

    def _let_through(self, size: int) -> None:
        self._timer = None
        protocol = self._protocol
        if protocol.waiting:
            self._wait()
            return
        protocol.deadline = IDLE
        piece, self._kept = self._kept[:size], self._kept[size:]
        self._take(piece)
        session = protocol.session
        if session.deaf or session.conversation.envelope is not self._envelope:
            self._end()
        elif self._kept:
            self._wait()
            protocol.deadline = inf
        else:
            protocol.resumeProducing()

    def _end(self) -> None:
        """The message is in, or nobody listens any more: what came behind goes through at once."""
        protocol, rest = self._protocol, self._kept
        del protocol.dataReceived
        protocol.trickle = None
        protocol.resumeProducing()
        if rest:
            self._take(rest)

    def cancel(self) -> None:
        """Let nothing more through: the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

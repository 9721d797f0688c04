"""The shell: performs the steps of a session on a Twisted transport, and decides nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener, IPushProducer
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from mocksmtp.net import handshakes, patience
from mocksmtp.net.tls import bindings, describe
from mocksmtp.smtp.in_clear import go_on_in_clear
from mocksmtp.smtp.notes import CLOSED, GONE, SENT
from mocksmtp.smtp.session import Session
from mocksmtp.smtp.steps import Abort, Close, Decide, Flush, HalfClose, Receive, Send, StartTls, Step, Store, Wait

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from mocksmtp.net.listeners import Listener
    from mocksmtp.net.tls import ServerContext
    from mocksmtp.smtp.policy import Decision, Found
    from mocksmtp.smtp.reply import Reply

CLOSE = Close()

LINGER = 1.0
"""Seconds for which input is read away after a close, so that no reset overtakes the reply."""


@implementer(IHalfCloseableProtocol, IHandshakeListener, IPushProducer)
class SmtpProtocol(Protocol):
    """One connection.

    Steps stand in a queue and are performed in order; a step that takes time pauses
    reading, so that what is held stays within one read and the kernel's buffers.
    """

    transport: Any
    counted_as: str
    deadline = patience.IDLE
    """The moment at which patience ends, in seconds of our clock; ``IDLE`` is an idle session's."""
    closing = False
    # What ``net/patience.py`` keeps here: what ends a wait, whether it has no end, and a slow reader.
    pause: Any = None
    stalled = False
    trickle: patience.Trickle | None = None
    _early: bytes | None = b""

    def __init__(self, listener: Listener, session: Session) -> None:
        self.listener = listener
        self.session = session
        self.conversation = conversation = session.conversation
        self.note = conversation.notes.append
        # What is looked at again and again is the instance's own: that is found twice as fast.
        self.waiting = self._performing = False
        self._steps: deque[Step] = deque()
        self._seconds = listener.clock.seconds

    # What Twisted calls.

    def connectionMade(self) -> None:
        """Greet."""
        self.listener.joined(self)
        self._mark()
        self.transport.registerProducer(self, streaming=True)
        self._perform(self.session.open(self.listener.busy(self.conversation.client)))

    def dataReceived(self, data: bytes) -> None:
        """Answer; replies, and a message that is kept at once, go without the queue."""
        session = self.session
        if session.deaf:  # What comes after a close, or during a handshake, moves no deadline.
            if self.closing:
                session.unheard(data)
            return
        # One look at the clock for all that this read brings.
        self.conversation.at = now = self._seconds()
        self.note(now)
        if self.waiting or self._steps:
            self._perform(session.receive_data(data))
        elif (answer := session.answer_at_once(data)) is not None:
            self.transport.write(answer)
            if session.deaf:
                self.close(CLOSE)
        else:
            steps = session.receive_data(data)
            if len(steps) == 1 and type(step := steps[0]) is Store:
                if not self._keep(step):
                    return
                if (answer := session.kept_at_once()) is not None:
                    self.transport.write(answer)
                    return
                steps = session.stored(None)
            self._perform(steps)

    def handshakeCompleted(self) -> None:
        """Go on under TLS."""
        self.deadline = patience.IDLE
        self._mark()
        self._perform(self.session.tls_started(describe(self.transport), partial(bindings, self.transport)))

    def readConnectionLost(self) -> None:
        """The client will send no more; a half-closed SMTP client gets no more either."""
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our FIN is out; the client's is still to come."""

    def connectionLost(self, _reason: Failure | None = None) -> None:
        """Tell everybody."""
        self._steps.clear()
        if self.pause is not None or self.trickle is not None:
            patience.give_up(self)
        self.listener.left(self)
        self._mark()
        self.note(GONE)
        self.session.connection_lost()

    # The transport is a consumer: it says when the client does not read its replies.

    def pauseProducing(self) -> None:
        """Take no more commands while the replies to earlier ones are still pending."""
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Take commands again."""
        if not self.waiting and (self.trickle is None or self.trickle.empty):
            self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """Nothing more can be sent."""

    # What the gate and the listener call.

    def receive_early(self, data: bytes) -> None:
        """Take what came right behind a PROXY header; a handshake's first octets are kept until it begins."""
        if self.session.profile.implicit_tls and self._early is not None:
            self._early = data
        else:
            self.transport.protocol.dataReceived(data)

    def time_out(self) -> None:
        """The deadline has passed: say so, or end the lingering after a close."""
        if self.closing or self.session.deaf:
            self.transport.abortConnection()
        elif not self.waiting:
            self._mark()
            self._perform(self.session.timed_out())

    def drain(self) -> None:
        """End now if idle, else after the transaction."""
        if self.stalled:
            self.transport.abortConnection()
            return
        self._mark()
        self._perform(self.session.drain())

    def shut_down(self) -> None:
        """End now."""
        self._mark()
        self._perform(self.session.shut_down())

    # The queue.

    def _mark(self) -> None:
        """Note the time."""
        self.conversation.at = now = self._seconds()
        self.note(now)

    def _perform(self, steps: list[Step]) -> None:
        queue = self._steps
        if len(steps) == 1 and type(step := steps[0]) is Send and not (queue or self._performing or self.waiting):
            self._send(step.data)
            return
        queue.extend(steps)
        if self._performing or self.waiting:
            return
        self._performing = True
        while queue and not self.waiting:
            step = queue.popleft()
            if type(step) is not Send:
                PERFORM[type(step)](self, step)
                continue
            data = step.data
            if queue and type(queue[0]) is Send:  # Neighbours leave in one write.
                sends = [data]
                while queue and type(step := queue[0]) is Send:
                    sends.append(step.data)
                    queue.popleft()
                data = b"".join(sends)
            self._send(data)
        self._performing = False

    def _send(self, data: bytes) -> None:
        self.note(SENT)
        self.note(data)
        self.transport.write(data)

    def _keep(self, step: Store) -> bool:
        """Keep a message; False says that the session is told later, or was told in the meantime."""
        self.waiting = True
        if self.listener.store.add(step.message, self._stored):
            self.waiting = False
            return True
        if self.waiting:
            self.transport.pauseProducing()
        return False

    def store(self, step: Store) -> None:
        """Keep a message; a store that answers at once costs no turn of the loop."""
        if self._keep(step):
            self._steps.extend(self.session.stored(None))

    def _stored(self, refusal: Reply | None) -> None:
        self._go_on(self.session.stored, refusal)

    def decide(self, step: Decide) -> None:
        """Search where it blocks nobody."""
        self.waiting = True
        self.transport.pauseProducing()
        self.listener.search(step.search, self._decided)

    def _decided(self, found: Decision | Found) -> None:
        self._go_on(self.session.decided, found)

    def _go_on(self, tell: Callable[[Any], list[Step]], answer: object) -> None:
        self.waiting = False
        if not self.transport.connected:
            return
        if not self._performing:
            self._mark()
            self.resumeProducing()
        self._perform(tell(answer))

    def hold(self) -> None:
        """Perform and read nothing until ``resume``; while it is our turn no deadline runs."""
        self.waiting = True
        self.deadline = inf
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Go on with the steps that are left."""
        self.pause = None
        self.deadline = patience.IDLE
        self._go_on(lambda _: [], None)

    def start_tls(self, step: StartTls) -> None:
        """Begin the handshake; its end calls ``handshakeCompleted``."""
        if step.certificate or step.handshake:
            handshakes.start_badly(self, step)
        else:
            self.shake_hands(self.listener.tls)

    def shake_hands(self, context: ServerContext) -> None:
        """Begin the handshake with this context."""
        self.transport.unregisterProducer()
        self.transport.startTLS(context)
        self.transport.registerProducer(self, streaming=True)
        self.take_early()

    def go_on_in_clear(self, data: bytes) -> None:
        """There is no handshake after all; ``data`` came in its place."""
        self._mark()
        self._perform(go_on_in_clear(self.session, data))

    def take_early(self) -> None:
        """Take the first octets of a handshake that came too early; those that follow are taken as they come."""
        early, self._early = self._early, None
        if early:
            self.transport.protocol.dataReceived(early)

    def close(self, _step: Close) -> None:
        """Flush, then FIN (close_notify first under TLS), and read away what still comes."""
        self.closing = True
        self.note(CLOSED)
        self.deadline = self._seconds() + LINGER
        self.transport.unregisterProducer()
        if self.transport.TLS:
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()


PERFORM: dict[type, Callable[[SmtpProtocol, Any], None]] = {
    Store: SmtpProtocol.store,
    Decide: SmtpProtocol.decide,
    StartTls: SmtpProtocol.start_tls,
    Close: SmtpProtocol.close,
    Wait: patience.wait,
    Flush: patience.flush,
    Receive: patience.receive,
    HalfClose: patience.half_close,
    Abort: patience.abort,
}

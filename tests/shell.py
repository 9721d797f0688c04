"""The shell in tests: a listener with a clock, a store and transports of ours."""

from __future__ import annotations

from itertools import count

from dialogue import TablePolicy
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from mocksmtp.net.listeners import SWEEP, Listener
from mocksmtp.net.ports import Place
from mocksmtp.smtp.envelope import Message
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.profile import Limits, Profile

GREETING = b"220 mx.mock.test ESMTP mocksmtp ready\r\n"
MAIL = b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n"
BODY = b"Subject: x\r\n\r\nhello\r\n.\r\n"


class Wire(StringTransport):
    """A transport that writes down each write and how it was ended."""

    TLS = False

    def __init__(self):
        super().__init__()
        self.connected, self.writes, self.ended = True, [], None
        self.handshake = None

    def write(self, data):
        super().write(data)
        self.writes.append(data)

    def loseWriteConnection(self):
        self.ended = "fin"

    def loseConnection(self):
        self.ended = "close"

    def abortConnection(self):
        self.ended = "abort"

    def startTLS(self, context):
        self.handshake = context

    def said(self):
        """What was written since, a piece a write."""
        writes, self.writes = self.writes, []
        return writes


class SlowStore:
    """A store that answers when it is told to, or at once."""

    def __init__(self):
        self.at_once, self.messages, self.pending = True, [], []

    def add(self, message, stored):
        self.messages.append(Message._make(message))
        if not self.at_once:
            self.pending.append(stored)
        return self.at_once


class BoundPort:
    connected = True

    def __init__(self, factory):
        self.factory = factory

    def getHost(self):
        return IPv4Address("TCP", "127.0.0.1", 2525)

    def stopListening(self):
        self.connected = False


class House:
    """A listener with all that it needs."""

    def __init__(self, monkeypatch, policy=(), **limits):
        self.clock, self.store, self.facts, ids = Clock(), SlowStore(), [], count(1)
        self.profile = Profile(extensions=tuple(EXTENSIONS.values()), limits=Limits(**limits))
        self.listener = Listener(
            self.profile, TablePolicy(policy), self.store, Publisher.to(self.facts.append), "context", self.clock,
            lambda: f"Q{next(ids)}",
        )  # fmt: skip
        monkeypatch.setattr(self.listener, "bound", lambda _place: BoundPort(self.listener))
        assert self.listener.listen(Place(None, 0)) == 2525

    def connect(self, host="192.0.2.1"):
        protocol, wire = self.listener.welcome(host, 5), Wire()
        protocol.makeConnection(wire)
        return protocol, wire

    def pass_time(self, seconds):
        self.clock.pump([SWEEP] * int(seconds / SWEEP + 1))


def ready(house):
    """Connect, say EHLO, and forget what was said."""
    protocol, wire = house.connect()
    protocol.dataReceived(b"EHLO me.test\r\n")
    wire.said()
    return protocol, wire

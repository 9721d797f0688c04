"""Reports of sessions that were had with the real shell, over a journal and a store."""

from __future__ import annotations

from itertools import count

from dialogue import TablePolicy, unescape
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from mocksmtp.journal import Journal
from mocksmtp.net.listeners import Listener
from mocksmtp.report import report
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.profile import Authentication, Limits, Profile
from mocksmtp.stores.memory import MemoryStore


class Wire(StringTransport):
    """A transport on which nothing ends by itself."""

    TLS, connected = False, True

    def loseWriteConnection(self):
        pass

    def abortConnection(self):
        pass

    def startTLS(self, context):
        self.TLS = True


class Reports:
    """A listener; what is said to it is a list of reads, and each session ends with its connection."""

    def __init__(self, policy=(), faults=(), without=(), limits=None, **profile):
        self.clock, self.journal, self.store = Clock(), Journal(100, 1_000_000), MemoryStore(100, 1_000_000)
        self.clock.advance(100)
        ids = count(1)
        offered = tuple(each for name, each in EXTENSIONS.items() if name not in without)
        made = Profile(
            extensions=offered, limits=Limits(**(limits or {})),
            authentication=Authentication(users={"alice": "secret"}, without_tls=True), keep_refused=True,
            **profile,
        )  # fmt: skip
        self.listener = Listener(
            made, TablePolicy(policy, faults), self.store, Publisher.to(self.publish), None, self.clock,
            lambda: f"{next(ids):04X}",
        )  # fmt: skip
        self.listener.notes = self.journal.notes
        self.last = ""

    def publish(self, fact):
        take = self.journal.takes.get(type(fact))
        if take is not None:
            take(fact)

    def have(self, *reads, end=True):
        """Have a session; each read is written as dialogues write octets."""
        protocol = self.listener.welcome("192.0.2.1", 5)
        wire = Wire()
        protocol.makeConnection(wire)
        self.last = protocol.session.conversation.id
        for read in reads:
            self.clock.advance(1)
            protocol.dataReceived(unescape(read))
        if end:
            protocol.connectionLost(None)
        return wire

    def findings(self):
        """Report on the last session."""
        record = self.journal.session(self.last)
        attempts = [*self.journal.attempts.after(0), *self.journal.open_attempts()]
        messages = [each for each in self.store._by_id().values() if each.session == self.last]
        return report(record, attempts, messages)

    def names(self):
        return [each.name for each in self.findings()]

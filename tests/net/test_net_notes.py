"""What the shell adds to the notes of a session: the time, what left, and how it ended."""

from __future__ import annotations

from itertools import count

import pytest
from dialogue import TablePolicy
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from mocksmtp.journal import Journal, transcript
from mocksmtp.net.listeners import Listener
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.profile import Profile
from mocksmtp.stores.memory import MemoryStore


class Wire(StringTransport):
    TLS, connected = False, True

    def loseWriteConnection(self):
        pass

    def abortConnection(self):
        pass


class LateStore:
    """A store that answers when it is told to."""

    def __init__(self):
        self.pending = []

    def add(self, message, stored):
        self.pending.append(stored)


class House:
    """A listener with a journal, and one connection."""

    def __init__(self, store=None):
        self.clock, self.journal, ids = Clock(), Journal(10, 10_000), count(1)
        self.clock.advance(100)
        listener = Listener(
            Profile(), TablePolicy(), store or MemoryStore(10, 10_000), Publisher.to(self.publish), None,
            self.clock, lambda: f"S{next(ids)}",
        )  # fmt: skip
        listener.notes = self.journal.notes
        self.protocol = listener.welcome("192.0.2.1", 5)
        self.protocol.makeConnection(Wire())

    def publish(self, fact):
        take = self.journal.takes.get(type(fact))
        if take is not None:
            take(fact)

    def hear(self, data, after=1.0):
        self.clock.advance(after)
        self.protocol.dataReceived(data)

    def transcript(self):
        return [(e.at, e.kind, e.text) for e in transcript(self.journal.session("S1").notes)]


GREETING = (100.0, "server", "220 mx.mock.test ESMTP mocksmtp ready")


def test_both_directions_with_their_times():
    house = House()
    house.hear(b"HELO me.test\r\n")
    house.hear(b"NOOP\r\nRSET\r\n", after=0.000001)
    assert house.transcript() == [
        GREETING, (101.0, "client", "HELO me.test"), (101.0, "server", "250 mx.mock.test"),
        (101.000001, "client", "NOOP"), (101.000001, "client", "RSET"), (101.000001, "server", "250 OK"),
        (101.000001, "server", "250 OK"),
    ]  # fmt: skip


def test_a_reply_that_had_to_wait_has_the_time_at_which_it_left():
    store = LateStore()
    house = House(store)
    house.hear(b"HELO me.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n")
    house.hear(b"hi\r\n.\r\n")
    house.clock.advance(5)
    store.pending[0](None)
    assert house.transcript()[-2:] == [
        (102.0, "data", "4 octets of mail data"), (107.0, "server", "250 OK queued as S2")
    ]  # fmt: skip
    assert next(house.journal.attempts.newest()).at == 107.0


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda house: house.hear(b"QUIT\r\n"), [
            (101.0, "client", "QUIT"), (101.0, "server", "221 Bye"), (101.0, "closed", "we closed the connection"),
        ]),
        (lambda house: house.protocol.time_out(), [
            (100.0, "server", "421 Idle for too long"), (100.0, "closed", "we closed the connection"),
        ]),
        (lambda house: house.protocol.drain(), [
            (100.0, "server", "421 Service shutting down"), (100.0, "closed", "we closed the connection"),
        ]),
        (lambda house: house.protocol.shut_down(), [
            (100.0, "server", "421 Service shutting down"), (100.0, "closed", "we closed the connection"),
        ]),
        (lambda house: None, []),
    ],
)  # fmt: skip
def test_how_it_ended(end, told):
    house = House()
    end(house)
    house.clock.advance(1)
    house.protocol.connectionLost()
    gone = (house.clock.seconds(), "gone", "the connection is gone")
    assert house.transcript() == [GREETING, *told, gone]
    assert house.journal.session("S1").closed_at == house.clock.seconds()

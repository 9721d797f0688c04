"""Steps that take time or break things, on a transport and a clock of ours."""

from __future__ import annotations

from math import inf

import pytest
from shell import BODY, MAIL, House, ready

from mocksmtp.net import patience
from mocksmtp.net.listeners import SWEEP
from mocksmtp.smtp.steps import Abort, Close, Flush, HalfClose, Receive, Send, Wait


class Kernel:
    """Says whether octets are still on their way."""

    def __init__(self, monkeypatch):
        self.busy = False
        monkeypatch.setattr(patience, "unsent", lambda transport: self.busy)


@pytest.fixture
def kernel(monkeypatch):
    return Kernel(monkeypatch)


@pytest.fixture
def house(monkeypatch, kernel):
    return House(monkeypatch)


def test_a_wait_stands_between_two_sends(house):
    protocol, wire = ready(house)
    protocol._perform([Send(b"a"), Send(b"b"), Wait(2.0), Send(b"c"), Send(b"d")])
    assert (wire.said(), wire.producerState) == ([b"ab"], "paused")
    house.clock.advance(1.9)
    assert wire.said() == []
    house.clock.advance(0.2)
    assert (wire.said(), wire.producerState) == ([b"cd"], "producing")


def test_what_is_answered_during_a_wait_comes_after_it(house):
    protocol, wire = ready(house)
    protocol._perform([Wait(2.0), Send(b"first\r\n")])
    protocol.dataReceived(b"NOOP\r\n")
    assert wire.said() == []
    house.clock.advance(2)
    assert wire.said() == [b"first\r\n250 2.0.0 OK\r\n"]


def test_the_idle_timer_does_not_run_while_it_is_our_turn(monkeypatch, kernel):
    house = House(monkeypatch, idle_timeout=10.0)
    protocol, wire = ready(house)
    protocol._perform([Wait(60.0), Send(b"late\r\n")])
    house.pass_time(60)
    assert (wire.said(), wire.ended) == ([b"late\r\n"], None)
    house.pass_time(9)
    assert wire.ended is None
    house.pass_time(1)
    assert wire.ended == "fin"


def test_a_client_that_goes_ends_the_wait(house):
    protocol, wire = ready(house)
    protocol._perform([Wait(60.0), Send(b"late\r\n")])
    before = len(house.clock.getDelayedCalls())
    wire.connected = False
    protocol.connectionLost()
    assert len(house.clock.getDelayedCalls()) == before - 1


def test_ten_thousand_wait_at_once(monkeypatch, kernel):
    house = House(monkeypatch)
    waiting = [ready(house) for _ in range(10_000)]
    for protocol, _ in waiting:
        protocol._perform([Wait(600.0), Send(b"late\r\n")])
    assert all(protocol.deadline == inf for protocol, _ in waiting)
    house.clock.advance(SWEEP)
    assert len(house.clock.getDelayedCalls()) == 10_001
    house.clock.advance(600)
    assert all(wire.said() == [b"late\r\n"] for _, wire in waiting)


class Departures:
    """Tells when a client goes."""

    def __init__(self):
        self.watched = {}

    def watch(self, connection, gone):
        self.watched[connection] = gone
        return self

    def cancel(self):
        self.watched.clear()


@pytest.fixture
def stalled(house):
    house.listener.departures = Departures()
    protocol, wire = ready(house)
    wire.socket = "socket"
    protocol._perform([Wait(inf), Send(b"never")])
    return protocol, wire, house


def test_a_stall_ends_when_the_client_goes(stalled):
    _, wire, house = stalled
    house.pass_time(house.profile.limits.idle_timeout + 1)
    assert (wire.said(), wire.ended, wire.producerState) == ([], None, "paused")
    house.listener.departures.watched["socket"]()
    assert wire.ended == "abort"


def test_a_stall_ends_when_the_service_stops(stalled):
    protocol, wire, house = stalled
    protocol.drain()
    assert wire.ended == "abort"
    protocol.connectionLost()
    assert house.listener.departures.watched == {}


def test_a_reset_waits_until_the_kernel_has_sent_what_was_promised(house, kernel):
    kernel.busy = True
    protocol, wire = ready(house)
    protocol._perform([Send(b"250"), Flush(), Abort()])
    assert (wire.said(), wire.ended, wire.producerState) == ([b"250"], None, "paused")
    house.clock.advance(patience.FIRST_LOOK)
    assert wire.ended is None
    kernel.busy = False
    house.clock.advance(patience.LONGEST_LOOK)
    assert (wire.ended, wire.producer) == ("abort", None)


def test_a_reset_does_not_wait_for_ever(house, kernel):
    kernel.busy = True
    protocol, wire = ready(house)
    protocol._perform([Flush(), Abort()])
    house.clock.pump([patience.LONGEST_LOOK] * int(patience.FLUSH_LIMIT / patience.LONGEST_LOOK - 1))
    assert wire.ended is None
    house.clock.pump([patience.LONGEST_LOOK] * 2)
    assert wire.ended == "abort"


@pytest.mark.parametrize(("tls", "ended"), [(False, "fin"), (True, "close")])
def test_a_half_close_reads_on_for_the_time_of_an_idle_session(house, tls, ended):
    protocol, wire = ready(house)
    wire.TLS = tls
    protocol.session.deaf = True
    protocol._perform([HalfClose()])
    assert (wire.ended, wire.producer) == (ended, None)
    protocol.dataReceived(b"NOOP\r\n")
    house.pass_time(house.profile.limits.idle_timeout - 1)
    assert (wire.said(), wire.ended) == ([], ended)
    house.pass_time(2)
    assert wire.ended == "abort"


def in_data(house, rate):
    protocol, wire = ready(house)
    protocol.dataReceived(MAIL)
    wire.said()
    protocol._perform([Receive(rate=rate)])
    return protocol, wire


def test_a_slow_reader_takes_so_many_octets_a_second(house):
    protocol, wire = in_data(house, 100.0)
    text = b"x" * 98 + b"\r\n"
    protocol.dataReceived(text * 3 + b".\r\nNOOP\r\n")
    assert wire.producerState == "paused"
    house.clock.pump([0.1] * 30)
    assert house.store.messages == []
    house.clock.pump([0.1] * 2)
    assert house.store.messages[0].content == text * 3
    assert [line[:3] for line in b"".join(wire.said()).splitlines()] == [b"250", b"250"]
    assert wire.producerState == "producing"


def test_a_slow_reader_reads_fast_again_after_the_message(house):
    protocol, wire = in_data(house, 1000.0)
    protocol.dataReceived(BODY)
    house.clock.advance(1)
    wire.said()
    protocol.dataReceived(b"NOOP\r\n")
    assert wire.said() == [b"250 2.0.0 OK\r\n"]


def test_a_slow_reader_waits_for_a_slow_client_as_long_as_for_any(house):
    protocol, wire = in_data(house, 1000.0)
    protocol.dataReceived(BODY[:5])
    house.clock.advance(1)
    assert wire.producerState == "producing"
    house.pass_time(house.profile.limits.idle_timeout + 1)
    assert wire.said() == [b"421 4.4.2 Idle for too long\r\n"]


def test_of_two_rates_the_slower_holds_and_of_another_transaction_its_own(house):
    protocol, _ = in_data(house, 100.0)
    protocol._perform([Receive(rate=10.0), Receive(rate=50.0)])
    protocol.dataReceived(b"x" * 8 + b"\r\n.\r\n")
    house.clock.pump([0.1] * 12)
    assert house.store.messages == []
    house.clock.pump([0.1] * 2)
    assert len(house.store.messages) == 1
    protocol.dataReceived(MAIL)
    protocol._perform([Receive(rate=100.0)])
    protocol.dataReceived(BODY)
    house.clock.pump([0.1] * 4)
    assert len(house.store.messages) == 2


def test_a_slow_reader_reads_nothing_while_we_wait(house):
    protocol, wire = in_data(house, 100.0)
    protocol.dataReceived(BODY)
    protocol._perform([Wait(5.0)])
    house.clock.pump([0.1] * 49)
    assert (house.store.messages, wire.producerState) == ([], "paused")
    house.clock.advance(0.1)
    assert (
        wire.producerState == "paused"
    )  # What was read has still to be taken: the client's FIN may be behind it.
    house.clock.pump([0.1] * 5)
    assert (len(house.store.messages), wire.producerState) == (1, "producing")


def test_a_slow_reader_whose_client_goes(house):
    protocol, wire = in_data(house, 1.0)
    protocol.dataReceived(BODY)
    wire.connected = False
    protocol.connectionLost()
    house.clock.advance(100)
    assert house.store.messages == []


def test_a_close_within_slow_mail_data_takes_no_more(house):
    protocol, wire = in_data(house, 100.0)
    protocol.dataReceived(BODY)
    house.clock.advance(0.1)
    protocol.session.deaf = True
    protocol._perform([Close()])
    house.clock.pump([0.1] * 5)
    assert (wire.ended, house.store.messages) == ("fin", [])

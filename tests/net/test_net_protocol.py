"""The shell on a transport and a clock of ours."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_network

import pytest
from dialogue import TablePolicy
from shell import BODY, GREETING, MAIL, House, ready

from mocksmtp.net.listeners import SWEEP
from mocksmtp.net.protocol import LINGER
from mocksmtp.smtp import facts
from mocksmtp.smtp.reply import Reply


@pytest.fixture
def house(monkeypatch):
    return House(monkeypatch)


def test_the_greeting(house):
    _, wire = house.connect()
    assert wire.said() == [GREETING]
    assert wire.producer is not None


def test_replies_to_pipelined_commands_leave_in_one_write(house):
    protocol, wire = ready(house)
    protocol.dataReceived(MAIL)
    (write,) = wire.said()
    assert [line[:3] for line in write.splitlines()] == [b"250", b"250", b"354"]


def test_a_store_that_answers_at_once_costs_no_pause(house):
    protocol, wire = ready(house)
    protocol.dataReceived(MAIL + BODY + b"NOOP\r\n")
    said = b"".join(wire.said()).splitlines()
    assert [line[:3] for line in said] == [b"250", b"250", b"354", b"250", b"250"]
    assert wire.producerState == "producing"
    assert house.store.messages[0].content == b"Subject: x\r\n\r\nhello\r\n"


@pytest.mark.parametrize(("refusal", "code"), [(None, b"250"), (Reply(452, "Full", "4.3.1"), b"452")])
def test_a_store_that_answers_later_holds_the_session(house, refusal, code):
    house.store.at_once = False
    protocol, wire = ready(house)
    protocol.dataReceived(MAIL + BODY + b"NOOP\r\n")
    assert b"".join(wire.said()).splitlines()[-1].startswith(b"354")
    assert wire.producerState == "paused"
    protocol.resumeProducing()
    protocol.dataReceived(b"RSET\r\n")
    house.pass_time(house.profile.limits.idle_timeout + 1)
    assert (wire.said(), wire.producerState, wire.ended) == ([], "paused", None)
    house.store.pending[0](refusal)
    (write,) = wire.said()
    assert [line[:3] for line in write.splitlines()] == [code, b"250", b"250"]
    assert wire.producerState == "producing"


def test_a_store_that_answers_after_the_client_has_gone(house):
    house.store.at_once = False
    protocol, wire = ready(house)
    protocol.dataReceived(MAIL + BODY)
    wire.said()
    wire.connected = False
    protocol.connectionLost()
    house.store.pending[0](None)
    assert wire.said() == []
    assert house.listener.connections == set()


def test_a_search_holds_the_session(monkeypatch):
    house, searches = House(monkeypatch, ["rcpt -> later 550 5.1.1 No"]), []
    monkeypatch.setattr(house.listener, "search", lambda search, decided: searches.append((search, decided)))
    protocol, wire = ready(house)
    protocol.dataReceived(b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nRSET\r\n")
    assert [write[:3] for write in wire.said()] == [b"250"]
    assert wire.producerState == "paused"
    search, decided = searches[0]
    decided(search())
    assert wire.said() == [b"550 5.1.1 No\r\n250 2.0.0 OK\r\n"]
    assert wire.producerState == "producing"


def test_a_client_that_does_not_read_is_not_read(house):
    protocol, wire = house.connect()
    protocol.pauseProducing()
    assert wire.producerState == "paused"
    protocol.resumeProducing()
    assert wire.producerState == "producing"


def test_open_sessions_meet_another_policy_from_their_next_command(house):
    protocol, wire = ready(house)
    protocol.dataReceived(b"MAIL FROM:<a@x.test>\r\n")
    house.listener.follow(TablePolicy(("rcpt -> 553 5.1.3 No",)))
    protocol.dataReceived(b"RCPT TO:<b@y.test>\r\n")
    assert [write[:3] for write in wire.said()] == [b"250", b"553"]
    later, wire = ready(house)
    later.dataReceived(b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n")
    assert wire.said()[-1].splitlines()[-1] == b"553 5.1.3 No"


def test_silence_ends_a_session(monkeypatch):
    house = House(monkeypatch, idle_timeout=10.0)
    protocol, wire = ready(house)
    house.pass_time(9)
    protocol.dataReceived(b"NOOP\r\n")
    house.pass_time(9)
    assert (len(wire.said()), wire.ended) == (1, None)
    house.pass_time(1)
    assert wire.said() == [b"421 4.4.2 Idle for too long\r\n"]
    assert wire.ended == "fin"


def test_a_close_lingers(house):
    protocol, wire = ready(house)
    protocol.dataReceived(b"QUIT\r\nNOOP\r\n")
    assert wire.said() == [b"221 2.0.0 Bye\r\n"]
    assert (wire.ended, wire.producer) == ("fin", None)
    house.pass_time(LINGER - 2 * SWEEP)
    assert wire.ended == "fin"
    house.pass_time(3 * SWEEP)
    assert wire.ended == "abort"


def test_under_tls_a_close_is_orderly(house):
    protocol, wire = ready(house)
    wire.TLS = True
    protocol.dataReceived(b"QUIT\r\n")
    assert wire.ended == "close"


def test_a_client_that_ends_its_half_gets_no_more(house):
    protocol, wire = house.connect()
    protocol.readConnectionLost()
    assert wire.ended == "close"


def test_draining_ends_an_idle_session_now(house):
    protocol, wire = ready(house)
    protocol.drain()
    assert wire.said() == [b"421 4.3.2 Service shutting down\r\n"]
    assert wire.ended == "fin"


def test_draining_lets_a_transaction_end(house):
    protocol, wire = ready(house)
    protocol.dataReceived(MAIL)
    wire.said()
    protocol.drain()
    assert (wire.said(), wire.ended) == ([], None)
    protocol.dataReceived(BODY)
    said = b"".join(wire.said()).splitlines()
    assert [line[:3] for line in said] == [b"250", b"421"]
    assert wire.ended == "fin"


def test_shutting_down_waits_for_nothing(house):
    protocol, wire = ready(house)
    protocol.dataReceived(MAIL)
    wire.said()
    protocol.shut_down()
    assert wire.said() == [b"421 4.3.2 Service shutting down\r\n"]
    assert wire.ended == "fin"


def test_starttls_begins_a_handshake_after_its_reply(house):
    protocol, wire = ready(house)
    protocol.dataReceived(b"STARTTLS\r\nNOOP\r\n")
    assert wire.said() == [b"220 2.0.0 Ready to start TLS\r\n"]
    assert wire.handshake == "context"
    assert wire.producer is protocol
    house.pass_time(house.profile.limits.idle_timeout + 1)
    assert wire.ended == "abort"


def test_implicit_tls_says_nothing_in_clear(monkeypatch):
    house = House(monkeypatch)
    house.listener.profile = replace(house.profile, implicit_tls=True)
    protocol, wire = house.connect()
    assert (wire.said(), wire.handshake) == ([], "context")
    protocol.drain()
    assert wire.said() == []


BUSY = [({"connections": 1}, b"421 4.3.2 "), ({"connections_per_client": 1}, b"421 4.7.0 ")]


@pytest.mark.parametrize(("limits", "begins"), BUSY)
def test_too_many_are_turned_away(monkeypatch, limits, begins):
    house = House(monkeypatch, **limits)
    first, wire = house.connect()
    _, other = house.connect()
    assert wire.said() == [GREETING]
    (write,) = other.said()
    assert write.startswith(begins)
    assert other.ended == "fin"
    first.connectionLost()
    assert len(house.listener.connections) == 1


@pytest.mark.parametrize(("host", "client"), [("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::1")])
def test_a_mapped_address_is_told_as_ipv4(house, host, client):
    protocol, _ = house.connect(host)
    assert protocol.session.conversation.client == client


def test_the_end_of_a_connection_is_told(house):
    protocol, _ = ready(house)
    protocol.dataReceived(MAIL)
    protocol.connectionLost()
    assert [type(fact) for fact in house.facts[-2:]] == [facts.TransactionEnded, facts.SessionClosed]


def test_a_listener_that_stopped_accepts_on_nothing(house):
    house.listener.stop_accepting()
    house.listener.stop_looking()
    assert (house.listener.accepts_on, house.clock.getDelayedCalls()) == (0, [])


def test_a_proxy_that_names_a_client_is_counted_as_itself(monkeypatch):
    house = House(monkeypatch, connections_per_client=1)
    house.listener.profile = replace(house.profile, trusted=(ip_network("192.0.2.1"),))
    protocol, wire = ready(house)
    protocol.dataReceived(b"XCLIENT ADDR=203.0.113.9\r\n")
    assert wire.said() == [GREETING]
    assert protocol.session.conversation.client == "203.0.113.9"
    assert house.connect()[1].said()[0].startswith(b"421 4.7.0 ")
    assert house.connect("203.0.113.9")[1].said() == [GREETING]
    for each in list(house.listener.connections):
        each.connectionLost()
    assert house.connect()[1].said() == [GREETING]


def test_ehlo_tells_the_time_of_each_session(house):
    def latest():
        _, wire = greeted = house.connect()
        greeted[0].dataReceived(b"EHLO me.test\r\n")
        return re.search(rb"FUTURERELEASE \d+ (\S+)", b"".join(wire.said()))[1]

    assert [latest(), latest()] == [b"1971-01-02T00:00:00Z"] * 2
    house.pass_time(60)
    assert latest() == b"1971-01-02T00:01:00Z"

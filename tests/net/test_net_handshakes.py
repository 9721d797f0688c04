"""Handshakes that come to nothing, on a transport of ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dialogue import TablePolicy
from shell import GREETING, House, ready

from mocksmtp.net.handshakes import ALERT

HELLO = b"\x16\x03\x01\x00\x06hello\n"
GO = b"220 2.0.0 Ready to start TLS\r\n"


class Context:
    """Says what is to be wrong with it."""

    def flawed(self, certificate, handshake):
        return f"{certificate}/{handshake}"


@pytest.fixture
def begun(monkeypatch):
    """Return what says STARTTLS where a fault is to strike."""

    def begin(yaml):
        house = House(monkeypatch)
        house.listener.tls = Context()
        house.listener.policy = TablePolicy(faults=(f"starttls {yaml}",))
        protocol, wire = ready(house)
        protocol.dataReceived(b"STARTTLS\r\nNOOP\r\n")
        assert wire.said() == [GO]
        return protocol, wire

    return begin


@pytest.mark.parametrize(
    ("yaml", "context"),
    [
        ("{certificate: expired}", "expired/"),
        ("{tls: old_versions_only}", "/old_versions_only"),
        ("[{certificate: weak_key}, {tls: old_versions_only}]", "weak_key/old_versions_only"),
    ],
)
def test_a_flawed_handshake_is_one(begun, yaml, context):
    protocol, wire = begun(yaml)
    assert (wire.handshake, wire.producer) == (context, protocol)


@pytest.mark.parametrize(("yaml", "answer"), [("{tls: abort}", [ALERT]), ("{tls: close_after_hello}", [])])
@pytest.mark.parametrize("cut", [1, 4, 5, 6, 11, 12])
def test_the_whole_hello_is_awaited_and_then_the_connection_ends(begun, yaml, answer, cut):
    protocol, wire = begun(yaml)
    protocol.dataReceived(HELLO[:cut])
    protocol.dataReceived(HELLO[cut:])
    assert (wire.said(), wire.handshake, wire.ended) == (answer, None, "fin")
    protocol.dataReceived(b"NOOP\r\n")
    assert wire.said() == []


def test_what_is_no_hello_is_answered_at_once(begun):
    protocol, wire = begun("{tls: abort}")
    protocol.dataReceived(b"NOOP\r\n")
    assert wire.said() == [ALERT]


def test_a_hello_that_never_comes_is_not_awaited_for_ever(monkeypatch):
    house = House(monkeypatch, idle_timeout=10.0)
    house.listener.policy = TablePolicy(faults=("starttls {tls: abort}",))
    protocol, wire = ready(house)
    protocol.dataReceived(b"STARTTLS\r\n")
    house.pass_time(11)
    assert wire.ended == "abort"


def test_in_clear_the_hello_is_thrown_away_and_the_session_goes_on(begun):
    protocol, wire = begun("{tls: plaintext}")
    protocol.dataReceived(HELLO)
    assert wire.said() == [b"500 5.5.2 Command not recognized\r\n"]
    protocol.dataReceived(b"MAIL FROM:<a@x.test>\r\n")
    assert wire.said()[0].startswith(b"250")


def test_a_client_that_never_says_hello_goes_on_in_clear(begun):
    protocol, wire = begun("{tls: plaintext}")
    protocol.dataReceived(b"NOOP\r\nRSET\r\n")
    assert wire.said() == [b"250 2.0.0 OK\r\n250 2.0.0 OK\r\n"]


def test_where_tls_is_implicit_the_greeting_is_in_clear(monkeypatch):
    house = House(monkeypatch)
    house.listener.profile = replace(house.profile, implicit_tls=True)
    house.listener.policy = TablePolicy(faults=("starttls {tls: plaintext}",))
    protocol, wire = house.connect()
    assert (wire.said(), wire.handshake) == ([GREETING], None)
    protocol.dataReceived(b"NOOP\r\n")
    assert wire.said() == [b"250 2.0.0 OK\r\n"]


def test_a_context_that_cannot_be_flawed_is_used_as_it_is(monkeypatch):
    house = House(monkeypatch)
    house.listener.tls = context = Context()
    context.flawed = None
    house.listener.policy = TablePolicy(faults=("starttls {certificate: expired}",))
    protocol, wire = ready(house)
    protocol.dataReceived(b"STARTTLS\r\n")
    assert wire.handshake is context

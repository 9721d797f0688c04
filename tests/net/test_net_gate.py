"""The gate: whose connection it is, before the banner and before TLS, on a transport and a clock of ours."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import count, pairwise

import pytest
from dialogue import TablePolicy
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from mocksmtp.net.gate import DEADLINE, GRACE, ProxyGate
from mocksmtp.net.handshakes import ALERT
from mocksmtp.net.listeners import Listener
from mocksmtp.net.proxy import SIGNATURE
from mocksmtp.smtp import facts
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.profile import Limits, Profile

GREETING = b"220 mx.mock.test ESMTP mocksmtp ready\r\n"
LINE = b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\n"
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"
PROXY_HOST, STRANGER = "10.0.0.5", "203.0.113.9"
HELLO = b"EHLO me.test\r\nNOOP\r\n"


class Wire(StringTransport):
    """A transport that hands on what comes to whoever its protocol is now."""

    TLS = False

    def __init__(self):
        super().__init__()
        self.connected, self.ended, self.under_tls = True, None, []

    def feed(self, data):
        self.protocol.dataReceived(data)

    def loseConnection(self):
        self.ended = "close"

    def loseWriteConnection(self):
        self.ended = "fin"

    def startTLS(self, context):
        self.TLS, self.protocol = True, self

    def dataReceived(self, data):
        self.under_tls.append(data)


class House:
    """A listener behind proxies in 10.0.0.0/8."""

    def __init__(self, mode, policy=(), implicit_tls=False, **limits):
        self.clock, self.facts, ids = Clock(), [], count(1)
        profile = Profile(
            extensions=tuple(EXTENSIONS.values()),
            implicit_tls=implicit_tls,
            limits=Limits(**limits),
            trusted=(ip_network("10.0.0.0/8"),),
        )
        self.listener = Listener(
            profile, TablePolicy(policy), None, Publisher.to(self.facts.append), "context", self.clock,
            lambda: f"Q{next(ids)}", mode,
        )  # fmt: skip

    def connect(self, host=PROXY_HOST):
        wire = Wire()
        wire.protocol = self.listener.welcome(host, 40000)
        if wire.protocol is None:
            return None
        wire.protocol.makeConnection(wire)
        return wire

    def refusals(self):
        return [fact for fact in self.facts if type(fact) is facts.ConnectionRefused]

    def sessions(self):
        return [fact.who for fact in self.facts if type(fact) is facts.SessionOpened]


@pytest.fixture(params=["required", "optional"])
def house(request):
    return House(request.param)


def client_of(house):
    (who,) = house.sessions()
    return who.client, who.port


def test_the_greeting_waits_for_the_header_and_the_client_is_the_real_one(house):
    wire = house.connect()
    assert wire.value() == b""
    wire.feed(LINE)
    assert wire.value() == GREETING
    assert client_of(house) == ("192.0.2.1", 56324)
    assert house.listener.gates == set()
    assert house.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (LINE.replace(b"TCP4 192.0.2.1 198.51.100.2", b"TCP6 2001:db8::1 2001:db8::2"), "2001:db8::1"),
        (LOCAL, PROXY_HOST),
        (b"PROXY UNKNOWN\r\n", PROXY_HOST),
    ],
)
def test_a_header_without_a_client_leaves_the_connection_its_own_address(house, header, client):
    house.connect().feed(header)
    assert client_of(house)[0] == client


def test_what_comes_right_behind_the_header_is_the_clients(house):
    wire = house.connect()
    wire.feed(LINE + HELLO)
    assert wire.value().startswith(GREETING + b"250-mx.mock.test ")
    assert wire.value().endswith(b"250 2.0.0 OK\r\n")


@given(st.sampled_from(["required", "optional"]), st.lists(st.integers(1, len(LINE + HELLO) - 1), max_size=6))
def test_any_cut_of_the_stream_gives_the_same(mode, cuts):
    def replies(cuts):
        house, stream = House(mode), LINE + HELLO
        wire = house.connect()
        edges = [0, *sorted(set(cuts)), len(stream)]
        for start, end in pairwise(edges):
            wire.feed(stream[start:end])
        return wire.value(), client_of(house)

    assert replies(cuts) == replies([])


def test_under_implicit_tls_the_header_comes_before_the_handshake(house):
    house = House(house.listener.proxy_protocol, implicit_tls=True)
    wire = house.connect()
    wire.feed(LINE[:10])
    assert not wire.TLS
    wire.feed(LINE[10:])
    assert wire.TLS
    wire.feed(b"hello of the client")
    assert wire.under_tls == [b"hello of the client"]
    assert wire.value() == b""


def test_a_handshake_that_begins_in_the_octets_of_the_header_is_not_lost(house):
    house = House(house.listener.proxy_protocol, implicit_tls=True)
    wire = house.connect()
    wire.feed(LINE + b"hello of the client")
    assert wire.under_tls == [b"hello of the client"]


def test_a_handshake_that_a_rule_delays_gets_what_came_meanwhile():
    house = House("required", implicit_tls=True)
    house.listener.policy = TablePolicy(faults=("starttls {delay: 2s}",))
    wire = house.connect()
    wire.feed(LINE + b"hello of the client")
    assert not wire.TLS
    house.clock.advance(2)
    assert wire.under_tls == [b"hello of the client"]


def test_a_handshake_that_a_rule_breaks_has_its_hello_too():
    house = House("required", implicit_tls=True)
    house.listener.policy = TablePolicy(faults=("starttls {tls: abort}",))
    wire = house.connect()
    wire.feed(LINE + b"\x16\x03\x01\x00\x05hello")
    assert (wire.value(), wire.ended) == (ALERT, "fin")


def test_without_a_header_the_connection_is_closed_in_time(house):
    wire = house.connect()
    wire.feed(LINE[:-1])
    house.clock.advance(DEADLINE - 0.01)
    assert wire.ended is None
    house.clock.advance(0.01)
    assert (wire.value(), wire.ended) == (b"", "close")
    assert house.refusals() == [
        facts.ConnectionRefused("smtp", PROXY_HOST, "no whole PROXY header came within 5 s")
    ]
    assert house.sessions() == []


def test_a_malformed_header_closes_at_once(house):
    wire = house.connect()
    wire.feed(b"PROXY TCP4 192.0.2.1\r\n" + HELLO)
    assert (wire.value(), wire.ended) == (b"", "close")
    assert [fact.reason for fact in house.refusals()] == ["the PROXY line is malformed"]
    assert house.clock.getDelayedCalls() == []


def test_a_connection_that_goes_before_its_header_leaves_nothing_behind(house):
    wire = house.connect()
    wire.protocol.connectionLost()
    assert (house.listener.gates, house.clock.getDelayedCalls(), house.facts) == (set(), [], [])


def test_the_end_of_the_service_closes_those_who_wait(house):
    wire = house.connect()
    house.listener.stop_accepting()
    assert (wire.ended, house.listener.gates) == ("close", set())


def test_an_address_in_ipv6_form_is_trusted_as_the_ipv4_address_that_it_is(house):
    wire = house.connect(f"::ffff:{PROXY_HOST}")
    assert isinstance(wire.protocol, ProxyGate)


def test_a_stranger_is_closed_where_a_header_is_required():
    house = House("required")
    assert house.connect(STRANGER) is None
    (refusal,) = house.refusals()
    assert (refusal.client, refusal.reason) == (
        STRANGER,
        "a PROXY header is required, and only those in `trusted` may send one",
    )


def test_a_stranger_is_greeted_at_once_where_it_is_optional_and_his_header_is_no_command():
    house = House("optional")
    wire = house.connect(STRANGER)
    assert wire.value() == GREETING
    wire.feed(LINE)
    assert wire.value().startswith(GREETING + b"500 ")
    assert client_of(house)[0] == STRANGER


def test_where_it_is_off_nobody_waits_and_nobodys_header_is_read():
    house = House("off")
    wire = house.connect()
    assert wire.value() == GREETING
    wire.feed(LINE)
    assert client_of(house)[0] == PROXY_HOST


def test_a_silent_client_of_a_trusted_network_is_greeted_after_a_short_grace():
    house = House("optional")
    wire = house.connect()
    house.clock.advance(GRACE - 0.01)
    assert wire.value() == b""
    house.clock.advance(0.01)
    assert wire.value() == GREETING
    assert client_of(house) == (PROXY_HOST, 40000)
    assert house.clock.getDelayedCalls() == []


def test_the_grace_is_for_the_first_octet_only():
    house = House("optional")
    wire = house.connect()
    house.clock.advance(GRACE - 0.01)
    wire.feed(LINE[:1])
    house.clock.advance(DEADLINE - GRACE)
    wire.feed(LINE[1:])
    assert client_of(house)[0] == "192.0.2.1"


def test_a_client_that_speaks_first_is_one_without_a_header_where_it_is_optional():
    house = House("optional")
    wire = house.connect()
    wire.feed(HELLO[:2])
    assert wire.value() == GREETING
    wire.feed(HELLO[2:])
    assert wire.value().endswith(b"250 2.0.0 OK\r\n")
    assert client_of(house)[0] == PROXY_HOST


def test_connections_per_client_counts_the_real_clients():
    house = House("required", connections_per_client=1)
    first, second, other = house.connect(), house.connect(), house.connect()
    first.feed(LINE)
    second.feed(LINE)
    other.feed(LINE.replace(b"192.0.2.1", b"192.0.2.2"))
    assert [wire.value()[:4] for wire in (first, second, other)] == [b"220 ", b"421 ", b"220 "]

"""Faults on real sockets, in clear and under TLS: what arrives, in which order, and how it ends."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time

import pytest
from e2e.raw_client import Client

pytestmark = pytest.mark.e2e

RULES = """
seed: 7
rules:
  - {name: greet-late, stage: connect, when: {listener: submission}, delay: 300ms}
  - {name: r-before, when: {rcpt: r-before.test}, fault: {reset: before}}
  - {name: r-after, when: {rcpt: r-after.test}, fault: {reset: after}}
  - {name: r-3, when: {rcpt: r-3.test}, fault: {reset: {after_octets: 3}}}
  - {name: r-large, when: {rcpt: r-large.test}, fault: [{long_line: 200000}, {reset: {after_octets: 150000}}]}
  - {name: c-before, when: {rcpt: c-before.test}, fault: {close: before}}
  - {name: c-after, when: {rcpt: c-after.test}, fault: {close: after}}
  - {name: c-3, when: {rcpt: c-3.test}, fault: {close: {after_octets: 3}}}
  - {name: h-before, when: {rcpt: h-before.test}, fault: {half_close: before}}
  - {name: h-3, when: {rcpt: h-3.test}, fault: {half_close: {after_octets: 3}}}
  - {name: stall, when: {rcpt: stall.test}, fault: {stall: 300ms}}
  - {name: stall-3, when: {rcpt: stall-3.test}, fault: {stall: {after_octets: 3, duration: 300ms}}}
  - {name: forever, when: {rcpt: forever.test}, fault: stall}
  - {name: late, when: {rcpt: late.test}, delay: 300ms..350ms}
  - {name: drip, when: {rcpt: drip.test}, fault: {drip: {bytes: 10, every: 150ms}}}
  - {name: split, when: {rcpt: split.test}, fault: {split: {at: [3], gap: 300ms}}}
  - {name: short, when: {rcpt: short.test}, fault: {truncate: 5}}
  - {name: garble, when: {rcpt: garble.test}, fault: {garble: {bytes: 8}}}
  - {name: raw, when: {rcpt: raw.test}, fault: {raw: 'x\\x00\\xff\\n'}}
  - {name: lf, when: {rcpt: lf.test}, fault: bare_lf}
  - {name: long, when: {rcpt: long.test}, fault: {long_line: 100000}}
  - {name: twice, when: {rcpt: twice.test}, fault: repeat}
  - {name: minds, when: {rcpt: minds.test}, fault: wrong_continuation}
  - {name: lost, stage: message, when: {rcpt: lost.test}, reply: accept, fault: {reset: before}}
  - {name: d-close, stage: data, when: {rcpt: d-close.test}, fault: {close: {after_octets: 512}}}
  - {name: d-reset, stage: data, when: {rcpt: d-reset.test}, fault: {reset: {after_octets: 512}}}
  - {name: d-stall, stage: data, when: {rcpt: d-stall.test}, fault: {stall: {after_octets: 512, duration: 300ms}}}
  - {name: slow, stage: data, when: {rcpt: slow.test}, fault: {slow_read: {bytes: 20000, every: 1s}}}
"""
OK = b"250 2.1.5 Recipient OK\r\n"
MAIL = b"Subject: x\r\n\r\n" + b"x" * 700 + b"\r\n"
WAYS = ["smtp", "smtps"]


@pytest.fixture(scope="module")
def server(start_once):
    return start_once(RULES)


def connect(server, listener):
    return Client(server.ports[listener], tls=listener == "smtps")


ENDS = [
    ("r-before.test", b"", "reset"), ("r-after.test", OK, "reset"), ("r-3.test", b"250", "reset"),
    ("c-before.test", b"", "closed"), ("c-after.test", OK, "closed"), ("c-3.test", b"250", "closed"),
    ("h-before.test", b"", "closed"), ("h-3.test", b"250", "closed"),
]  # fmt: skip


@pytest.mark.parametrize("listener", WAYS)
@pytest.mark.parametrize(("recipient", "came", "ended"), ENDS)
def test_what_was_promised_arrives_and_then_it_ends(server, listener, recipient, came, ended):
    with connect(server, listener) as client:
        client.to(recipient, b"NOOP")
        assert client.rest() == (came, ended)
        if listener == "smtps" and ended == "closed":
            assert client.socket.notified


@pytest.mark.parametrize("listener", WAYS)
def test_many_octets_arrive_before_the_reset(server, listener):
    with connect(server, listener) as client:
        client.to("r-large.test")
        came, ended = client.rest()
        assert (len(came), ended) == (150_000, "reset")


@pytest.mark.parametrize("listener", WAYS)
def test_after_a_half_close_we_may_write_on(server, listener):
    with connect(server, listener) as client:
        client.to("h-before.test")
        assert client.rest() == (b"", "closed")
        with contextlib.suppress(ssl.SSLError):  # Python's ssl writes no more once close_notify has come.
            for _ in range(50):
                client.socket.sendall(b"NOOP\r\n" * 1000)


OCTETS = [
    ("short.test", b"250 2"), ("raw.test", b"x\0\xff\n"), ("lf.test", OK.replace(b"\r", b"")),
    ("twice.test", OK * 2),
    ("long.test", OK[:-2] + b" " + b"x" * (100_000 - 25) + b"\r\n"),
    ("minds.test", b"250-2.1.5 Recipient OK\r\n550 2.1.5 Recipient OK\r\n"),
]  # fmt: skip


@pytest.mark.parametrize("listener", WAYS)
@pytest.mark.parametrize(("recipient", "octets"), OCTETS)
def test_octets_are_exactly_these(server, listener, recipient, octets):
    with connect(server, listener) as client:
        client.to(recipient)
        assert client.rest(quiet=0.5) == (octets, "open")
        assert client.say(b"NOOP")[0] == b"250 2.0.0 OK\r\n"


@pytest.mark.parametrize("listener", WAYS)
def test_garbled_octets_are_the_same_for_the_same_conversation(server, listener):
    came = []
    for _ in range(2):
        with connect(server, listener) as client:
            client.to("garble.test")
            came.append(client.line())
    assert all(len(line) == 10 and line.endswith(b"\r\n") for line in came)
    assert len(set(came)) == 2  # The second time the rule's count is another.


TIMES = [("stall.test", b"", 0.3), ("stall-3.test", b"250", 0.3), ("late.test", b"", 0.3),
         ("drip.test", OK[:10], 0.3), ("split.test", b"250", 0.3)]  # fmt: skip


@pytest.mark.parametrize("listener", WAYS)
@pytest.mark.parametrize(("recipient", "first", "seconds"), TIMES)
def test_late_octets_are_late_and_whole(server, listener, recipient, first, seconds):
    with connect(server, listener) as client:
        client.to(recipient, b"NOOP")
        began = time.monotonic()
        assert (client.socket.recv(len(first)) if first else b"") == first
        early = time.monotonic() - began
        assert client.line() == OK[len(first) :]
        assert time.monotonic() - began >= seconds * 0.95
        assert client.line() == b"250 2.0.0 OK\r\n"
        assert not first or early < seconds


def test_a_late_greeting(server):
    began = time.monotonic()
    with connect(server, "submission"):
        assert time.monotonic() - began >= 0.28


@pytest.fixture
def open_now(server, fetch):
    """How many connections are open."""

    def count():
        lines = fetch(server, "/metrics").decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if "connections_open{" in line)

    return count


def until(condition):
    """Ask again and again, for at most 20 s."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline


@pytest.mark.parametrize("listener", WAYS)
def test_a_session_that_is_stalled_for_ever_ends_with_its_client(server, listener, open_now):
    before = open_now()
    with connect(server, listener) as client:
        client.to("forever.test", b"NOOP", b"x" * 1000)
        assert client.rest(quiet=0.3) == (b"", "open")
        assert open_now() == before + 1
        client.leave()
    until(lambda: open_now() == before)


@pytest.mark.parametrize("listener", WAYS)
@pytest.mark.parametrize(("recipient", "ended"), [("d-close.test", "closed"), ("d-reset.test", "reset")])
@pytest.mark.parametrize("verb", [b"DATA", b"BDAT"])
def test_in_mail_data(server, listener, recipient, ended, verb):
    with connect(server, listener) as client:
        client.to(recipient)
        client.line()
        if verb == b"DATA":
            assert client.say(b"DATA")[0].startswith(b"354")
            client.socket.sendall(MAIL[:511])
        else:
            client.socket.sendall(b"BDAT 300\r\n" + MAIL[:300])
            assert client.line().startswith(b"250")
            client.socket.sendall(b"BDAT 1000 LAST\r\n" + MAIL[300:511])
        assert client.rest(quiet=0.2) == (b"", "open")
        client.socket.sendall(MAIL[511:512])
        assert client.rest() == (b"", ended)


@pytest.mark.parametrize("listener", WAYS)
def test_a_stall_in_mail_data_loses_nothing(server, listener):
    with connect(server, listener) as client:
        client.to("d-stall.test")
        client.line()
        client.say(b"DATA")
        began = time.monotonic()
        client.socket.sendall(MAIL + b".\r\nNOOP\r\n")
        assert client.line().startswith(b"250 2.0.0 OK queued")
        assert time.monotonic() - began >= 0.28
        assert client.line().startswith(b"250")


@pytest.mark.parametrize("listener", WAYS)
def test_the_acknowledgement_is_lost_and_the_message_is_kept(server, listener, kept):
    before = len(kept(server))
    with connect(server, listener) as client:
        client.to("lost.test")
        client.line()
        client.say(b"DATA")
        client.socket.sendall(MAIL + b".\r\n")
        assert client.rest() == (b"", "reset")
    assert len(kept(server)) == before + 1


@pytest.mark.parametrize("listener", WAYS)
def test_a_slow_reader(server, listener):
    """60,000 octets at 20,000 a second; a small window lets the client's kernel feel it."""
    with connect(server, listener) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.to("slow.test")
        client.line()
        client.say(b"DATA")
        began = time.monotonic()
        client.socket.sendall((b"x" * 98 + b"\r\n") * 600)
        written = time.monotonic() - began
        client.socket.sendall(b".\r\n")
        assert client.line().startswith(b"250")
        taken = time.monotonic() - began
    assert 2.8 <= taken < 8
    assert written >= 1


def test_one_session_does_not_feel_the_faults_of_another(server):
    with contextlib.ExitStack() as stack:
        spoiled = [stack.enter_context(connect(server, listener)) for listener in WAYS * 10]
        for number, client in enumerate(spoiled):
            client.to(["forever.test", "drip.test", "r-3.test", "stall.test"][number % 4])
        well = stack.enter_context(connect(server, "smtp"))
        began = time.monotonic()
        for _ in range(100):
            well.say(b"HELO me.test", b"MAIL FROM:<a@x.test>", b"RCPT TO:<a@good.test>", b"RSET")
        assert time.monotonic() - began < 5


def test_what_struck_is_told(server):
    with connect(server, "smtp") as client:
        client.to("c-3.test")
        client.rest()
    assert "to=<a@c-3.test> 250 2.1.5 Recipient OK fault=close" in server.line_with("c-3.test")

"""The direct transport: where Twisted's names are missing, the ordinary one is used."""

from __future__ import annotations

from socket import MSG_MORE, socketpair

import pytest
from twisted.internet import main, tcp

from mocksmtp.net.transport import DIRECT, DONE, PRIVATE_NAMES, READ_SIZE, DirectServer, Port, offers_direct
from mocksmtp.net.turn import TURN


def test_this_twisted_offers_the_names():
    assert offers_direct()
    assert DIRECT
    assert Port.transport is DirectServer


def test_a_twisted_without_them_does_not():
    class Changed:
        def write(self, data):
            self.buffer = data

    assert not offers_direct(Changed)


@pytest.mark.parametrize("missing", PRIVATE_NAMES)
def test_one_missing_name_is_enough(monkeypatch, missing):
    class Names:
        pass

    for name in PRIVATE_NAMES:
        if name != missing:
            space = {}
            exec(f"def uses(self): return self.{name}", space)
            setattr(Names, name, space["uses"])
    assert not offers_direct(Names)


class Socket:
    """Takes so many octets, then is full; gives what it holds."""

    def __init__(self, room=1000, gives=b""):
        self.room, self.gives, self.sent, self.flags, self.shut = room, gives, b"", [], False

    def shutdown(self, _how):
        self.shut = True

    def send(self, data, flags=0):
        self.flags.append(flags)
        if not self.room:
            raise BlockingIOError
        taken = data[: self.room]
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def recv(self, size):
        assert size == READ_SIZE
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


class Taker:
    def __init__(self):
        self.took = []
        self.lost = []

    def connectionLost(self, reason):
        self.lost.append(reason)

    def writeConnectionLost(self):
        pass

    def dataReceived(self, data):
        self.took.append(data)


@pytest.fixture
def later(monkeypatch):
    """What was left to Twisted's own write."""
    left = []
    monkeypatch.setattr(tcp.Server, "write", lambda self, data: left.append(data))
    return left


def server(**of_socket):
    made = DirectServer.__new__(DirectServer)
    made.socket, made.protocol, made.TLS, made.connected = Socket(**of_socket), Taker(), False, True
    made.dataBuffer, made._tempDataBuffer, made._held = b"", [], b""
    made._paused = made._unpolled = made._indirect = False
    return made


@pytest.mark.parametrize(("room", "sent", "left"), [(9, b"hello", []), (2, b"he", [b"llo"]), (0, b"", [b"hello"])])
def test_what_the_kernel_does_not_take_is_left_to_twisted(later, room, sent, left):
    made = server(room=room)
    made.write(b"hello")
    assert (made.socket.sent, later) == (sent, left)


PENDING = [{"dataBuffer": b"llo"}, {"_tempDataBuffer": [b"llo"]}, {"TLS": True}, {"connected": 0}]


def test_nothing_overtakes_what_is_pending(monkeypatch, later):
    made = server(room=2)
    made.write(b"hello")
    monkeypatch.setattr(tcp.Server, "doWrite", lambda self: "told")
    made.socket.room = 100
    for pending in PENDING:
        before = {name: getattr(made, name) for name in pending}
        vars(made).update(pending)
        assert made.doWrite() == "told"
        made.write(b", world")
        assert (made.socket.sent, later) == (b"he", [b"llo", b", world"])
        later.pop()
        vars(made).update(before)
    made.doWrite()
    made.write(b"!")
    assert (made.socket.sent, later) == (b"he!", [b"llo"])


@pytest.mark.parametrize(("event", "arguments"), [("startTLS", ("context",)), ("connectionLost", ("why",))])
def test_under_tls_and_when_the_connection_is_gone_twisted_writes(monkeypatch, later, event, arguments):
    seen = []
    monkeypatch.setattr(tcp.Server, event, lambda self, *given: seen.append(given))
    made = server()
    getattr(made, event)(*arguments)
    made.write(b"hello")
    assert (seen, made.socket.sent, later) == ([arguments], b"", [b"hello"])


def test_when_both_halves_are_closed_the_socket_is_closed_and_the_protocol_told():
    ours, theirs = socketpair()
    made = server()
    made.socket, made.fileno, protocol = ours, ours.fileno, made.protocol
    made.end()
    assert (theirs.recv(1), protocol.lost, made.connected) == (b"", [DONE], 0)
    theirs.close()


@pytest.fixture
def turn():
    """A turn of the reactor that goes on until it is ended."""
    TURN.begin()
    yield TURN
    TURN.end()


def test_what_is_said_in_one_turn_leaves_at_its_end(turn):
    first, second = server(), server()
    first.write(b"250 ")
    second.write(b"354")
    first.write(b"OK")
    assert (first.socket.sent, second.socket.sent) == (b"", b"")
    turn.end()
    assert (first.socket.sent, first.socket.flags, second.socket.sent) == (b"250 OK", [0], b"354")
    first.write(b"after it, at once")
    assert first.socket.sent == b"250 OKafter it, at once"


def test_what_one_piece_of_work_brings_leaves_when_it_is_done():
    first, second, sent = server(), server(), []

    def work(failing):
        first.write(b"250 1")
        second.write(b"250 2")
        sent.append((first.socket.sent, second.socket.sent))
        if failing:
            raise ValueError

    TURN.do(work, False)
    assert (sent, first.socket.sent, second.socket.sent) == ([(b"", b"")], b"250 1", b"250 2")
    with pytest.raises(ValueError):
        TURN.do(work, True)
    assert (first.socket.sent, TURN.leaving) == (b"250 1250 1", None)


def test_work_within_a_turn_ends_with_it(turn):
    made = server()
    turn.do(made.write, b"250 OK")
    assert made.socket.sent == b""
    turn.end()
    assert made.socket.sent == b"250 OK"


def test_the_last_words_and_the_fin_leave_in_one_packet(turn):
    made = server()
    made.write(b"221 Bye")
    made.loseWriteConnection()
    assert (made.socket.sent, made.socket.flags, made.socket.shut) == (b"221 Bye", [MSG_MORE], True)
    turn.end()
    assert made.socket.flags == [MSG_MORE]


@pytest.mark.parametrize("end", ["loseConnection", "abortConnection", "startTLS"])
def test_what_was_said_leaves_before_what_ends_it(monkeypatch, turn, end):
    seen = []
    made = server()
    monkeypatch.setattr(tcp.Server, end, lambda self, *_: seen.append(self.socket.sent))
    made.write(b"250 OK")
    getattr(made, end)()
    assert seen == [b"250 OK"]


READS = [
    (b"data", None, [b"data"]), (b"", main.CONNECTION_DONE, []), (BlockingIOError(), None, []),
    (ConnectionResetError(), main.CONNECTION_LOST, []),
]  # fmt: skip


@pytest.mark.parametrize(("gives", "why", "took"), READS)
def test_reading(gives, why, took):
    made = server(gives=gives)
    assert made.doRead() is why
    assert made.protocol.took == took


@pytest.fixture
def polled(monkeypatch):
    """What the poller was told."""
    told = []
    monkeypatch.setattr(tcp.Server, "stopReading", lambda self: told.append("stop"))
    monkeypatch.setattr(tcp.Server, "startReading", lambda self: told.append("start"))
    return told


def test_a_paused_connection_leaves_the_poller_only_when_something_comes(polled):
    made = server(gives=b"NOOP\r\n")
    made.disconnecting = False
    made.pauseProducing()
    assert polled == []
    assert made.doRead() is None
    assert (polled, made.protocol.took) == (["stop"], [])
    made.resumeProducing()
    assert made.doRead() is None
    assert (polled, made.protocol.took) == (["stop", "start"], [b"NOOP\r\n"])
    for _ in range(2):  # Nothing comes while it is paused.
        made.pauseProducing()
        made.resumeProducing()
    assert polled == ["stop", "start"]
    assert made.doRead() is None
    assert made.protocol.took == [b"NOOP\r\n"] * 2


def test_under_tls_it_leaves_at_once(polled):
    made = server()
    made.TLS = True
    made.pauseProducing()
    assert polled == ["stop"]

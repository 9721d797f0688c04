"""Departures on real sockets: that nobody is there any more is told, and nothing else."""

from __future__ import annotations

import socket
from select import select

import pytest

from mocksmtp.net.departures import KEEPALIVE, Departures


class Readers(list):
    """A reactor that only knows who wants to be asked."""

    addReader = list.append


@pytest.fixture
def pair():
    """Both ends of a connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as port:
        far = socket.create_connection(port.getsockname())
        near, _ = port.accept()
    with near, far:
        yield near, far


def told(departures):
    """Whether the poller has something to tell."""
    return bool(select([departures.fileno()], [], [], 0.2)[0])


def reset(far):
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()


def test_nothing_is_polled_before_somebody_is_watched():
    departures, readers = Departures(reactor := Readers()), reactor
    assert (departures.fileno(), readers) == (-1, [])
    departures.doRead()
    departures.connectionLost()


def test_the_end_of_a_connection_is_told_once(pair):
    near, far = pair
    gone, departures = [], Departures(Readers())
    departures.watch(near, lambda: gone.append(1))
    far.send(b"octets are nothing to tell")
    assert not told(departures)
    reset(far)
    assert told(departures)
    departures.doRead()
    departures.doRead()
    assert (gone, told(departures)) == ([1], False)


def test_a_client_that_ended_its_half_may_still_wait(pair):
    near, far = pair
    departures = Departures(Readers())
    departures.watch(near, lambda: pytest.fail("it is still there"))
    far.shutdown(socket.SHUT_WR)
    assert not told(departures)
    departures.doRead()


def test_a_probe_asks_whether_anybody_is_there(pair):
    near, _ = pair
    Departures(Readers()).watch(near, lambda: None)
    assert [near.getsockopt(level, option) for level, option, _ in KEEPALIVE] == [value for *_, value in KEEPALIVE]


def test_what_is_forgotten_is_not_told(pair):
    near, far = pair
    departures = Departures(Readers())
    watch = departures.watch(near, lambda: pytest.fail("it was forgotten"))
    watch.cancel()
    watch.cancel()
    reset(far)
    departures.doRead()


def test_a_descriptor_that_was_closed_first(pair):
    near, far = pair
    departures = Departures(Readers())
    watch = departures.watch(near, lambda: pytest.fail("it was closed"))
    near.close()
    watch.cancel()
    far.close()
    departures.doRead()
    assert departures.logPrefix() == "departures"
    departures.connectionLost()
    assert departures.fileno() == -1

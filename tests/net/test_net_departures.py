"""Departures on real sockets: the end of a connection is told, and nothing else."""

from __future__ import annotations

import socket
from select import select

import pytest

from mocksmtp.net.departures import Departures


class Readers(list):
    """A reactor that only knows who wants to be asked."""

    addReader = list.append


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def told(departures):
    """Whether the poller has something to tell."""
    return bool(select([departures.fileno()], [], [], 0)[0])


def test_nothing_is_polled_before_somebody_is_watched():
    departures, readers = Departures(reactor := Readers()), reactor
    assert (departures.fileno(), readers) == (-1, [])
    departures.doRead()
    departures.connectionLost()


@pytest.mark.parametrize("leave", [lambda far: far.close(), lambda far: far.shutdown(socket.SHUT_WR)])
def test_the_end_of_a_connection_is_told_once(pair, leave):
    near, far = pair
    gone, departures = [], Departures(Readers())
    departures.watch(near.fileno(), lambda: gone.append(1))
    far.send(b"octets are nothing to tell")
    assert not told(departures)
    leave(far)
    assert told(departures)
    departures.doRead()
    departures.doRead()
    assert (gone, told(departures)) == ([1], False)


def test_what_is_forgotten_is_not_told(pair):
    near, far = pair
    departures = Departures(Readers())
    watch = departures.watch(near.fileno(), lambda: pytest.fail("it was forgotten"))
    watch.cancel()
    watch.cancel()
    far.close()
    departures.doRead()


def test_a_descriptor_that_was_closed_first(pair):
    near, far = pair
    departures = Departures(Readers())
    watch = departures.watch(near.fileno(), lambda: pytest.fail("it was closed"))
    near.close()
    watch.cancel()
    far.close()
    departures.doRead()
    assert departures.logPrefix() == "departures"
    departures.connectionLost()
    assert departures.fileno() == -1

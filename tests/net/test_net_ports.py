"""Ports change hands: who accepts where after a reload, and who had to stay."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace

import pytest
from dialogue import TablePolicy
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError

from mocksmtp.net.ports import Place, rearrange


class System:
    """The kernel: who has which port, on all interfaces or on one."""

    def __init__(self, taken=()):
        self.bound = [Place(None, port) for port in taken]

    def bind(self, place):
        overlaps = [
            each
            for each in self.bound
            if each.port == place.port != 0 and (None in (each.interface, place.interface) or each == place)
        ]
        if overlaps:
            raise CannotListenError(
                place.interface, place.port, OSError(errno.EADDRINUSE, "Address already in use")
            )
        self.bound.append(place)


class Port:
    def __init__(self, system, place):
        system.bind(place)
        self.system, self.place, self.closed = system, place, False

    def stopListening(self):
        self.closed = True
        self.system.bound.remove(self.place)
        return succeed(None)


class Listener:
    """As much of a listener as changes hands."""

    def __init__(self, name, system, place=None):
        self.profile = SimpleNamespace(name=name)
        self.system, self.place, self.port = system, Place(None, -1), None
        if place is not None:
            self.take(self.bound(place), place)

    @property
    def accepts_on(self):
        return 0 if self.port is None or self.port.closed else self.port.place.port or 40000

    def bound(self, place):
        return Port(self.system, place)

    def take(self, port, place):
        self.port, self.place = port, place


def at(text):
    """Read ``25`` or ``127.0.0.1:25``."""
    interface, _, port = text.rpartition(":")
    return Place(interface or None, int(port))


def places(words):
    return {name: at(place) for name, _, place in (word.partition("=") for word in words.split())}


def run(coroutine):
    results = []
    Deferred.fromCoroutine(coroutine).addBoth(results.append)
    (result,) = results
    return result


MOVES = [
    # before, wanted, taken by others, after, refused
    ("a=25", "a=25", "", "a=25", {}),
    ("a=25", "a=26", "", "a=26", {}),
    ("a=25", "a=26", "26", "a=25", {"a": "Address already in use"}),
    ("a=25", "a=25 b=26", "", "a=25 b=26", {}),
    ("a=25", "a=25 b=26", "26", "a=25", {"b": "Address already in use"}),
    ("a=25 b=26", "a=25", "", "a=25", {}),
    # Handed over: a new name, a swap, a chain.
    ("a=25", "b=25", "", "b=25", {}),
    ("a=25 b=26", "a=26 b=25", "", "a=26 b=25", {}),
    ("a=25 b=26 c=27", "a=26 b=27 c=28", "", "a=26 b=27 c=28", {}),
    # Who cannot go stays, and so does who wanted its place.
    ("a=25 b=26 c=27", "a=26 b=27 c=28", "28", "a=25 b=26 c=27",
     {"a": "listener b stays there", "b": "listener c stays there", "c": "Address already in use"}),
    ("a=25 b=26", "a=28 c=25", "28", "a=25", {"a": "Address already in use", "c": "listener a stays there"}),
    # Any free port is kept as long as any is wanted.
    ("a=0", "a=0", "", "a=0", {}),
    ("a=0 b=0", "a=0 c=0", "", "a=0 c=0", {}),
    ("a=0", "a=25", "", "a=25", {}),
    # Our own socket is in the way: the same port on other interfaces.
    ("a=25", "a=127.0.0.1:25", "", "a=127.0.0.1:25", {}),
    ("a=127.0.0.1:25", "a=25", "", "a=25", {}),
    ("a=25", "b=127.0.0.1:25", "", "b=127.0.0.1:25", {}),
    ("a=127.0.0.1:25 b=127.0.0.2:25", "a=25 b=127.0.0.2:25", "", "a=127.0.0.1:25 b=127.0.0.2:25",
     {"a": "Address already in use"}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "wanted", "taken", "after", "refused"), MOVES)
def test_moves(before, wanted, taken, after, refused):
    system = System(map(int, taken.split()))
    listeners = {name: Listener(name, system, place) for name, place in places(before).items()}
    sockets = {place: listeners[name].port for name, place in places(before).items() if place.port}
    wants = {listeners.setdefault(name, Listener(name, system)): place for name, place in places(wanted).items()}
    result = run(rearrange(wants, [each for each in listeners.values() if each not in wants]))
    accepting = {name: each.place for name, each in listeners.items() if each.accepts_on}
    assert accepting == places(after)
    assert {each.profile.name: why for each, why in result.items()} == refused
    others = [Place(None, int(port)) for port in taken.split()]
    assert sorted(map(str, system.bound)) == sorted(map(str, [*others, *places(after).values()]))
    # A port that is still wanted was never closed.
    for place, port in sockets.items():
        if place in places(after).values() and not refused:
            assert not port.closed


def test_a_real_socket_is_handed_over_with_what_waits_in_it():
    from twisted.internet.testing import MemoryReactorClock

    from mocksmtp.net.listeners import Listener as Real
    from mocksmtp.smtp.profile import Profile

    reactor = MemoryReactorClock()
    old, new = (
        Real(Profile(name=name), TablePolicy(), None, None, None, reactor, lambda: "Q") for name in ("old", "new")
    )
    place = Place("127.0.0.1", 0)
    number = old.listen(place)
    old.place = at(f"127.0.0.1:{number}")
    with socket.create_connection(("127.0.0.1", number)):
        assert run(rearrange({new: old.place}, [old])) == {}
        assert (old.accepts_on, new.accepts_on) == (0, number)
        assert new.port.factory is new
    new.port.stopListening()
    reactor.advance(0)

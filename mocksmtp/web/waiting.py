"""Waiting until something happens: facts wake who waits, and nobody asks again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred

from mocksmtp.web.routing import Problem

Take = Callable[[Any], None]
Subscribers = Mapping[type, list[Take]]
"""Who takes which fact."""

Reads = Mapping[type, Callable[[Any], Any]]
"""What is to be known of each kind of fact, None where it does not matter."""

MOST_WAITING = 1000
"""Requests that may wait at a time, of each kind."""


class Wakening:
    """Listens to facts from ``begin`` to ``end``, and wakes who waits in the turn after one that matters."""

    def __init__(self, subscribers: Subscribers, read: Reads, clock: Any, timeout: float) -> None:
        """``timeout`` is in seconds from ``begin``; ``clock`` is the reactor."""
        self._subscribers = subscribers
        self._takes = {kind: self._taker(each) for kind, each in read.items()}
        self._clock = clock
        self._timeout = timeout
        self._known: list[Any] = []
        self._turn: Any = None
        self._late: Any = None
        self._waits: Deferred[None] | None = None
        self._time_is_up = False

    def begin(self) -> None:
        """Listen; what happens from now on is not missed."""
        self._late = self._clock.callLater(self._timeout, self._time_up)
        for kind, take in self._takes.items():
            self._subscribers[kind].append(take)

    def end(self) -> None:
        """Listen no more."""
        for kind, take in self._takes.items():
            self._subscribers[kind].remove(take)
        for call in (self._late, self._turn):
            if call is not None and call.active():
                call.cancel()

    async def known(self) -> list[Any]:
        """Wait for facts, and return what is to be known of them; nothing is there if time is up."""
        if not self._known and not self._time_is_up:
            self._waits = Deferred()
            await self._waits
        known, self._known = self._known, []
        return known

    def _taker(self, read: Callable[[Any], Any]) -> Take:
        def take(fact: Any) -> None:
            known = read(fact)
            if known is None:
                return
            self._known.append(known)
            if self._waits is not None and self._turn is None:
                # In the next turn: by then the reply has left that this is about.
                self._turn = self._clock.callLater(0, self._wake)

        return take

    def _time_up(self) -> None:
        self._time_is_up = True
        self._wake()

    def _wake(self) -> None:
        self._turn = None
        waits, self._waits = self._waits, None
        if waits is not None:
            waits.callback(None)


class Seats:
    """Room for those who wait; more than may are turned away."""

    def __init__(self, subscribers: Subscribers, clock: Any) -> None:
        self._subscribers = subscribers
        self._clock = clock
        self._taken = 0

    @contextmanager
    def taken(self, read: Reads, timeout: float) -> Iterator[Wakening]:
        """Listen to facts as long as this lasts.  Raises Problem."""
        if self._taken >= MOST_WAITING:
            raise Problem(503, "Too many wait", f"{MOST_WAITING} wait already")
        wakening = Wakening(self._subscribers, read, self._clock, timeout)
        self._taken += 1
        wakening.begin()
        try:
            yield wakening
        finally:
            wakening.end()
            self._taken -= 1

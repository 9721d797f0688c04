"""Taking turns: work that takes long stops now and then, so that nobody else waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

SLICE = 0.004
"""Seconds that may be worked in one turn."""

LARGE = 256 * 1024
"""Octets of a message from which on it is read in a thread."""

A = TypeVar("A")
T = TypeVar("T")


class Turns:
    """One piece of work; made anew for each request."""

    def __init__(self, clock: Any) -> None:
        """``clock`` is the reactor."""
        self._clock = clock
        self._began = clock.seconds()

    async def give_way(self) -> None:
        """Let others work, if this turn has been long enough."""
        if self._clock.seconds() - self._began >= SLICE:
            turn: Deferred[None] = Deferred()
            self._clock.callLater(0, turn.callback, None)
            await turn
            self._began = self._clock.seconds()

    async def read(self, content: bytes, work: Callable[[A], T], argument: A) -> T:
        """Do what takes as long as a message is large: at once, or where it blocks nobody."""
        if len(content) < LARGE:
            await self.give_way()
            return work(argument)
        done: Deferred[T] = deferToThreadPool(self._clock, self._clock.getThreadPool(), work, argument)
        return await done

"""A reactor whose clock is held, and whose threads have ended before anybody looks."""

from __future__ import annotations

from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure


class AtOnce:
    """A thread pool that needs no thread."""

    def callInThreadWithCallback(self, told, work, *args, **named):
        try:
            result = True, work(*args, **named)
        except BaseException:
            result = False, Failure()
        told(*result)


class Later(AtOnce):
    """A thread pool whose work is done when it is told so."""

    def __init__(self):
        self.pending = []

    def callInThreadWithCallback(self, *args, **named):
        self.pending.append((args, named))

    def work(self):
        """Do what has been asked for longest."""
        args, named = self.pending.pop(0)
        super().callInThreadWithCallback(*args, **named)


class HeldReactor(MemoryReactorClock):
    """Time passes when a test says so."""

    def __init__(self, pool=None):
        super().__init__()
        self.pool = pool or AtOnce()

    def getThreadPool(self):
        return self.pool

    def callFromThread(self, call, *args, **named):
        call(*args, **named)

    def pass_time(self, seconds, step=0.05):
        """Let time pass in small steps, as it does."""
        for _ in range(round(seconds / step)):
            self.advance(step)

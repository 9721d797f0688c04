"""Reload: the files are read again while mail flows, all of them or nothing.

Asked for by SIGHUP or the API, and by itself when a file looks otherwise than when it was
read.  Reading and compiling are done in a thread; what takes effect does so in one turn of
the reactor.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.config import Invalid, Mistake, Source
from mocksmtp.config.settings import Settings
from mocksmtp.parts import Parts

POLL = 1.0
"""Seconds between two looks at the files."""

SETTLE = 0.25
"""Seconds for which files must look the same before they are read: nobody is in the middle of writing them."""

SWITCH = 0.0005
"""Seconds after which the thread that compiles lets the reactor go on (Python's own habit is ten times that)."""

log = Logger(namespace="mocksmtp.reload")


class Reloaded(NamedTuple):
    """How a reload went.

    ``changed`` says what took effect, ``kept`` what the files say and could not take effect.
    With ``mistakes`` nothing did.
    """

    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def in_force(self) -> bool:
        """Whether all that the files say is in force."""
        return not self.kept and not self.mistakes

    def lines(self) -> list[str]:
        """Tell it, a line for each thing to look at."""
        if self.mistakes:
            return ["not reloaded, what was in force stays:", *map(str, self.mistakes)]
        return ["reloaded: " + ("; ".join(self.changed) or "nothing has changed"), *self.kept]


class Reload:
    """Reads a source again, at once or when its files change, and hands on what is made of it."""

    def __init__(
        self,
        source: Source,
        make: Callable[[Settings], Parts],
        take: Callable[[Parts], Awaitable[Reloaded]],
        told: Callable[[Reloaded], None],
        reactor: Any,
    ) -> None:
        """``make`` runs in a thread, ``take`` lets the parts take effect, ``told`` hears how it went."""
        self._source = source
        self._make = make
        self._take = take
        self._told = told
        self._reactor = reactor
        self._waiting: list[Deferred[Reloaded]] = []
        self._running = self._stopped = False
        self._poll: Any = None

    def watch(self) -> None:
        """Look at the files from now on."""
        self._poll = self._reactor.callLater(POLL, self._look)

    def stop(self) -> None:
        """Look at the files no more; what is under way takes no effect any more."""
        self._stopped = True
        if self._poll is not None and self._poll.active():
            self._poll.cancel()

    def now(self) -> Deferred[Reloaded]:
        """Read the files again; if that is under way already, once more after it.  Never fails."""
        wanted: Deferred[Reloaded] = Deferred()
        self._waiting.append(wanted)
        if not self._running:
            self._begin()
        return wanted

    def _look(self) -> None:
        after = POLL
        if not self._running and self._source.has_changed():
            if self._source.has_settled():
                self.now()
            else:
                after = SETTLE
        self._poll = self._reactor.callLater(after, self._look)

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._running = True
        Deferred.fromCoroutine(self._reload()).addBoth(self._ended, waiting)

    def _ended(self, result: Reloaded | Failure, waiting: list[Deferred[Reloaded]]) -> None:
        self._running = False
        if isinstance(result, Failure):
            log.failure("a reload failed", result)
            wrong = f"a fault of our own: {result.getErrorMessage()}"
            result = Reloaded(mistakes=(Mistake("", 0, 0, wrong),))
        self._told(result)
        for each in waiting:
            each.callback(result)
        if self._waiting:
            self._begin()

    async def _reload(self) -> Reloaded:
        try:
            parts = await deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._made)
        except Invalid as invalid:
            return Reloaded(mistakes=tuple(invalid.mistakes))
        except ValueError as error:
            return Reloaded(mistakes=(Mistake("", 0, 0, str(error)),))
        return Reloaded() if self._stopped else await self._take(parts)

    def _made(self) -> Parts:
        """In a thread: read and compile, letting the reactor go on as often as it wants to."""
        habit = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        gc.disable()  # Looking for cycles among what is being made would hold up everybody.
        try:
            parts = self._make(self._source.load())
            gc.freeze()  # They are to stay; a first look at so many objects would take a tenth of a second.
            return parts
        finally:
            gc.enable()
            sys.setswitchinterval(habit)

"""Turns of the reactor: replies to what came together leave together, and what has time is done before a rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mocksmtp.net.transport import DirectServer


MOST_TURNS = 4
"""Turns after which what waits for a rest is done without one."""


class Turn:
    """A turn of the reactor: events that came together, and the connections whose replies leave together.

    A client that sleeps is woken by what we send, which costs us more than a command does.  Sent
    close together, replies find most of their clients awake.  ``owed`` is what is to be done when
    nobody has anything more to say.
    """

    def __init__(self) -> None:
        self.leaving: list[DirectServer] | None = None
        self.owed: list[Callable[[], object]] = []
        self._turns = 0

    def begin(self) -> None:
        """Hold replies from now on."""
        self.leaving = []

    def end(self) -> None:
        """Send them."""
        leaving, self.leaving = self.leaving, None
        for connection in leaving or ():
            connection.flush()

    def do(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do what brings replies to several connections, and send those together."""
        if self.leaving is not None:
            work(*arguments)
            return
        self.begin()
        try:
            work(*arguments)
        finally:
            self.end()

    def before_rest(self, work: Callable[[], object]) -> None:
        """Do this before the reactor rests, or a few turns from now; between turns it is done at once."""
        if self.leaving is None:
            work()
        else:
            self.owed.append(work)

    def settle(self, resting: bool) -> None:
        """Do what is owed, if the reactor has nothing else to do, or has had for a few turns."""
        self._turns += 1
        if resting or self._turns > MOST_TURNS:
            self._turns = 0
            owed, self.owed = self.owed, []
            for work in owed:
                work()


TURN = Turn()
"""There is one reactor in a process, and it has one turn at a time."""

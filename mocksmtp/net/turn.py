"""Turns of the reactor: replies to what came together leave together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mocksmtp.net.transport import DirectServer


class Turn:
    """A turn of the reactor: events that came together, and the connections whose replies leave together.

    A client that sleeps is woken by what we send, which costs us more than a command does.  Sent
    close together, replies find most of their clients awake.
    """

    leaving: list[DirectServer] | None = None

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


TURN = Turn()
"""There is one reactor in a process, and it has one turn at a time."""

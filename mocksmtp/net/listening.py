"""All listeners of a service: they come, go and move at a reload, and end together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from mocksmtp.net.ports import NOWHERE, Place, rearrange

if TYPE_CHECKING:
    from mocksmtp.net.listeners import Listener
    from mocksmtp.smtp.policy import Policy

PATIENCE = 5.0
"""Seconds that a running transaction has to end when the service stops."""

LOOK = 0.05
"""Seconds between two looks at who is still there when the service stops."""


class Listening:
    """The listeners that the configuration names, and those that it names no more but somebody still talks to."""

    def __init__(self, reactor: Any) -> None:
        self.named: list[Listener] = []
        self._leaving: list[Listener] = []
        self._reactor = reactor

    def by_name(self) -> dict[str, Listener]:
        """Return those that are named, by their names."""
        return {each.profile.name: each for each in self.named}

    def not_accepting(self) -> Sequence[str]:
        """Return the names of those that do not accept now."""
        return [each.profile.name for each in self.named if not each.accepts_on]

    def follow(self, policy: Policy) -> None:
        """Ask another policy, in all open sessions from their next command on."""
        for listener in (*self.named, *self._leaving):
            listener.follow(policy)

    def leave_scopes(self) -> None:
        """There is no scope any more: what open sessions do next belongs to none."""
        for listener in (*self.named, *self._leaving):
            for connection in listener.connections:
                connection.session.conversation.scopes = ()

    async def rearrange(self, wanted: Mapping[Listener, Place]) -> dict[str, str]:
        """Have these and no others, each at its place; return the names of those that cannot be there, and why.

        One that is new and cannot be bound is left out, another stays where it is.
        """
        gone = [each for each in self.named if each not in wanted]
        refused = await rearrange(wanted, gone)
        self.named = [each for each in wanted if each.place != NOWHERE]
        self._leaving = [each for each in (*self._leaving, *gone) if each.connections]
        for listener in gone:
            listener.leave()
        return {each.profile.name: why for each, why in refused.items()}

    def stop(self) -> Deferred[None]:
        """Accept no more, answer 421 to idle sessions, let transactions end; fires when all are gone."""
        for listener in self.named:
            listener.stop_accepting()
            for connection in list(listener.connections):
                connection.drain()
        done: Deferred[None] = Deferred()
        self._wait_for_the_last(self._reactor.seconds() + PATIENCE, done)
        return done

    def _wait_for_the_last(self, deadline: float, done: Deferred[None]) -> None:
        listeners = (*self.named, *self._leaving)
        open_now = [connection for listener in listeners for connection in listener.connections]
        now = self._reactor.seconds()
        if not open_now or now >= deadline + 1.0:
            for listener in listeners:
                listener.stop_looking()
            done.callback(None)
            return
        if now >= deadline:
            for connection in open_now:
                connection.shut_down()
        self._reactor.callLater(LOOK, self._wait_for_the_last, deadline, done)

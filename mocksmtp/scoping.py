"""Scopes in the service: who is told of them, and what goes with them when their time is up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from mocksmtp.rules.scopes import Scopes

if TYPE_CHECKING:
    from mocksmtp.net.listening import Listening
    from mocksmtp.rules.rulebook import Rulebook
    from mocksmtp.stores import Store

log = Logger(namespace="mocksmtp.scoping")


def make_scopes(rulebook: Rulebook, listening: Listening, clock: Any) -> Scopes:
    """Return the scopes before these rules, none as yet; ``clock`` is the reactor."""
    return Scopes(rulebook, listening.follow, listening.leave_scopes, clock.seconds)


def end_late(scopes: Scopes, store: Store) -> None:
    """End the scopes whose time is up."""
    for late in scopes.late():
        scope = scopes.close(late.token)
        removed = Deferred.fromCoroutine(store.remove(scopes.alone(scope)))
        removed.addErrback(lambda failure: log.failure("the messages of a scope could not be removed", failure))

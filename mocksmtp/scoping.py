"""Scopes whose time is up: they end, and their messages go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.logger import Logger

if TYPE_CHECKING:
    from mocksmtp.rules.scopes import Scopes
    from mocksmtp.stores import Store

log = Logger(namespace="mocksmtp.scoping")


def end_late(scopes: Scopes, store: Store) -> None:
    """End the scopes whose time is up."""
    for late in scopes.late():
        scope = scopes.close(late.token)
        removed = Deferred.fromCoroutine(store.remove(scopes.alone(scope)))
        removed.addErrback(lambda failure: log.failure("the messages of a scope could not be removed", failure))

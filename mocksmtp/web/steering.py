"""The routes by which a test says how the server is to behave from now on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mocksmtp.config.settings import Settings
from mocksmtp.journal import Journal
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.hits import Hits
from mocksmtp.rules.scopes import Scopes
from mocksmtp.rules.steering import Steering
from mocksmtp.stores import Store
from mocksmtp.web.routes import clock, config, explain, reset, rules
from mocksmtp.web.routes import scopes as scope_routes
from mocksmtp.web.routing import Route


def steering_routes(
    steering: Steering,
    rule_clock: RuleClock,
    counters: Counters,
    hits: Hits,
    store: Store,
    journal: Journal,
    settings: Callable[[], Settings],
    reload: Callable[[], Awaitable[Any]],
    scopes: Scopes,
    reactor: Any,
) -> list[Route]:
    """Return them; ``settings`` are those in force, ``reload`` reads the files again.

    ``reactor`` lets long answers give way.
    """

    def forget() -> None:
        counters.reset()
        hits.forget()

    resets: reset.Resets = {
        "messages": lambda: reset.remove_messages(store),
        "journal": journal.clear,
        "counters": forget,
        "rules": steering.as_in_files,
        "clock": rule_clock.follow,
    }
    return [
        *explain.routes(lambda: [each.profile for each in settings().listeners], steering.rulebook, scopes),
        *rules.routes(steering, scopes, lambda: [each.profile.name for each in settings().listeners]),
        *clock.routes(rule_clock, scopes),
        *reset.routes(resets, scopes, lambda scope: reset.of_scope(scope, scopes, store, journal)),
        *config.routes(settings, reload),
        *scope_routes.routes(scopes, store, journal, reactor),
    ]

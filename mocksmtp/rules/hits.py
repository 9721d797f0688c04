"""Hits: how often each rule acted, and when last.  A subscriber of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from mocksmtp.smtp import facts


class Acted(NamedTuple):
    """How often a rule acted, and when last, in seconds since the epoch; None where it never did."""

    times: int = 0
    last: float | None = None


NEVER = Acted()


class Hits:
    """What rules did since the process began, or since it was forgotten.

    A rule is known by its name; what one that is gone did is told until it is forgotten.
    What was done within a scope is the scope's.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """``now`` says the real time in seconds since the epoch."""
        self._now = now
        self._of: dict[str, Acted] = {}
        self.takes: dict[type, Callable[[Any], None]] = {facts.RuleMatched: self._matched}

    def _matched(self, fact: facts.RuleMatched) -> None:
        if not fact.who.scopes:
            self.count(fact.rule)

    def count(self, rule: str) -> None:
        """Count one more."""
        self._of[rule] = Acted(self._of.get(rule, NEVER).times + 1, self._now())

    def of(self, rule: str) -> Acted:
        """Return what a rule did."""
        return self._of.get(rule, NEVER)

    def all(self) -> dict[str, int]:
        """Return how often each rule acted that did."""
        return {rule: acted.times for rule, acted in self._of.items()}

    def unused(self, rules: Iterable[str]) -> list[str]:
        """Return those of some rules that never acted, in their order."""
        return [rule for rule in rules if rule not in self._of]

    def forget(self, rule: str | None = None) -> None:
        """Forget what a rule did, or what all did."""
        if rule is None:
            self._of.clear()
        else:
            self._of.pop(rule, None)

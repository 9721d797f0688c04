"""The rules in force: those given while the server runs before those of the files, changed while mail flows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mocksmtp.rules.rule import Rule
from mocksmtp.rules.rulebook import RUNTIME, Rulebook


class InForce:
    """What sessions ask, in two layers; whoever hands it to them is told of each change.

    ``rulebook`` is the one to ask now.  It is never changed, only replaced, so a session
    that is in the middle of a decision ends it with the rules it began with.
    """

    def __init__(self, files: Rulebook, follow: Callable[[Rulebook], None]) -> None:
        """Begin with the rules of the files; ``follow`` is called with each rulebook that takes their place."""
        self.rulebook = files
        self.runtime: tuple[Rule, ...] = ()
        self._files = files
        self._follow = follow

    def replace_files(self, files: Rulebook) -> None:
        """Put other rules of the files behind the same runtime rules."""
        self._files = files
        self._put(files.beneath(self.runtime))

    def replace_runtime(self, rules: Sequence[Rule]) -> None:
        """Put other runtime rules before the same rules of the files; only they are compiled."""
        self.runtime = tuple(rules)
        self._files.counters.keep_only([rule.name for rule in rules], RUNTIME)
        self._put(self._files.beneath(rules))

    def _put(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._follow(rulebook)

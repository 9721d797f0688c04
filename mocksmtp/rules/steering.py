"""Steering: rules are added, replaced, switched and taken away while mail flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.rules.hits import Acted, Hits
from mocksmtp.rules.in_force import InForce
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from mocksmtp.rules.scopes import Scope


class Standing(NamedTuple):
    """A rule in force, whether it is a runtime rule, and what it did; ``scope`` is the one whose own it is."""

    rule: Rule
    runtime: bool
    acted: Acted
    scope: str | None = None


class Place(NamedTuple):
    """Where among the runtime rules: ``first``, ``last``, or ``before`` or ``after`` another of them."""

    where: str = "first"
    other: str = ""


FIRST = Place()


def standing(runtime: Iterable[Rule], files: Iterable[Rule], hits: Hits) -> Iterator[Standing]:
    """Yield rules in their order, with what they did."""
    for given, rules in ((True, runtime), (False, files)):
        for rule in rules:
            yield Standing(rule, given, hits.of(rule.name))


class UnknownRule(LookupError):
    """There is no such rule among those that are meant; the text is its name."""


class Taken(ValueError):
    """A name is that of another rule; the text is it."""


class Steering:
    """What may be changed of the rules in force.

    Runtime rules stand before those of the files and have names of their own; those of the
    files can be switched on and off.  Both end with the process, and survive a reload.
    """

    def __init__(
        self,
        in_force: InForce,
        files: Sequence[Rule],
        compiled: Callable[[Sequence[Rule]], Rulebook],
        hits: Hits,
    ) -> None:
        """``files`` are the rules of the files; ``compiled`` makes a rulebook of others in their place."""
        self._in_force = in_force
        self._files = tuple(files)
        self._compiled = compiled
        self._hits = hits
        self._switched: dict[str, bool] = {}

    def rulebook(self) -> Rulebook:
        """Return the one that is asked now."""
        return self._in_force.rulebook

    @property
    def runtime(self) -> tuple[Rule, ...]:
        """The runtime rules."""
        return self._in_force.runtime

    @property
    def files(self) -> tuple[Rule, ...]:
        """The rules of the files, as they are switched."""
        return tuple(self._as_switched(rule) for rule in self._files)

    def standing(self, scope: Scope | None = None) -> Iterator[Standing]:
        """Return the rules in their order; with a scope its own before them, and what all of them did there."""
        if scope is None:
            return standing(self.runtime, self.files, self._hits)
        own = (Standing(rule, False, scope.hits.of(rule.name), scope.token) for rule in scope.rules)
        return chain(own, standing(self.runtime, self.files, scope.hits))

    def find(self, name: str, scope: Scope | None = None) -> Standing:
        """Return the first rule of a name: a scope's, a runtime rule, one of the files.  Raises UnknownRule."""
        for each in self.standing(scope):
            if each.rule.name == name:
                return each
        raise UnknownRule(name)

    def add(self, rule: Rule, place: Place = FIRST) -> None:
        """Put a runtime rule in its place.  Raises Taken, and UnknownRule for the place."""
        if any(each.name == rule.name for each in self.runtime):
            raise Taken(rule.name)
        self._put(_inserted(self.runtime, rule, place))

    def replace(self, name: str, rule: Rule) -> None:
        """Put another rule in the place of a runtime rule; its counters go on.  Raises UnknownRule."""
        self._runtime_rule(name)
        self._put([rule if each.name == name else each for each in self.runtime])

    def switch(self, name: str, enabled: bool) -> None:
        """Switch a rule of the files on or off.  Raises UnknownRule."""
        if all(rule.name != name for rule in self._files):
            raise UnknownRule(name)
        self._switched[name] = enabled
        self._in_force.replace_files(self._compiled(self.files))

    def move(self, name: str, place: Place) -> None:
        """Put a runtime rule elsewhere among them.  Raises UnknownRule, for the place too."""
        rule = self._runtime_rule(name)
        if place.other == name:
            return
        self._put(_inserted([each for each in self.runtime if each is not rule], rule, place))

    def remove(self, name: str) -> None:
        """Take a runtime rule away, and forget what it did.  Raises UnknownRule."""
        gone = self._runtime_rule(name)
        self._put([each for each in self.runtime if each is not gone])

    def clear(self) -> int:
        """Take all runtime rules away, and return how many there were."""
        number = len(self.runtime)
        self._put([])
        return number

    def as_in_files(self) -> None:
        """Take all runtime rules away, and switch those of the files as the files say."""
        self.clear()
        if self._switched:
            self._switched.clear()
            self._in_force.replace_files(self._compiled(self._files))

    def read_again(self, files: Sequence[Rule], rulebook: Rulebook) -> None:
        """Take up other rules of the files, compiled already; what was switched stays so."""
        self._files = tuple(files)
        names = {rule.name for rule in files}
        self._switched = {name: enabled for name, enabled in self._switched.items() if name in names}
        self._in_force.replace_files(self._compiled(self.files) if self.files != self._files else rulebook)

    def _as_switched(self, rule: Rule) -> Rule:
        enabled = self._switched.get(rule.name, rule.enabled)
        return rule if rule.enabled is enabled else replace(rule, enabled=enabled)

    def _runtime_rule(self, name: str) -> Rule:
        for rule in self.runtime:
            if rule.name == name:
                return rule
        raise UnknownRule(name)

    def _put(self, rules: Sequence[Rule]) -> None:
        names = {rule.name for rule in rules}
        gone = {rule.name for rule in self.runtime} - names
        self._in_force.replace_runtime(rules)
        for name in gone - {rule.name for rule in self._files}:
            self._hits.forget(name)


def _inserted(rules: Sequence[Rule], rule: Rule, place: Place) -> list[Rule]:
    names = [each.name for each in rules]
    if place.where in ("before", "after"):
        if place.other not in names:
            raise UnknownRule(place.other)
        at = names.index(place.other) + (place.where == "after")
    else:
        at = len(names) if place.where == "last" else 0
    return [*rules[:at], rule, *rules[at:]]

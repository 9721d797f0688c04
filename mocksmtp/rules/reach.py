"""Rules that can never be reached, because an earlier one always decides: asked of an index, not pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from mocksmtp.rules.cover import FAR, Part, alternatives, covers, samples
from mocksmtp.rules.pattern import Kind, PatternIndex, Patterns, is_regex
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.schedule import ALWAYS
from mocksmtp.rules.when import All, AnyOf, cost
from mocksmtp.smtp.stage import Stage

MOST_ASKED = 50
"""Earlier rules that are looked at for one rule; where many are about one value, the others are left."""


class Unreached(NamedTuple):
    """A rule by its number, and the earlier ones that decide before it, by theirs."""

    rule: int
    before: tuple[int, ...]


def unreached(rules: Sequence[Rule]) -> Iterator[Unreached]:
    """Yield the rules that an earlier one always decides before, at each stage at which they are asked."""
    deciding = {stage: Deciding(stage, rules) for stage in {each for rule in rules for each in rule.stages}}
    for number, rule in enumerate(rules):
        if not rule.enabled:
            continue
        found: list[int] = []
        for stage in rule.stages:
            at_stage = deciding[stage].before(number, rule.when)
            if at_stage is None:
                break
            found += at_stage
        else:
            yield Unreached(number, tuple(dict.fromkeys(found)))


def always_ends(rule: Rule) -> bool:
    """Whether the search ends with a rule each time its conditions hold."""
    return rule.enabled and rule.ends and rule.schedule == ALWAYS and not rule.of_size


class Deciding:
    """The rules of one stage that always end the search, filed under the patterns of one condition each."""

    def __init__(self, stage: Stage, rules: Sequence[Rule]) -> None:
        self._rules = {n: rule for n, rule in enumerate(rules) if always_ends(rule) and stage in rule.stages}
        self._loose: list[int] = []
        self._regexes: dict[tuple[str, str], list[int]] = {}
        filed: dict[str, tuple[Kind, list[tuple[str, int]]]] = {}
        for number, rule in self._rules.items():
            anchor = rule.when.anchor()
            if anchor is None:
                self._loose.append(number)
                continue
            for text in anchor.patterns:
                filed.setdefault(anchor.field, (anchor.kind, []))[1].append((text, number))
                if is_regex(text):
                    self._regexes.setdefault((anchor.field, text), []).append(number)
        self._fields = {field: (kind, PatternIndex(kind, patterns)) for field, (kind, patterns) in filed.items()}

    def before(self, number: int, when: All | AnyOf) -> list[int] | None:
        """Return the earlier rules that decide wherever these conditions hold, None where none does somewhere."""
        found: list[int] = []
        for parts in alternatives(when):
            for each in _cut(parts):
                first = next((n for n in self._asked(number, each) if covers(self._rules[n].when, each)), None)
                if first is None:
                    return None
                found.append(first)
        return found

    def _asked(self, number: int, parts: tuple[Part, ...]) -> list[int]:
        """Return earlier rules that may hold wherever these parts do."""
        asked = set(self._loose[:MOST_ASKED])
        for part in parts:
            anchor = part.anchor()
            if anchor is not None and anchor.field in self._fields:
                kind, index = self._fields[anchor.field]
                text = anchor.patterns[0]
                values: Iterable[str] = samples(text, kind)[:1] or (FAR,)
                asked.update(n for value in values for n in index.find(value))
                asked.update(self._regexes.get((anchor.field, text), ()))
        return sorted(n for n in asked if n < number)[:MOST_ASKED]


def _cut(parts: tuple[Part, ...]) -> Iterator[tuple[Part, ...]]:
    """Yield the parts once for each pattern of the condition that they would be filed under."""
    anchored = [(anchor, part) for part in parts if (anchor := part.anchor()) is not None]
    _, cut = min(anchored, key=lambda each: cost(each[0]), default=(None, None))
    value = getattr(cut, "value", None)
    if cut is None or not isinstance(value, Patterns):
        yield parts
        return
    others = tuple(part for part in parts if part is not cut)
    for text in value.items:
        yield (replace(cut, value=Patterns((text,))), *others)  # type: ignore[type-var]

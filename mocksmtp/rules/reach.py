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
    stages = [rule.stages for rule in rules]
    deciding = {
        each: Deciding(at_stage(each, rules, stages)) for each in {each for some in stages for each in some}
    }
    for number, rule in enumerate(rules):
        if not rule.enabled:
            continue
        found: list[int] = []
        for stage in stages[number]:
            decided = deciding[stage].before(number, rule.when)
            if decided is None:
                break
            found += decided
        else:
            yield Unreached(number, tuple(dict.fromkeys(found)))


def always_ends(rule: Rule) -> bool:
    """Whether the search ends with a rule each time its conditions hold."""
    return rule.enabled and rule.ends and rule.schedule == ALWAYS and not rule.of_size


def at_stage(stage: Stage, rules: Sequence[Rule], stages: Sequence[tuple[Stage, ...]]) -> dict[int, Rule]:
    """Return the rules that always end the search at a stage, by their numbers; ``stages`` are those of each."""
    asked = (number for number, each in enumerate(stages) if stage in each)
    return {number: rules[number] for number in asked if always_ends(rules[number])}


class Deciding:
    """Rules that always end the search at one stage, each filed under the patterns of one condition."""

    def __init__(self, rules: dict[int, Rule]) -> None:
        self._rules = rules
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
        # A condition is a dataclass, which a Protocol cannot say.
        yield (replace(cut, value=Patterns((text,))), *others)  # type: ignore[type-var]

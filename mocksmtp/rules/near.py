"""Near misses: rules that did not decide, and the one thing that kept each from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from mocksmtp.rules.condition import Condition
from mocksmtp.rules.context import Context
from mocksmtp.rules.index import Entry
from mocksmtp.rules.network import Networks
from mocksmtp.rules.pattern import Patterns
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.when import All, AnyOf, Not, asserted, conditions_of
from mocksmtp.smtp.policy import Decision

ALIKE = 0.85
"""How much a pattern must look like the value, from 0 to 1, where nothing else of the rule holds."""

LONGEST_VALUE = 100
"""Characters of a value that are shown."""


class Miss(NamedTuple):
    """A rule, the condition that failed, what it wants, what it found, and how near the rule came.

    ``condition`` is ``schedule`` where all conditions held and the rule was not due, and
    ``order`` where another rule had decided before it was asked.
    """

    rule: str
    condition: str
    wanted: str
    found: str
    nearness: float = 0.0


def near_misses(rulebook: Rulebook, context: Context, decision: Decision, most: int = 3) -> list[Miss]:
    """Return the rules that nearly decided, the nearest first.

    Ask after the decision: of a rule that was not due, the hit is told that it counted.
    """
    entries = rulebook.entries(context.stage)
    names = [entry.rule.name for entry in entries]
    last = names.index(decision.rule) if decision.rule in names else len(entries)
    found: list[Miss] = []
    for place, entry in enumerate(entries):
        if entry.rule.name in decision.matched:
            continue
        miss = _not_met(entry, context) or _not_due(entry, context, rulebook, place < last)
        if miss is None and place > last:
            miss = Miss(entry.rule.name, "order", "to be asked", f"{decision.rule} decided before", 1.0)
        if miss is not None and miss.nearness >= ALIKE:
            found.append(miss)
    return sorted(found, key=lambda miss: -miss.nearness)[:most]


def _not_met(entry: Entry, context: Context) -> Miss | None:
    """Return what is missing of a rule, None where nothing is; nearness 0 where it is more than one thing."""
    when = entry.rule.when
    best = Miss(entry.rule.name, "", "", "")
    for way in when.parts if isinstance(when, AnyOf) else (when,):
        parts = way.parts if isinstance(way, All) else (way,)
        failed = [part for part in parts if not part.test()(context)]
        if not failed:
            return None
        if len(failed) == 1:
            miss = _miss(entry.rule.name, failed[0], len(parts) - 1, context)
            best = max(best, miss, key=lambda each: each.nearness)
    return best


def _miss(rule: str, part: Any, held: int, context: Context) -> Miss:
    conditions = list(conditions_of(part))
    seen = [text for condition in conditions for text in condition.seen(context)]
    shown = ", ".join(dict.fromkeys(map(_short, seen))) or "nothing"
    name = "not" if isinstance(part, Not) else conditions[0].name if len(conditions) == 1 else "when"
    nearness = float(held) if held else max((_alike(each, seen) for each in asserted(part)), default=0.0)
    return Miss(rule, name, written(part), shown, nearness)


def _not_due(entry: Entry, context: Context, rulebook: Rulebook, asked: bool) -> Miss | None:
    if entry.recall is None or not asked:
        return None
    hit = entry.recall.last_hit(context, rulebook.counters, rulebook.now(), rulebook.seed)
    words = entry.rule.schedule.missed(hit) if hit is not None else []
    if hit is None or not words:
        return None
    return Miss(entry.rule.name, "schedule", ", ".join(words), f"hit {hit.number} of its key", 99.0)


def written(part: All | AnyOf | Not | Condition) -> str:
    """Return conditions as YAML writes them, in one line."""
    if isinstance(part, Not):
        return f"not {{{written(part.part)}}}"
    if isinstance(part, All):
        return ", ".join(map(written, part.parts))
    if isinstance(part, AnyOf):
        return " or ".join(f"{{{written(each)}}}" for each in part.parts)
    # Conditions are dataclasses, which a Protocol cannot say.
    values = {field.name: getattr(part, field.name) for field in fields(part)}  # type: ignore[arg-type]
    given = {name: _value(value) for name, value in values.items() if value is not None}
    if list(given) == ["value"]:
        return f"{part.name}: {given['value']}"
    return f"{part.name}: " + ", ".join(f"{name} {value}" for name, value in given.items())


def _value(value: Any) -> str:
    if isinstance(value, Patterns):
        return " or ".join([*value.items, *(f"not {_value(each)}" for each in value.excluded)])
    if isinstance(value, Networks):
        return " or ".join(map(str, value.items))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_value(each)}" for name, each in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _alike(condition: Condition, seen: Iterable[str]) -> float:
    # The same: a condition is a dataclass.
    wanted = [text for field in fields(condition) for text in _texts(getattr(condition, field.name))]  # type: ignore[arg-type]
    pairs = [(text.lower(), value[:LONGEST_VALUE].lower()) for text in wanted for value in seen]
    return max((SequenceMatcher(None, *pair).ratio() for pair in pairs), default=0.0)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Patterns):
        return value.items
    if isinstance(value, dict):
        return [f"{name}: {text}" for name, each in value.items() for text in _texts(each)]
    return ()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"

"""Whether one condition holds wherever another does: what is covered is never seen by what comes later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from mocksmtp.rules.condition import Condition
from mocksmtp.rules.network import Networks
from mocksmtp.rules.pattern import GLOB_SIGNS, Kind, PatternIndex, Patterns, is_regex, normal
from mocksmtp.rules.when import All, AnyOf, Not

FAR = "\uffff" * 300
"""Stands for anything in a sample of a glob: only another ``*`` can take so many odd signs."""

Part = All | AnyOf | Not | Condition


def alternatives(when: All | AnyOf) -> Iterator[tuple[Part, ...]]:
    """Yield the maps of which one must hold, each as the parts that must all hold."""
    if isinstance(when, AnyOf):
        for part in when.parts:
            yield from alternatives(part) if isinstance(part, (All, AnyOf)) else [(part,)]
    else:
        yield when.parts


def covers(when: All | AnyOf, parts: Sequence[Part]) -> bool:
    """Say whether ``when`` holds wherever all of these parts do; False where it cannot be told."""
    return any(all(_implied(wanted, parts) for wanted in each) for each in alternatives(when))


def samples(text: str, kind: Kind) -> tuple[str, ...]:
    """Return values such that a glob that matches all of them covers this pattern; none for a regex."""
    if is_regex(text):
        return ()
    text = normal(text, kind)
    if not GLOB_SIGNS.search(text):
        return (text,)
    text = text.replace("?", "\ufffe")
    return text.replace("*", ""), text.replace("*", FAR)


def pattern_covers(wide: str, narrow: str, kind: Kind) -> bool:
    """Say whether a pattern matches all that another does; False where it cannot be told."""
    if wide == narrow or normal_or_regex(wide, kind) == "*":
        return True
    values = samples(narrow, kind)
    if not values or (is_regex(wide) and len(values) > 1):
        return False
    find = _index(wide, kind).find
    return all(find(value) for value in values)


def normal_or_regex(text: str, kind: Kind) -> str:
    """Bring a pattern into the form in which two are compared."""
    return text if is_regex(text) else normal(text, kind)


@lru_cache(4096)
def _index(text: str, kind: Kind) -> PatternIndex:
    return PatternIndex(kind, [(text, True)])


def _implied(wanted: Part, parts: Sequence[Part]) -> bool:
    return any(_weaker(wanted, part) for part in parts)


def _weaker(wanted: Part, given: Part) -> bool:
    if wanted == given:
        return True
    if type(wanted) is not type(given) or isinstance(wanted, (All, AnyOf, Not)):
        return False
    kind = kind_of(wanted)
    # Conditions are dataclasses, which a Protocol cannot say.
    return all(
        _value_weaker(each.name, getattr(wanted, each.name), getattr(given, each.name), kind)
        for each in fields(wanted)  # type: ignore[arg-type]
    )


def kind_of(condition: Condition) -> Kind:
    """Return what kind of values a condition's patterns are held against."""
    anchor = condition.anchor()
    return Kind.VALUE if anchor is None else anchor.kind


def _value_weaker(name: str, wanted: Any, given: Any, kind: Kind) -> bool:
    if wanted == given or wanted is None:
        return True
    if isinstance(wanted, Patterns) and isinstance(given, Patterns):
        return _patterns_weaker(wanted, given, kind)
    if isinstance(wanted, Networks) and isinstance(given, Networks):
        return all(any(_inside(each, wide) for wide in wanted.items) for each in given.items)
    if isinstance(wanted, dict) and isinstance(given, dict):
        named = {key.lower(): value for key, value in given.items()}
        return all(key.lower() in named and _value_weaker(key, value, named[key.lower()], kind)
                   for key, value in wanted.items())  # fmt: skip
    if given is None or not isinstance(wanted, int) or isinstance(wanted, bool):
        return False
    return bool(given >= wanted if name == "over" else name == "under" and given <= wanted)


def _patterns_weaker(wanted: Patterns, given: Patterns, kind: Kind) -> bool:
    if wanted.excluded or given.excluded:
        return False
    return all(any(pattern_covers(wide, each, kind) for wide in wanted.items) for each in given.items)


def _inside(narrow: Any, wide: Any) -> bool:
    return bool(narrow.version == wide.version and narrow.subnet_of(wide))

"""Rules in force as the API tells them, and as a file that loads again to the same rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mocksmtp.config.writing import written_rule
from mocksmtp.config.yaml_text import rules_text
from mocksmtp.rules.hits import Acted
from mocksmtp.rules.steering import Standing
from mocksmtp.web.told import time_told

LONGEST_NAME = 64


def told(standing: Standing) -> dict[str, Any]:
    """Return one rule: as YAML writes it, with where it comes from and what it did."""
    rule, acted = standing.rule, standing.acted
    written = written_rule(rule)
    head = {
        "name": rule.name,
        "source": rule.source or None,
        "runtime": standing.runtime,
        "scope": standing.scope,
        "enabled": rule.enabled,
        "description": rule.description,
        "stages": [stage.value for stage in rule.stages],
    }
    return {**head, **{name: value for name, value in written.items() if name not in head}, **_acted(acted)}


def _acted(acted: Acted) -> dict[str, Any]:
    return {"hits": acted.times, "last_hit": None if acted.last is None else time_told(acted.last)}


def file_text(standing: Iterable[Standing]) -> str:
    """Return a file of the rules in their order.

    Rules of a scope, runtime rules and those of the files may have the same names; in one file
    all but the last of them need another.
    """
    rules = list(standing)
    names = {each.rule.name for each in rules}
    texts, taken = [], set[str]()
    for each in reversed(rules):
        written = written_rule(each.rule)
        if each.rule.name in taken:
            written["name"] = _another(each.rule.name, names)
            names.add(written["name"])
        taken.add(each.rule.name)
        texts.append(written)
    return rules_text(texts[::-1])


def _another(name: str, names: set[str]) -> str:
    number = 2
    while (found := f"{name[: LONGEST_NAME - 8]}-{number}") in names:
        number += 1
    return found

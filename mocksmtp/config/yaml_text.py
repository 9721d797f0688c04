"""Plain values as YAML text that reads back to the same values, and as people write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

WORD = re.compile(r"[A-Za-z][A-Za-z0-9._-]*|[0-9]+(?:[A-Za-z]+|%)")
NO_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
"""What stands in no YAML text but escaped, which is not read here."""


def unwritable(value: Any, place: tuple[str | int, ...] = ()) -> tuple[str | int, ...] | None:
    """Return the place of the first text that cannot be written, None where all can."""
    if isinstance(value, str):
        return place if UNWRITABLE.search(value) else None
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        if isinstance(key, str) and UNWRITABLE.search(key):
            return (*place, key)
        if (found := unwritable(each, (*place, key))) is not None:
            return found
    return None


class _Dumper(yaml.SafeDumper):
    """Quotes a text where it could be read otherwise; with single quotes where it holds a backslash or a tab."""

    def analyze_scalar(self, scalar: str) -> Any:
        # A tab may stand in single quotes, but is taken for something that needs an escape.
        analysis = super().analyze_scalar(scalar.replace("\t", "_"))
        analysis.scalar = scalar
        return analysis

    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        # A list stands deeper than the key it belongs to; PyYAML hands ``indentless`` over by its name.
        super().increase_indent(flow, indentless=False)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "'"
    if WORD.fullmatch(text) and text.lower() not in NO_WORDS:
        style = ""
    elif text.isascii() and text.isprintable() and "\\" not in text and '"' not in text:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style or None)


class _Rule(dict[str, Any]):
    """A map with a line for each of its keys; maps and lists inside stand in one line."""


def _rule(dumper: _Dumper, rule: _Rule) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", rule.items(), flow_style=False)


def _map(dumper: _Dumper, value: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


def _list(dumper: _Dumper, value: list[Any]) -> yaml.SequenceNode:
    rules = bool(value) and isinstance(value[0], _Rule)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=not rules)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Rule, _rule)
_Dumper.add_representer(dict, _map)
_Dumper.add_representer(list, _list)


def rules_text(rules: Sequence[dict[str, Any]]) -> str:
    """Return a file of rules."""
    if not rules:
        return "rules: []\n"
    file = _Rule(rules=[_Rule(rule) for rule in rules])
    return yaml.dump(file, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)

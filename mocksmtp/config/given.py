"""A rule given as JSON: held against the same model as one in YAML, each mistake with the path to its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from mocksmtp.config.rules import RuleModel
from mocksmtp.config.tree import DEEPEST, Place, Plain
from mocksmtp.config.validation import found_in
from mocksmtp.config.writing import written_rule
from mocksmtp.config.yaml_text import unwritable
from mocksmtp.rules.rule import Rule

SOURCE = ""
"""No file holds it."""


class Wrong(ValueError):
    """A rule cannot be used; each mistake with the path to its place, as in ``when.rcpt`` and ``sequence.0``."""

    def __init__(self, mistakes: list[tuple[str, str]]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(text for _, text in mistakes))


def rule_of(value: Any) -> Rule:
    """Return the rule that parsed JSON describes.  Raises Wrong."""
    if not isinstance(value, dict):
        raise Wrong([("", "a rule is a map, as in {name: …, when: …, reply: …}")])
    value = {name: each for name, each in value.items() if each is not None}
    places = dict(_places(value, ()))
    deepest = max(places, key=len)
    if len(deepest) > DEEPEST:
        raise Wrong([(path_text(deepest[:1]), f"nested deeper than {DEEPEST} levels")])
    try:
        rule = RuleModel.model_validate(scalars_as_written(value)).rule(SOURCE)
    except ValidationError as error:
        found = found_in(error, RuleModel, places)
        raise Wrong([(path_text(each.place) or _named(each.text), each.text) for each in found]) from None
    if (place := unwritable(written_rule(rule))) is not None:
        raise Wrong([(path_text(place), "a control character cannot be written in YAML")])
    return rule


def merged(old: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7396): what it leaves out stays, null takes away."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def scalars_as_written(value: Any) -> Any:
    """Return parsed JSON as YAML is read: numbers, true, false and null are texts that were not quoted."""
    if isinstance(value, dict):
        return {name: scalars_as_written(each) for name, each in value.items()}
    if isinstance(value, list):
        return [scalars_as_written(each) for each in value]
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return Plain({None: "null", True: "true", False: "false"}[value])
    return Plain(value)


def path_text(place: Place) -> str:
    """Return a path in one text."""
    return ".".join(map(str, place))


def _named(text: str) -> str:
    """Return the key that a mistake of the whole rule speaks of: most begin with it."""
    name = text.partition(":")[0]
    return name if name in RuleModel.model_fields else ""


def _places(value: Any, place: Place) -> Iterator[tuple[Place, None]]:
    """Yield every place, and no further down than is allowed."""
    yield place, None
    if len(place) > DEEPEST:
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _places(each, (*place, key))

"""``when:`` read into conditions, from the fields that each condition declares."""

from __future__ import annotations

from typing import Any

from mocksmtp.config import types
from mocksmtp.config.declared import SCALARS, Found, Readers, read_declared, schema_of
from mocksmtp.config.mistakes import Located, suggestion
from mocksmtp.rules.condition import Octets
from mocksmtp.rules.conditions import CONDITIONS
from mocksmtp.rules.network import Networks
from mocksmtp.rules.pattern import Patterns
from mocksmtp.rules.when import All, AnyOf, Not

PATTERNS_SCHEMA = {"description": "a glob, a /regex/ or an exact value, a list of those, or {not: …}"}

READERS: Readers = {
    **SCALARS,
    Patterns: (lambda value: Patterns.parse(_texts(value)), PATTERNS_SCHEMA),
    Networks: (lambda value: Networks.parse(_texts(value)), {"type": ["string", "array"]}),
    Octets: (types.size, {"type": "string", "examples": ["100KiB"]}),
}
"""How each type that a condition may declare is read, and its JSON Schema."""


def read_when(value: Any) -> All | AnyOf:
    """Read a map of conditions, or a list of maps of which one must hold.  Raises Located."""
    found: Found = []
    when = _when(value, (), found)
    if found:
        raise Located(found)
    return when


def _when(value: Any, place: tuple[str | int, ...], found: Found) -> All | AnyOf:
    if isinstance(value, list):
        return AnyOf(tuple(_when(each, (*place, number), found) for number, each in enumerate(value)))
    if not isinstance(value, dict):
        found.append((place, "a map of conditions is wanted here, as in {rcpt: '*@example.com'}"))
        return All()
    parts: list[Any] = []
    for name, given in value.items():
        if name == "not":
            parts.append(Not(_when(given, (*place, name), found)))
        elif name not in CONDITIONS:
            hint = suggestion(name, [*CONDITIONS, "not"])
            found.append(((*place, name), f"unknown condition {name!r} {hint}"))
        else:
            try:
                parts.append(read_declared(CONDITIONS[name], given, READERS))
            except Located as located:
                found += [((*place, name, *inner), text) for inner, text in located.found]
            except ValueError as error:
                found.append(((*place, name), f"{name}: {error}"))
    return All(tuple(parts))


def _texts(value: Any) -> Any:
    """Give patterns as plain str, however deep."""
    if isinstance(value, list):
        return [_texts(each) for each in value]
    if isinstance(value, dict):
        return {name: _texts(each) for name, each in value.items()}
    return str(value)


def when_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``when``."""
    properties: dict[str, Any] = {}
    for name, cls in CONDITIONS.items():
        properties[name] = schema_of(cls, READERS)
    properties["not"] = {"type": ["object", "array"], "description": "conditions that must not hold"}
    one = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"anyOf": [one, {"type": "array", "items": one}]}

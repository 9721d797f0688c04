"""``when:`` read into conditions, from the fields that each condition declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from mocksmtp.config import types
from mocksmtp.config.mistakes import Located, suggestion
from mocksmtp.rules.condition import Octets
from mocksmtp.rules.conditions import CONDITIONS
from mocksmtp.rules.network import Networks
from mocksmtp.rules.pattern import Patterns
from mocksmtp.rules.when import All, AnyOf, Not

Found = list[tuple[tuple[str | int, ...], str]]

PATTERNS_SCHEMA = {"description": "a glob, a /regex/ or an exact value, a list of those, or {not: …}"}

READERS: Mapping[Any, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    Patterns: (lambda value: Patterns.parse(_texts(value)), PATTERNS_SCHEMA),
    Networks: (lambda value: Networks.parse(_texts(value)), {"type": ["string", "array"]}),
    Octets: (types.size, {"type": "string", "examples": ["100KiB"]}),
    int: (types.whole, {"type": "integer"}),
    bool: (types.flag, {"type": "boolean"}),
    str: (types.text, {"type": "string"}),
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
                parts.append(_condition(CONDITIONS[name], given))
            except Located as located:
                found += [((*place, name, *inner), text) for inner, text in located.found]
            except ValueError as error:
                found.append(((*place, name), f"{name}: {error}"))
    return All(tuple(parts))


def _condition(cls: type[Any], given: Any) -> Any:
    fields = _fields(cls)
    if list(fields) == ["value"]:
        return cls(_read(fields["value"], given))
    if not isinstance(given, dict) and cls.shorthand:
        given = {cls.shorthand: given}
    if not isinstance(given, dict):
        raise ValueError(f"a map is wanted here {suggestion('', fields)}")
    found: Found = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in fields:
            found.append(((name,), f"unknown key {name!r} {suggestion(name, fields)}"))
            continue
        try:
            values[name] = _read(fields[name], value)
        except ValueError as error:
            found.append(((name,), f"{name}: {error}"))
    if found:
        raise Located(found)
    return cls(**values)


def _fields(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: _without_none(hints[field.name]) for field in dataclasses.fields(cls)}


def _without_none(hint: Any) -> Any:
    parts = [part for part in get_args(hint) if part is not type(None)]
    return parts[0] if len(parts) == 1 and type(None) in get_args(hint) else hint


def _read(kind: Any, value: Any) -> Any:
    if get_origin(kind) is not dict:
        return READERS[kind][0](value)
    if not isinstance(value, dict):
        raise ValueError("a map of name and pattern is wanted here")
    return {name: READERS[get_args(kind)[1]][0](each) for name, each in value.items()}


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
        fields = _fields(cls)
        schemas = {field: _schema(kind) for field, kind in fields.items()}
        if list(fields) == ["value"]:
            schema = dict(schemas["value"])
        else:
            schema = {"type": "object", "properties": schemas, "additionalProperties": False}
            if cls.shorthand:
                schema = {"anyOf": [schemas[cls.shorthand], schema]}
        properties[name] = schema | {"description": (cls.__doc__ or "").strip()}
    properties["not"] = {"type": ["object", "array"], "description": "conditions that must not hold"}
    one = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _schema(kind: Any) -> dict[str, Any]:
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": READERS[get_args(kind)[1]][1]}
    return dict(READERS[kind][1])

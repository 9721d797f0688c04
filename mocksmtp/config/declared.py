"""Dataclasses read from YAML by the fields they declare: conditions and faults.

One field called ``value`` takes the value itself, several make a map, and a class with a
``shorthand`` takes a value that is no map for that field.  A name that begins with _ is
no field of the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mocksmtp.config import types
from mocksmtp.config.mistakes import Located, suggestion

Found = list[tuple[tuple[str | int, ...], str]]
Readers = Mapping[Any, tuple[Callable[[Any], Any], dict[str, Any]]]
"""How each type that a field may have is read, and its JSON Schema."""

SCALARS: Readers = {
    int: (types.whole, {"type": "integer"}),
    bool: (types.flag, {"type": "boolean"}),
    str: (types.text, {"type": "string"}),
}


def read_declared(cls: type[Any], given: Any, readers: Readers) -> Any:
    """Return an instance.  Raises Located or ValueError."""
    fields = fields_of(cls)
    if list(fields) == ["value"]:
        return cls(_read(fields["value"], given, readers))
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
            values[name] = _read(fields[name], value, readers)
        except ValueError as error:
            found.append(((name,), f"{name}: {error}"))
    if found:
        raise Located(found)
    return cls(**values)


def fields_of(cls: type[Any]) -> dict[str, Any]:
    """Return the fields that YAML may give, with their types: found out once, since ten thousand rules ask."""
    found = _FIELDS.get(cls)
    if found is None:
        hints = get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(cls) if not field.name.startswith("_")]
        found = _FIELDS[cls] = {name: _without_none(hints[name]) for name in names}
    return found


_FIELDS: dict[type[Any], dict[str, Any]] = {}


def schema_of(cls: type[Any], readers: Readers) -> dict[str, Any]:
    """Return the JSON Schema of what such a class is read from."""
    fields = fields_of(cls)
    schemas = {name: _schema(kind, readers) for name, kind in fields.items()}
    if list(fields) == ["value"]:
        schema = dict(schemas["value"])
    else:
        schema = {"type": "object", "properties": schemas, "additionalProperties": False}
        if cls.shorthand:
            schema = {"anyOf": [schemas[cls.shorthand], schema]}
    return schema | {"description": (cls.__doc__ or "").strip()}


def _without_none(hint: Any) -> Any:
    parts = [part for part in get_args(hint) if part is not type(None)]
    if get_origin(hint) in (Union, UnionType) and len(parts) == 1:
        return parts[0]
    return hint


def _read(kind: Any, value: Any, readers: Readers) -> Any:
    if kind in readers:
        return readers[kind][0](value)
    if get_origin(kind) is Literal:
        return _word(value, get_args(kind))
    read = readers[get_args(kind)[-1] if get_origin(kind) is dict else get_args(kind)[0]][0]
    if get_origin(kind) is tuple:
        return tuple(read(each) for each in types.several(value))
    if not isinstance(value, dict):
        raise ValueError("a map of name and pattern is wanted here")
    return {name: read(each) for name, each in value.items()}


def _word(value: Any, allowed: tuple[str, ...]) -> str:
    word = types.text(value)
    if word not in allowed:
        raise ValueError(f"{word!r} is not known here {suggestion(word, allowed)}")
    return word


def _schema(kind: Any, readers: Readers) -> dict[str, Any]:
    if kind in readers:
        return dict(readers[kind][1])
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        item = readers[get_args(kind)[0]][1]
        return {"anyOf": [item, {"type": "array", "items": item}]}
    return {"type": "object", "additionalProperties": readers[get_args(kind)[-1]][1]}

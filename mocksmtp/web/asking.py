"""Asking: the query and the body of a request held against the models that a route declares."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from mocksmtp.config.mistakes import suggestion

WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "dict_type": "an object is wanted here",
    "model_type": "an object is wanted here",
}
"""What the kinds of error are called that need more than pydantic's own words."""

TWICE = "stands there twice"
"""Of two that contradict each other neither is meant more than the other."""


class Body(BaseModel):
    """What all bodies share: unknown fields are mistakes, and a number is no text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Asked(BaseModel):
    """What all queries share: unknown parameters are mistakes; what stands in an address is text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Malformed(ValueError):
    """What was asked is not what the model says: each field that is at fault, and what is wrong with it."""

    def __init__(self, title: str, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__(title)
        self.title = title
        self.errors = list(errors)


def once_each(query: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return a query in which each parameter is given once.  Raises Malformed."""
    twice = [name for name, values in query.items() if len(values) > 1]
    if twice:
        raise Malformed("Bad query", [(name, TWICE) for name in twice])
    return {name: value for name, (value,) in query.items()}


def read_query(model: type[BaseModel] | None, query: Mapping[str, str]) -> Any:
    """Return the query as a model; None where a route takes none.  Raises Malformed."""
    if model is None:
        if query:
            raise Malformed("Bad query", [(name, "is not known here; nothing is") for name in query])
        return None
    return _valid(model, dict(query), "Bad query")


def read_body(model: type[BaseModel] | None, octets: bytes) -> Any:
    """Return the body as a model; no body at all is an empty document.  Raises Malformed."""
    if model is None:
        if octets and octets.strip() != b"{}":
            raise Malformed("Bad body", [("", "no body is wanted here")])
        return None
    return _valid(model, _parsed(octets) if octets else {}, "Bad body")


def _parsed(octets: bytes) -> Any:
    try:
        return json.loads(octets.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Malformed("Bad body", [("", "not UTF-8")]) from None
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Malformed("Bad body", [("", f"not JSON: {reason}")]) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise Malformed("Bad body", [(twice, TWICE)])
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _valid(model: type[BaseModel], given: Any, title: str) -> Any:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Malformed(title, [_told(model, each) for each in error.errors()]) from None


def _told(model: type[BaseModel], error: Any) -> tuple[str, str]:
    # The first part of the place is which of several models it was, where there are several.
    place = tuple(error["loc"][1:] if issubclass(model, RootModel) else error["loc"])
    cause = error.get("ctx", {}).get("error")
    words = WORDS.get(error["type"]) or str(cause or error["msg"])
    if error["type"] == "extra_forbidden" and len(place) == 1:
        words += f" {suggestion(str(place[0]), model.model_fields)}"
    return ".".join(map(str, place)), words[:1].lower() + words[1:]

"""A tree held against a model: the values, or every mistake at its place."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mocksmtp.config.mistakes import Located, Mistake, suggestion
from mocksmtp.config.tree import Place, Tree

Model = TypeVar("Model", bound=BaseModel)

WORDS = {
    "missing": "is missing",
    "dict_type": "a map is wanted here",
    "model_type": "a map is wanted here",
    "model_attributes_type": "a map is wanted here",
    "list_type": "a list is wanted here",
    "none_required": "nothing may stand here",
}


class Found(NamedTuple):
    """A mistake at a place in the values; ``at_key`` where it is the key there that is wrong."""

    place: Place
    text: str
    at_key: bool = False


def validate(tree: Tree, model: type[Model], mistakes: list[Mistake]) -> Model | None:
    """Return the values, or None after adding what is wrong to ``mistakes``."""
    try:
        return model.model_validate(tree.value)
    except ValidationError as error:
        mistakes += [tree.mistake(*found) for found in found_in(error, model, tree.values)]
    return None


def found_in(error: ValidationError, model: type[BaseModel], places: Container[Place]) -> list[Found]:
    """Return what is wrong with values; ``places`` are all that there are in them."""
    return [found for each in error.errors() for found in _found(each, model, places)]


def _found(error: Any, model: type[BaseModel], places: Container[Place]) -> list[Found]:
    place = _known(places, tuple(error["loc"]))
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Located):
        return [Found((*place, *inner), text, at_key=True) for inner, text in cause.found]
    if error["type"] == "extra_forbidden":
        return [Found(place, _unknown(model, tuple(error["loc"])), at_key=True)]
    name = next((str(part) for part in reversed(error["loc"]) if isinstance(part, str)), "")
    if isinstance(cause, Exception):
        text = str(cause)
    else:
        text = WORDS.get(error["type"], error["msg"][:1].lower() + error["msg"][1:])
    missing = error["type"] == "missing"
    return [Found(place, f"{name}: {text}" if name else text, at_key=missing)]


def _known(places: Container[Place], loc: tuple[Any, ...]) -> Place:
    """Drop from a location what pydantic put in that is no place in the file."""
    place: Place = ()
    for part in loc:
        if (*place, part) in places:
            place = (*place, part)
    return place


def _unknown(model: type[BaseModel], loc: tuple[Any, ...]) -> str:
    key = str(loc[-1])
    return f"unknown key {key!r} {suggestion(key, keys_at(model, loc[:-1]))}"


def keys_at(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """Return the keys that are known at a location."""
    found = at(model, loc)
    return list(found.model_fields) if _is_model(found) else []


def at(kind: Any, loc: tuple[Any, ...]) -> Any:
    """Return what is declared at a location: a model, or the type of a setting; None where nothing is."""
    for part in loc:
        kind = _bare(kind)
        if _is_model(kind):
            field = kind.model_fields.get(part)
            kind = field.annotation if field is not None else None
        elif get_origin(kind) in (dict, list):
            kind = get_args(kind)[-1]
        if kind is None:
            return None
    return _bare(kind)


def _bare(kind: Any) -> Any:
    """Take off Annotated and ``| None``."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    parts = [part for part in get_args(kind) if part is not type(None)]
    if len(parts) == 1 and len(get_args(kind)) == 2 and get_origin(kind) not in (dict, list):
        return _bare(parts[0])
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)

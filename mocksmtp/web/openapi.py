"""OpenAPI 3.1, from the table of routes and the models that validate what is asked and tell what is answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from mocksmtp import __version__
from mocksmtp.web.routing import Route

PROBLEM = "application/problem+json"
REFERENCE = "#/components/schemas/{model}"

PROBLEMS = {
    401: "No token, or not one of http.tokens",
    403: "The request comes from another origin",
    404: "There is no such thing (any more)",
    409: "It contradicts what is there",
    413: "The body is too large",
    415: "The body is no application/json",
    421: "The Host header names another server",
    422: "A field or parameter is unknown or malformed, or stands there twice",
    503: "It cannot be done now",
}
"""What each status of a problem means."""

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "An error (RFC 9457); field is the one at fault",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["field", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}

NOTHING = {"type": "object", "maxProperties": 0}
"""The body of a POST that wants none: it says application/json all the same."""

Schema = dict[str, Any]


def document(routes: Sequence[Route]) -> Schema:
    """Return the OpenAPI document of these routes."""
    schemas: dict[str, Schema] = {"Problem": PROBLEM_SCHEMA}
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "mocksmtp", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def statuses(route: Route) -> list[int]:
    """Return the statuses of the problems that a route may answer, in order."""
    found = {403, 421, *route.problems}
    if not route.open:
        found.add(401)
    if "{" in route.path:
        found.add(404)
    if route.body is not None or route.method == "POST":
        found |= {413, 415}
    if route.path.startswith("/v1/"):
        found |= {422, 503}
    return sorted(found | {413, 415, 422})


def _operation(route: Route, schemas: dict[str, Schema]) -> Schema:
    operation: Schema = {
        "operationId": _name(route),
        "summary": route.says,
        "tags": [route.path.split("/")[2] if route.path.startswith("/v1/") else "server"],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route.query, schemas)],
        "responses": {str(route.status): _answer(route, schemas)},
    }
    for status in statuses(route):
        operation["responses"][str(status)] = {
            "description": PROBLEMS[status],
            "content": {PROBLEM: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
        }
    if route.method == "POST" and route.body is None:
        operation["requestBody"] = {"required": False, "content": {"application/json": {"schema": NOTHING}}}
    if route.body is not None:
        schema = _schema(route.body, schemas, "validation")
        needed = any(field.is_required() for field in route.body.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": {"application/json": {"schema": schema}}}
    if not route.open:
        operation["security"] = [{"token": []}, {}]
    return operation


def _name(route: Route) -> str:
    return "_".join([route.method.lower(), *re.findall(r"\w+", route.path.removeprefix("/v1"))])


def _path_parameters(path: str) -> Iterable[Schema]:
    for name in re.findall(r"\{(\w+)\}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(model: type[BaseModel] | None, schemas: dict[str, Schema]) -> Iterable[Schema]:
    if model is None:
        return
    schema = model.model_json_schema(ref_template=REFERENCE)
    _add(schemas, schema.pop("$defs", {}))
    for name, described in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": _as_text(described)}


def _as_text(schema: Schema) -> Schema:
    """What is left out in an address is not there, so null is nothing to be given."""
    given = dict(schema)
    choices = [each for each in given.pop("anyOf", []) if each.get("type") not in ("null", "object")]
    if given.get("default", 0) is None:
        del given["default"]
    if len(choices) == 1:
        return {**choices[0], **given}
    return given | ({"anyOf": choices} if choices else {})


def _answer(route: Route, schemas: dict[str, Schema]) -> Schema:
    described: Schema = {"description": route.says}
    if isinstance(route.answer, str):
        described["content"] = {route.answer: {}}
    elif route.answer is not None:
        described["content"] = {"application/json": {"schema": _schema(route.answer, schemas, "serialization")}}
    if route.also is not None:
        described["content"][route.also] = {}
    return described


def _schema(model: type[BaseModel], schemas: dict[str, Schema], mode: Any) -> Schema:
    schema = model.model_json_schema(ref_template=REFERENCE, mode=mode)
    _add(schemas, schema.pop("$defs", {}) | {model.__name__: schema})
    return {"$ref": REFERENCE.format(model=model.__name__)}


def _add(schemas: dict[str, Schema], more: dict[str, Schema]) -> None:
    for name, schema in more.items():
        if schemas.setdefault(name, schema) != schema:
            raise AssertionError(f"two models are called {name}")

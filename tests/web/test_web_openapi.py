"""The description of the API: whole, and true to the table of routes."""

from __future__ import annotations

import re

import pytest
from http_site import Client

from mocksmtp.web.openapi import statuses
from mocksmtp.web.routes.openapi import kind

CLIENT = Client()
DOCUMENT = CLIENT.ask("/openapi.json").json
ROUTES = [route for route in CLIENT.site.resource._table.routes if route.says]


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def test_every_reference_leads_somewhere():
    schemas = DOCUMENT["components"]["schemas"]
    found = set(references(DOCUMENT))
    assert found
    assert [ref for ref in found if ref.removeprefix("#/components/schemas/") not in schemas] == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_described(route):
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    assert re.fullmatch(r"[A-Z].*\.", route.says)
    assert operation["summary"] == route.says
    assert set(operation["responses"]) == {str(route.status), *map(str, statuses(route))}
    assert route.answer is not None or route.status == 204
    names = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
    assert names == re.findall(r"\{(\w+)\}", route.path)
    assert ("security" in operation) is not route.open


def test_names_are_unique():
    names = [each["operationId"] for of in DOCUMENT["paths"].values() for each in of.values()]
    assert len(names) == len(set(names))


def test_the_page_shows_every_route_and_every_field():
    page = CLIENT.ask("/docs").body.decode()
    assert [route.path for route in ROUTES if f"{route.method} {route.path}</code>" not in page] == []
    for field in ("received_at", "attachments", "drain"):
        assert f"<code>{field}</code>" in page


KINDS = [
    ({"type": "string"}, "string"),
    ({"type": "string", "format": "date-time"}, "date-time"),
    ({"type": "array", "items": {"$ref": "#/components/schemas/Dsn"}}, "list of Dsn"),
    ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
    ({"enum": ["a", True]}, '"a", true'),
    ({"const": 1}, "1"),
    ({}, "anything"),
]


@pytest.mark.parametrize(("schema", "said"), KINDS)
def test_a_type_is_said_in_words(schema, said):
    assert kind(schema) == said

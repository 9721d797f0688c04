"""/openapi.json and /docs: the API described, for programs and for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from mocksmtp.web.openapi import document
from mocksmtp.web.routing import Answer, Query, Route

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>mocksmtp API</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
h2 {{ margin-top: 2.5rem; }} h2 code {{ font-size: 1rem; }}
table {{ border-collapse: collapse; }}
td, th {{ text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top; }}
</style>
<h1>mocksmtp {version}</h1>
<p>The same for programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI {openapi}). Bodies and answers are
JSON. Errors are problem documents (RFC 9457).</p>
<nav><ul>{contents}</ul></nav>
{operations}
"""


def routes(described: Sequence[Route]) -> list[Route]:
    """Return the routes; they describe the others and themselves."""
    own: list[Route] = []

    def as_json(_: Query) -> Answer:
        return Answer(json.dumps(document([*described, *own])).encode() + b"\n", "application/json")

    def as_page(_: Query) -> Answer:
        return Answer(page(document([*described, *own])).encode(), "text/html; charset=utf-8")

    own += [
        Route("GET", "/openapi.json", as_json, answer="application/json", says="Describe the API for programs."),
        Route("GET", "/docs", as_page, answer="text/html", says="Describe the API for people."),
    ]
    return own


def page(told: dict[str, Any]) -> str:
    """Return the document as a page."""
    operations = [
        (method.upper(), path, operation) for path, of in told["paths"].items() for method, operation in of.items()
    ]
    return PAGE.format(
        version=escape(told["info"]["version"]),
        openapi=escape(told["openapi"]),
        contents="".join(
            f'<li><a href="#{operation["operationId"]}"><code>{method} {escape(path)}</code></a>'
            for method, path, operation in operations
        ),
        operations="".join(_operation(*each, told["components"]["schemas"]) for each in operations),
    )


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    told = [f'<h2 id="{operation["operationId"]}"><code>{method} {escape(path)}</code></h2>']
    told.append(f"<p>{escape(operation['summary'])}</p>")
    fields = [(each["name"], each["schema"]) for each in operation["parameters"]]
    if fields:
        told.append("<h3>Parameters</h3>" + _fields(fields))
    if "requestBody" in operation:
        told.append("<h3>Body</h3>" + _schema(operation["requestBody"]["content"], schemas))
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            told.append(f"<h3>Answer {status}</h3>" + _schema(answer.get("content", {}), schemas))
    problems = [status for status in operation["responses"] if not status.startswith("2")]
    return "".join(told) + f"<p>Problems: {', '.join(problems)}</p>"


def _schema(content: dict[str, Any], schemas: dict[str, Any]) -> str:
    for media_type, described in content.items():
        name = described.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if not name:
            return f"<p>{escape(media_type)}</p>"
        properties = schemas[name].get("properties", {})
        return f"<p>{escape(schemas[name].get('description', ''))}</p>" + _fields(list(properties.items()))
    return "<p>nothing</p>"


def _fields(fields: Sequence[tuple[str, dict[str, Any]]]) -> str:
    rows = (
        f"<tr><td><code>{escape(name)}</code><td>{escape(kind(schema))}<td>{escape(schema.get('description', ''))}"
        for name, schema in fields
    )
    return f"<table><tr><th>field<th>type<th>meaning</tr>{''.join(rows)}</table>"


def kind(schema: dict[str, Any]) -> str:
    """Say of what type a field is."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(json.dumps(each) for each in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")

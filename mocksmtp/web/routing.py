"""Routes: a typed table of method and path, from which 404, 405, 415, 422, HEAD and OpenAPI follow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel

from mocksmtp.web.asking import Malformed, once_each, read_body, read_query


class Answer(NamedTuple):
    """What a route returns."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Query(NamedTuple):
    """What a route is asked.

    ``path`` holds the named parts of the path, ``query`` what stands behind the question
    mark; ``asked`` and ``body`` are the models that the route declares for its query and
    its body, once they have been found valid.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    accept: str
    asked: Any = None
    body: Any = None


class Stream(Protocol):
    """An answer without an end: it is given the request and writes to it from then on."""

    def start(self, request: Any) -> None:
        """Begin; what is common to all answers is set already."""
        ...


Pending = Coroutine[Any, Any, Answer]
Respond = Callable[[Query], Answer | Pending | Stream]
"""A route answers at once, is ``async`` because it has to wait for something, or returns a stream."""


class Route(NamedTuple):
    """One method and path, with ``{name}`` for a part that varies, and what is to be known of it.

    ``query`` and ``body`` are models of what may be asked; a route without them takes
    nothing.  ``answer`` is the model of the JSON it answers, or its media type, ``status``
    the status with which it does.  ``problems`` are the statuses of its own besides those
    that follow from the table.  ``open`` routes ask for no token.  ``also`` is another media
    type in which it may answer.  ``says`` is one line; a page for people says nothing of
    itself, and is not described.
    """

    method: str
    path: str
    respond: Respond
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answer: Any = None
    status: int = 200
    problems: tuple[int, ...] = ()
    open: bool = False
    also: str | None = None
    says: str = ""


class Problem(Exception):
    """An error that is the client's; it becomes a problem document (RFC 9457)."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        field: str | None = None,
        errors: Sequence[tuple[str, str]] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """``field`` is the one at fault; ``errors`` are all that are, each with what is wrong with it."""
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field
        self.errors = errors
        self.headers = headers

    def answer(self) -> Answer:
        """Return the document."""
        document: dict[str, Any] = {
            "type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail,
        }  # fmt: skip
        if self.field is not None:
            document["field"] = self.field
        if self.errors:
            document["errors"] = [{"field": field, "detail": detail} for field, detail in self.errors]
        return Answer(json.dumps(document).encode() + b"\n", "application/problem+json", self.status, self.headers)


def as_json(value: Any, status: int = 200) -> Answer:
    """Answer with a JSON document."""
    text = value.model_dump_json() if isinstance(value, BaseModel) else json.dumps(value, ensure_ascii=False)
    return Answer(text.encode() + b"\n", "application/json", status)


class Call(NamedTuple):
    """A request that found its route."""

    route: Route
    path: Mapping[str, str]

    def respond(
        self, query: Mapping[str, Sequence[str]], accept: str, content_type: str | None, body: bytes
    ) -> Answer | Pending | Stream:
        """Ask the route, if what it is asked is valid; ``query`` has what each name is given.  Raises Problem."""
        route = self.route
        if (body or route.method == "POST") and not _is_json(content_type):
            raise Problem(
                415, "Unsupported media type", "a JSON document is wanted: Content-Type: application/json"
            )
        try:
            given = once_each(query)
            asked = read_query(route.query, given)
            document = read_body(route.body, body)
        except Malformed as malformed:
            first = malformed.errors[0]
            told = "; ".join(f"{field}: {detail}" if field else detail for field, detail in malformed.errors)
            raise Problem(422, malformed.title, told, first[0] or None, malformed.errors) from None
        return route.respond(Query(self.path, given, accept, asked, document))


class Table:
    """All routes, compiled."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = routes
        self._compiled = [
            (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)), route) for route in routes
        ]

    def find(self, method: str, path: str) -> Call:
        """Find the route; a HEAD is answered as a GET.  Raises Problem."""
        allowed: list[str] = []
        wanted = "GET" if method == "HEAD" else method
        for pattern, route in self._compiled:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == wanted:
                return Call(route, match.groupdict())
            allowed.append(route.method)
        if allowed:
            allow = ", ".join(sorted({*allowed, "HEAD"} if "GET" in allowed else set(allowed)))
            raise Problem(405, "Method not allowed", f"{path} takes {allow}", headers=(("Allow", allow),))
        raise Problem(404, "Not found", f"there is nothing at {path}")


def _is_json(content_type: str | None) -> bool:
    return content_type is not None and content_type.partition(";")[0].strip().lower() == "application/json"

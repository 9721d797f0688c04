"""Routes: a typed table of method and path, from which 404, 405 and HEAD follow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Answer(NamedTuple):
    """What a route returns."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Query(NamedTuple):
    """What a route is asked: the named parts of the path, the query, and the Accept header."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    accept: str


class Stream(Protocol):
    """An answer without an end: it is given the request and writes to it from then on."""

    def start(self, request: Any) -> None:
        """Begin; the status and what is common to all answers are set already."""
        ...


Pending = Coroutine[Any, Any, Answer]
Respond = Callable[[Query], "Answer | Pending | Stream"]
"""A route answers at once, is ``async`` because it has to wait for something, or returns a stream."""


class Route(NamedTuple):
    """One method and path, with ``{name}`` for a part that varies."""

    method: str
    path: str
    respond: Respond


class Problem(Exception):
    """An error that is the client's; it becomes a problem document (RFC 9457)."""

    def __init__(self, status: int, title: str, detail: str = "", field: str | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field

    def answer(self) -> Answer:
        """Return the document."""
        document = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        if self.field is not None:
            document["field"] = self.field
        return Answer(json.dumps(document).encode() + b"\n", "application/problem+json", self.status)


def as_json(value: Any) -> Answer:
    """Answer with a JSON document."""
    return Answer(json.dumps(value, ensure_ascii=False).encode() + b"\n", "application/json")


class Table:
    """All routes, compiled."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [
            (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)), route) for route in routes
        ]

    def respond(self, method: str, path: str, query: Mapping[str, str], accept: str) -> Answer | Pending | Stream:
        """Find the route and ask it; a HEAD is answered as a GET.  Raises Problem."""
        allowed: list[str] = []
        wanted = "GET" if method == "HEAD" else method
        for pattern, route in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == wanted:
                return route.respond(Query(match.groupdict(), query, accept))
            allowed.append(route.method)
        if allowed:
            allow = ", ".join(sorted({*allowed, "HEAD"}))
            answer = Problem(405, "Method not allowed", f"{path} takes {allow}").answer()
            return answer._replace(headers=(("Allow", allow),))
        raise Problem(404, "Not found", f"there is nothing at {path}")

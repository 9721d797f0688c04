"""Routes asked without a site: a request in, a status and what was answered out."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qs

from twisted.internet.defer import Deferred

from mocksmtp.web.routing import Answer, Problem, Route, Table


class Asked:
    """A table of some routes."""

    def __init__(self, routes: list[Route]) -> None:
        self._table = Table(routes)

    def raw(self, method: str, target: str, body: Any = None) -> Answer:
        """Return the answer; what takes its time must be there at once."""
        path, _, query = target.partition("?")
        octets = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            call = self._table.find(method, path)
            answer: Any = call.respond(parse_qs(query, keep_blank_values=True), "", "application/json", octets)
            if isinstance(answer, Coroutine):
                results: list[Any] = []
                Deferred.fromCoroutine(answer).addBoth(results.append)
                (answer,) = results
                if not isinstance(answer, Answer):
                    answer.raiseException()
            return answer
        except Problem as problem:
            return problem.answer()

    def ask(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the document."""
        answer = self.raw(method, target, body)
        return answer.status, json.loads(answer.body) if answer.body else None

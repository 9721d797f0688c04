"""The HTTP API as the command line uses it: JSON in, JSON out, and a stream of events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

MOST = 64 * 1024 * 1024
"""Octets of an answer that are read."""


class Unanswered(Exception):
    """The API did not do what was asked; the text says why, and what to do."""


class Api:
    """One server; ``url`` is its address, ``token`` a bearer token where it wants one, ``timeout`` in seconds."""

    def __init__(self, url: str, token: str = "", timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = timeout

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """Return the JSON document at a path.  Raises Unanswered."""
        return _document(self.octets(path, query))

    def octets(self, path: str, query: Mapping[str, object] | None = None) -> bytes:
        """Return what is at a path as it is.  Raises Unanswered."""
        with self._open(_target(path, query)) as answer:
            return answer.read(MOST)

    def post(self, path: str, document: Mapping[str, object], timeout: float = 0.0) -> Any:
        """Send a JSON document and return the answer; ``timeout`` is added to our own patience."""
        with self._open(path, json.dumps(document).encode(), timeout=timeout) as answer:
            return _document(answer.read(MOST))

    def events(
        self, last_id: str = "", query: Mapping[str, object] | None = None
    ) -> Iterator[tuple[str, str, Any]]:
        """Yield id, name and data of each event, as they come, until the connection ends."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        with self._open(_target("/v1/events", query), headers=headers, timeout=3600.0) as stream:
            try:
                yield from read_events(stream)
            except (OSError, HTTPException):
                return

    def _open(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 0.0,
    ) -> IO[bytes]:
        own = {"Content-Type": "application/json"} if body is not None else {}
        if self._token:
            own["Authorization"] = f"Bearer {self._token}"
        try:
            request = Request(self._url + path, body, {**own, **(headers or {})})
            answer: IO[bytes] = urlopen(request, timeout=self._timeout + timeout)
        except HTTPError as error:
            raise Unanswered(_problem(error)) from None
        except (URLError, OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise Unanswered(
                f"{self._url}: {reason}; is the server running? Name another by --url or MOCKSMTP_URL"
            ) from None
        return answer


def _target(path: str, query: Mapping[str, object] | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return path + (f"?{urlencode(given)}" if given else "")


def read_events(stream: IO[bytes]) -> Iterator[tuple[str, str, Any]]:
    """Read server-sent events (HTML standard, section 9.2): id, name, and data as JSON."""
    fields: dict[str, str] = {}
    for raw in stream:
        line = raw.decode(errors="replace").rstrip("\r\n")
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value
        else:
            if "data" in fields:
                yield fields.get("id", ""), fields.get("event", "message"), _document(fields["data"].encode())
            fields = {}


def _document(octets: bytes) -> Any:
    try:
        return json.loads(octets)
    except ValueError:
        raise Unanswered("the answer is not JSON: something else listens there") from None


def _problem(error: HTTPError) -> str:
    """Say what a problem document says (RFC 9457)."""
    try:
        told = json.loads(error.read(MOST))
        words = [str(told[name]) for name in ("title", "detail") if told.get(name)]
        field = f" (field {told['field']})" if told.get("field") else ""
    except (ValueError, TypeError, AttributeError):
        words, field = [error.reason], ""
    hint = "; give a token by --token or MOCKSMTP_TOKEN" if error.code == 401 else ""
    return f"{error.code} {': '.join(words)}{field}{hint}"

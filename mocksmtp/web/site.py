"""The HTTP site: guards who may ask, asks the table of routes, and writes the answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from mocksmtp.feed import Feed
from mocksmtp.journal import Journal
from mocksmtp.rules.steering import Standing
from mocksmtp.stores import Store, Unavailable
from mocksmtp.web.routes import (
    ca,
    events,
    health,
    index,
    message_page,
    messages,
    metrics,
    rules_page,
    session_page,
    static,
)
from mocksmtp.web.routing import Answer, Pending, Problem, Stream, Table

KNOWN_HOSTS = frozenset({"localhost", "host.docker.internal", "host.testcontainers.internal"})
"""Names of this machine as containers and tests call it."""

SAFE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
REASONS = {421: b"Misdirected Request", 422: b"Unprocessable Content"}
"""Status lines that Twisted does not know."""

log = Logger(namespace="mocksmtp.web")


class QuietSite(Site):
    """A site that writes no access log: the terminal is for mail."""

    noisy = False
    displayTracebacks = False

    def log(self, _request: Any) -> None:
        """Say nothing."""


class Everything(Resource):
    """All paths: the table of routes decides, not a tree of resources."""

    isLeaf = True

    def __init__(self, table: Table, hosts: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._table = table
        self._hosts = hosts

    def render(self, request: Request) -> bytes | int:
        """Answer a request, at once or when the route has what it waits for."""
        try:
            answer = self._answer(request)
        except Problem as problem:
            answer = problem.answer()
        if isinstance(answer, Answer):
            return self._written(request, answer)
        if not isinstance(answer, Coroutine):
            for name, value in SAFE:
                request.setHeader(name.encode(), value.encode())
            answer.start(request)
            return NOT_DONE_YET
        pending = Deferred.fromCoroutine(_answered(answer))
        request.notifyFinish().addErrback(lambda _: pending.cancel())
        pending.addCallbacks(lambda answered: self._finish(request, answered), lambda _: None)
        return NOT_DONE_YET

    def _finish(self, request: Request, answer: Answer) -> None:
        request.write(self._written(request, answer))
        request.finish()

    def _written(self, request: Request, answer: Answer) -> bytes:
        request.setResponseCode(answer.status, REASONS.get(answer.status))
        request.setHeader(b"Content-Type", answer.content_type.encode())
        for name, value in (*SAFE, *answer.headers):
            request.setHeader(name.encode(), value.encode())
        request.setHeader(b"Content-Length", str(len(answer.body)).encode())
        return b"" if request.method == b"HEAD" else answer.body

    def _answer(self, request: Request) -> Answer | Pending | Stream:
        host = (request.getHeader("host") or "").strip()
        if not is_known_host(host, self._hosts()):
            raise Problem(421, "Misdirected request", f"this server is not called {host!r}; see http.hosts")
        query = {
            name.decode(errors="replace"): values[-1].decode(errors="replace")
            for name, values in (request.args or {}).items()
        }
        path = request.path.decode(errors="replace")
        return self._table.respond(request.method.decode(), path, query, request.getHeader("accept") or "")


async def _answered(pending: Pending) -> Answer:
    """Wait for an answer; what goes wrong on the way becomes one."""
    try:
        return await pending
    except Problem as problem:
        return problem.answer()
    except Unavailable as error:
        return Problem(503, "Store not available", str(error)).answer()
    except CancelledError:
        raise
    except Exception:
        log.failure("a request failed")
        return Problem(500, "Internal error", "see the log of the server").answer()


def is_known_host(host: str, names: Sequence[str]) -> bool:
    """Say whether a Host header may name us: against DNS rebinding, where a page makes its own name point here."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    name = name.strip("[]").rstrip(".").lower()
    if not name:
        return False
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name in KNOWN_HOSTS or name in map(str.lower, names)
    return True


class Seen(NamedTuple):
    """What pages show besides the store: the journal, the rules in force, and where mail comes in."""

    journal: Journal
    standing: Callable[[], Iterable[Standing]]
    doors: index.Doors


def make_site(
    store: Store,
    registry: CollectorRegistry,
    ready: Callable[[], Sequence[str]],
    ca_pem: Callable[[], bytes | None],
    hosts: Callable[[], Sequence[str]],
    clock: Any,
    feed: Feed,
    seen: Seen,
) -> Site:
    """Assemble the site; ``ready`` names the listeners that do not accept, ``clock`` is the reactor.

    ``ca_pem`` and ``hosts`` are asked anew each time: they change at a reload.
    """
    table = Table(
        [
            *index.routes(store, seen.journal, seen.doors),
            *message_page.routes(store),
            *session_page.routes(seen.journal),
            *rules_page.routes(seen.standing),
            *static.routes(),
            *messages.routes(store),
            *events.routes(feed, clock),
            *health.routes(ready),
            *ca.routes(ca_pem),
            *metrics.routes(registry),
        ]
    )
    return QuietSite(Everything(table, hosts), reactor=clock)

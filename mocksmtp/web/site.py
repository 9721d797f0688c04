"""The HTTP site: guards who may ask, asks the table of routes, and writes the answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from prometheus_client import CollectorRegistry
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from mocksmtp.feed import Feed
from mocksmtp.journal import Journal
from mocksmtp.rules.steering import Standing
from mocksmtp.smtp.facts import Publisher
from mocksmtp.stores import Store, Unavailable
from mocksmtp.web.guard import COOKIE, Guard
from mocksmtp.web.request import BODY_LIMIT, BoundedRequest
from mocksmtp.web.routes import (
    ca,
    duplicates,
    events,
    health,
    index,
    login,
    login_page,
    message_page,
    messages,
    metrics,
    openapi,
    reports,
    rules_page,
    session_page,
    sessions,
    static,
    verify,
    wait,
)
from mocksmtp.web.routing import Answer, Call, Pending, Problem, Route, Stream, Table

if TYPE_CHECKING:
    from mocksmtp.config.settings import HttpSettings

SAFE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
REASONS = {413: b"Content Too Large", 421: b"Misdirected Request", 422: b"Unprocessable Content"}
"""Status lines that Twisted does not know, or knows under an older name."""

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

    def __init__(self, table: Table, guard: Guard, settle: Callable[[], None]) -> None:
        """``settle`` brings what is seen up to now: what a reply has told the client is there."""
        super().__init__()
        self._settle = settle
        self._table = table
        self._guard = guard

    def render(self, request: BoundedRequest) -> bytes | int:
        """Answer a request, at once or when the route has what it waits for."""
        try:
            self._settle()
            answer = self._answer(request)
        except Problem as problem:
            answer = problem.answer()
        except Exception:
            answer = _broken()
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

    def _finish(self, request: BoundedRequest, answer: Answer) -> None:
        request.write(self._written(request, answer))
        request.finish()

    def _written(self, request: BoundedRequest, answer: Answer) -> bytes:
        request.setResponseCode(answer.status, REASONS.get(answer.status))
        for name, value in (("Content-Type", answer.content_type), *SAFE, *answer.headers):
            request.setHeader(name.encode(), value.encode())
        if answer.status == 204:
            request.responseHeaders.removeHeader(b"Content-Type")
            return b""
        request.setHeader(b"Content-Length", str(len(answer.body)).encode())
        return b"" if request.method == b"HEAD" else answer.body

    def _answer(self, request: BoundedRequest) -> Answer | Pending | Stream:
        found: Call | Problem
        try:
            method = request.method.decode(errors="replace")
            found = self._table.find(method, request.path.decode(errors="replace"))
        except Problem as problem:
            found = problem
        cookie = request.getCookie(COOKIE.encode())
        needs_token = isinstance(found, Problem) or not found.route.open
        try:
            self._guard.check(request.getHeader, cookie.decode(errors="replace") if cookie else None, needs_token)
        except Problem as problem:
            if problem.status == 401 and isinstance(found, Call) and not found.route.says:
                login = login_page.page(problem.status)  # A page is for people.
                return login._replace(headers=(*login.headers, *problem.headers))
            raise
        if isinstance(found, Problem):
            raise found
        if request.too_large:
            raise Problem(413, "Content too large", f"a body may have {BODY_LIMIT} octets")
        query = {
            name.decode(errors="replace"): [value.decode(errors="replace") for value in values]
            for name, values in (request.args or {}).items()
        }
        accept = request.getHeader("accept") or ""
        return found.respond(query, accept, request.getHeader("content-type"), request.content.getvalue())


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
        return _broken()


def _broken() -> Answer:
    log.failure("a request failed")
    return Problem(500, "Internal error", "see the log of the server").answer()


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
    http: Callable[[], HttpSettings],
    clock: Any,
    feed: Feed,
    seen: Seen,
    publish: Publisher,
    more: Sequence[Route] = (),
) -> Site:
    """Assemble the site; ``ready`` names the listeners that do not accept, ``clock`` is the reactor.

    Those who wait join and leave the takers of ``publish``.  ``more``
    are routes over what the site need not know.  ``ca_pem`` and ``http`` are asked anew
    each time: they change at a reload.
    """
    guard = Guard(http)
    routes: list[Route] = [
        *messages.routes(store, clock),
        *duplicates.routes(store, clock),
        *sessions.routes(seen.journal, clock),
        *reports.routes(seen.journal, store, clock),
        *wait.routes(store, seen.journal, publish.takers, clock),
        *verify.routes(seen.journal, publish.takers, clock),
        *events.routes(feed, clock),
        *login.routes(guard),
        *health.routes(ready),
        *ca.routes(ca_pem),
        *metrics.routes(registry),
        *more,
    ]
    routes += openapi.routes(routes)
    site = QuietSite(
        Everything(Table([*routes, *_pages(store, seen, clock)]), guard, publish.settle), reactor=clock
    )
    site.requestFactory = BoundedRequest
    return site


def _pages(store: Store, seen: Seen, clock: Any) -> list[Route]:
    return [
        *index.routes(store, seen.journal, seen.doors),
        *message_page.routes(store, clock),
        *session_page.routes(seen.journal, store, clock),
        *rules_page.routes(seen.standing),
        *login_page.routes(),
        *static.routes(),
    ]

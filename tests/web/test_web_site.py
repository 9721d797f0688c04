"""HTTP: octets into the site, octets out of it."""

from __future__ import annotations

import json
import re
from pathlib import Path as File

import pytest
from http_site import CA, MAIL, Client, message, request
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from mocksmtp.stores import Unavailable
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.request import BODY_LIMIT

ROOT = File(__file__).parents[2]

ROUTES = [
    ("/", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/sessions", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/rules", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/static/page.css", "text/css", b"/*"),
    ("/static/page.js", "text/javascript", b"//"),
    ("/static/icon.svg", "image/svg+xml", b"<svg"),
    ("/messages/A1", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/v1/messages", "application/json", b'{"messages":[{"id":"A3"'),
    ("/v1/messages/A1", "application/json", b'{"id":"A1"'),
    ("/v1/messages/A1/raw", "message/rfc822", MAIL),
    ("/livez", "text/plain; charset=utf-8", b"ok\n"),
    ("/readyz", "text/plain; charset=utf-8", b"ok\n"),
    ("/ca.pem", "application/x-pem-file", CA),
    ("/metrics", "text/plain", b""),
    ("/openapi.json", "application/json", b'{"openapi": "3.1.0"'),
    ("/docs", "text/html; charset=utf-8", b"<!doctype html>"),
]


@pytest.mark.parametrize(("target", "content_type", "begins"), ROUTES, ids=[each[0] for each in ROUTES])
def test_a_route_answers_get_and_head(target, content_type, begins):
    client = Client()
    status, headers, body = client.ask(target)
    assert status == 200
    assert headers["content-type"].startswith(content_type)
    assert body.startswith(begins)
    assert headers["content-length"] == str(len(body))
    cache = "no-cache" if target.startswith("/static/") else "no-store"
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", cache)
    assert "default-src 'none'" in headers["content-security-policy"]
    head_status, head_headers, head_body = client.ask(target, "HEAD")
    assert (head_status, head_body) == (200, b"")
    assert head_headers["content-length"] == headers["content-length"]


PROBLEMS = [
    ("GET", "/nothing", 404, None),
    ("GET", "/v1/messages/", 404, None),
    ("POST", "/nothing", 404, None),
    ("POST", "/v1/messages", 405, "DELETE, GET, HEAD"),
    ("PUT", "/", 405, "GET, HEAD"),
    ("OPTIONS", "/livez", 405, "GET, HEAD"),
    ("GET", "/v1/login", 405, "DELETE, POST"),
    ("HEAD", "/v1/login", 405, "DELETE, POST"),
]


@pytest.mark.parametrize(("method", "target", "status", "allow"), PROBLEMS)
def test_what_is_not_in_the_table(method, target, status, allow):
    got, headers, body = Client().ask(target, method)
    assert (got, headers.get("allow")) == (status, allow)
    assert headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        document = json.loads(body)
        assert (document["type"], document["status"]) == ("about:blank", status)
        assert document["title"]
        assert document["detail"]


BODIES = [
    # A body that is none of ours, by its type or its form.
    ("POST", "/v1/login", b"token=x", {"Content_Type": "application/x-www-form-urlencoded"}, 415, None),
    ("POST", "/v1/login", b'{"token": "x"}', {"Content_Type": "text/plain"}, 415, None),
    ("POST", "/v1/login", b'{"token": "x"}', {"Content_Type": None}, 415, None),
    ("POST", "/v1/login", b"", {"Content_Type": None}, 415, None),
    ("POST", "/v1/login", b"--x", {"Content_Type": "multipart/form-data; boundary=x"}, 415, None),
    ("DELETE", "/v1/messages/A1", b"x", {"Content_Type": "text/plain"}, 415, None),
    ("POST", "/v1/login", b"{", {}, 422, None),
    ("POST", "/v1/login", b"\xff", {}, 422, None),
    ("POST", "/v1/login", b"[" * 100_000, {}, 422, None),
    ("POST", "/v1/login", b'{"token": NaN}', {}, 422, None),
    ("POST", "/v1/login", b'{"token": ' + b"1" * 5000 + b"}", {}, 422, None),
    ("POST", "/v1/login", b"[]", {}, 422, None),
    ("POST", "/v1/login", b"", {}, 422, "token"),
    ("POST", "/v1/login", b"\n", {}, 422, None),
    ("POST", "/v1/login", b"{}", {}, 422, "token"),
    ("POST", "/v1/login", b'{"token": 1}', {}, 422, "token"),
    ("POST", "/v1/login", b'{"token": "a", "token": "b"}', {}, 422, "token"),
    ("POST", "/v1/login", b'{"token": "a", "tokens": "b"}', {}, 422, "tokens"),
    ("POST", "/v1/login?x=1", b'{"token": "a"}', {}, 422, "x"),
    ("DELETE", "/v1/messages/A1", {"x": 1}, {}, 422, None),
    ("DELETE", "/v1/messages/A1", b"\n", {}, 422, None),
    ("POST", "/v1/login", b" " * (BODY_LIMIT + 1), {}, 413, None),
    # It is a JSON document whatever is said of its charset.
    ("POST", "/v1/login", {"token": "a"}, {"Content_Type": "Application/JSON; charset=utf-8"}, 204, None),
]


@pytest.mark.parametrize(("method", "target", "body", "headers", "status", "field"), BODIES)
def test_a_body_is_what_the_model_says(method, target, body, headers, status, field):
    answer = Client().ask(target, method, body, **headers)
    assert answer.status == status, answer.body
    if status != 204:
        assert (answer.json["status"], answer.json.get("field")) == (status, field)


def test_every_field_that_is_wrong_is_named():
    answer = Client().ask("/v1/messages?limit=0&page=2&since=yesterday")
    assert [each["field"] for each in answer.json["errors"]] == ["since", "limit", "page"]
    assert answer.json["errors"][2]["detail"].startswith("is not known here (allowed: before, client")


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("/v1/messages?rcpt=a@x.test&limit=5&rcpt=b@x.test", ["rcpt"]),
        ("/v1/messages?limit=5&limit=5", ["limit"]),
        ("/v1/messages?header=A:+a&header=B:+b&rcpt=&rcpt=", ["header", "rcpt"]),
        ("/v1/events?code=4*&code=5*", ["code"]),
        ("/?x=1&x=2", ["x"]),
        ("/livez?x=1&x=2", ["x"]),
    ],
)
def test_a_parameter_that_is_given_twice_is_named_and_none_wins(target, fields):
    answer = Client().ask(target)
    assert (answer.status, answer.json["title"], answer.json["field"]) == (422, "Bad query", fields[0])
    assert answer.json["errors"] == [{"field": each, "detail": "stands there twice"} for each in fields]


def test_a_body_that_is_too_large_is_thrown_away_as_it_comes():
    client = Client()
    head = b"POST /v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    protocol, transport = client.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(40):
        protocol.dataReceived(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    assert transport.value() == b""
    assert len(protocol._channel.requests[0].content.getvalue()) == 0
    protocol.dataReceived(b"0\r\n\r\n")
    assert transport.value().startswith(b"HTTP/1.1 413 ")


def test_the_page_escapes_what_mail_says():
    page = Client().ask("/").body.decode()
    assert "Grüße &lt;b&gt;" in page
    assert "Grüße <b>" not in page
    assert "3 kept" in page


def test_not_ready_names_the_listeners():
    answer = Client(ready=("smtp", "smtps")).ask("/readyz")
    assert answer.status == 503
    assert answer.json["detail"] == "not accepting: smtp, smtps"


def test_no_ca_where_the_certificate_is_the_users():
    assert Client(ca=None).ask("/ca.pem").status == 404


def test_requests_on_one_connection_are_answered_in_order():
    asked = b"".join(
        b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % each for each in (b"/livez", b"/x", b"/livez")
    )
    _, transport = Client().send(asked)
    assert re.findall(rb"HTTP/1.1 (\d+)", transport.value()) == [b"200", b"404", b"200"]


class SlowStore(MemoryStore):
    """Answers when the test lets it."""

    def __init__(self):
        super().__init__(10, 10_000)
        self.answer = Deferred()

    async def get(self, message_id):
        return await self.answer


def ask_slowly(store):
    protocol, transport = Client(0, store=store).send(request("/v1/messages/A1/raw"))
    assert transport.value() == b""
    return protocol, transport


def test_an_answer_may_take_its_time():
    store = SlowStore()
    _, transport = ask_slowly(store)
    store.answer.callback(message(1))
    assert transport.value().endswith(b"\r\n\r\n" + MAIL)


def test_a_client_that_leaves_before_the_answer_gets_none():
    store = SlowStore()
    protocol, transport = ask_slowly(store)
    protocol.connectionLost(Failure(ConnectionDone()))
    store.answer.callback(message(1))
    assert transport.value() == b""


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (Unavailable("disk I/O error"), 503, "disk I/O error"),
        (ZeroDivisionError(), 500, "see the log of the server"),
    ],
)
def test_what_goes_wrong_while_an_answer_is_made_is_told(error, status, detail):
    store = SlowStore()
    _, transport = ask_slowly(store)
    with capturedLogs() as logged:
        store.answer.errback(error)
    head, _, body = transport.value().partition(b"\r\n\r\n")
    assert (head.split()[1], json.loads(body)["detail"]) == (str(status).encode(), detail)
    assert len(logged) == (status == 500)


def test_a_bug_is_logged_and_told_without_its_insides(monkeypatch):
    client = Client()
    monkeypatch.setattr(client.site.resource._guard, "check", None)
    with capturedLogs() as logged:
        answer = client.ask("/livez")
    assert (answer.status, answer.json["detail"]) == (500, "see the log of the server")
    assert len(logged) == 1


PAGES = ("/login", "/sessions", "/rules", "/static", "/messages")


def test_the_docs_have_a_heading_and_a_curl_line_for_each_route():
    table = Client().site.resource._table.routes
    routes = {f"{route.method} {route.path}" for route in table if not route.path.startswith(PAGES)}
    text = (ROOT / "docs/api.md").read_text()
    sections = {part.split("\n")[0]: part for part in re.split(r"\n## (?=[A-Z]+ /)", text)[1:]}
    assert sorted(sections) == sorted(routes)
    assert [name for name, part in sections.items() if "\n    curl " not in part] == []

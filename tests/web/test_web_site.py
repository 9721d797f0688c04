"""HTTP: octets into the site, octets out of it."""

from __future__ import annotations

import json
import re
from pathlib import Path as File

import pytest
from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from mocksmtp.feed import Feed
from mocksmtp.journal import Journal
from mocksmtp.smtp.address import NULL_PATH, Path
from mocksmtp.smtp.conversation import Tls
from mocksmtp.smtp.envelope import Message, Recipient
from mocksmtp.stores import Unavailable
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.site import Seen, is_known_host, make_site

ROOT = File(__file__).parents[2]
CA = b"-----BEGIN CERTIFICATE-----\n"
MAIL = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <b>\r\nX-A: 1\r\n\r\nhello\r\n"


def path(text):
    return Path(text, *text.split("@"), text) if text else NULL_PATH


def message(number, content=MAIL, mail="a@x.test"):
    recipients = (Recipient(path("b@y.test"), {"NOTIFY": "NEVER"}), Recipient(path("c@y.test")))
    return Message(
        f"A{number}", "S1", "smtp", "192.0.2.1", "me.test", Tls("1.3", "TLS_AES_256_GCM_SHA384"), "alice",
        path(mail), {"SIZE": "9", "SMTPUTF8": None}, recipients, content, 1.5, "a-rule",
    )  # fmt: skip


NOTHING_SEEN = Seen(Journal(10, 1000), list, list)


class Client:
    """Speaks HTTP to a site of its own, a connection each request."""

    def __init__(self, messages=3, ready=(), ca=CA, seen=None):
        store = MemoryStore(10, 10_000)
        for number in range(1, messages + 1):
            store.add(message(number), lambda refusal: None)
        self.store = store
        clock = Clock()
        self.site = make_site(
            store, CollectorRegistry(), lambda: ready, lambda: ca, lambda: ["Mail.Example.test"], clock,
            Feed(clock, {}), seen or NOTHING_SEEN,
        )  # fmt: skip

    def raw(self, octets):
        protocol, transport = self.site.buildProtocol(None), StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(octets)
        head, _, body = transport.value().partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(status.split()[1]), headers, body

    def ask(self, target, method="GET", host="localhost"):
        return self.raw(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())


ROUTES = [
    ("/", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/sessions", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/rules", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/static/page.css", "text/css", b"/*"),
    ("/static/page.js", "text/javascript", b"//"),
    ("/static/icon.svg", "image/svg+xml", b"<svg"),
    ("/messages/A1", "text/html; charset=utf-8", b"<!doctype html>"),
    ("/v1/messages", "application/json", b'{"messages": [{"id": "A3"'),
    ("/v1/messages/A1", "application/json", b'{"id": "A1"'),
    ("/v1/messages/A1/raw", "message/rfc822", MAIL),
    ("/livez", "text/plain; charset=utf-8", b"ok\n"),
    ("/readyz", "text/plain; charset=utf-8", b"ok\n"),
    ("/ca.pem", "application/x-pem-file", CA),
    ("/metrics", "text/plain", b""),
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
    ("GET", "/v1/messages/FF", 404, None),
    ("GET", "/v1/messages/FF/raw", 404, None),
    ("GET", "/v1/messages/A1/raw/more", 404, None),
    ("POST", "/nothing", 404, None),
    ("POST", "/v1/messages", 405, None),
    ("DELETE", "/v1/messages/A1", 405, None),
    ("PUT", "/", 405, None),
    ("GET", "/v1/messages?limit=0", 422, "limit"),
    ("GET", "/v1/messages?limit=1001", 422, "limit"),
    ("GET", "/v1/messages?limit=-1", 422, "limit"),
    ("GET", "/v1/messages?limit=%D9%A1", 422, "limit"),
    ("GET", "/v1/messages?limit=99999999999999999999", 422, "limit"),
    ("GET", "/v1/messages?before=xyz", 422, "before"),
    ("GET", "/v1/messages?before=" + "A" * 21, 422, "before"),
    ("GET", "/v1/messages?page=2", 422, "page"),
]


@pytest.mark.parametrize(("method", "target", "status", "field"), PROBLEMS)
def test_a_mistake_of_the_client_is_a_problem_document(method, target, status, field):
    got, headers, body = Client().ask(target, method)
    document = json.loads(body)
    assert (got, document["status"], document.get("field")) == (status, status, field)
    assert headers["content-type"] == "application/problem+json"
    assert document["type"] == "about:blank"
    assert document["title"]
    assert headers.get("allow") == ("GET, HEAD" if status == 405 else None)


@pytest.mark.parametrize(
    "host", ["evil.example", "mail.example.test.evil.example", "localhost.evil.example:80", ":80"]
)
def test_another_host_is_misdirected(host):
    status, headers, body = Client().ask("/livez", host=host)
    assert (status, json.loads(body)["status"]) == (421, 421)
    assert headers["content-type"] == "application/problem+json"


def test_no_host_at_all_is_misdirected():
    assert Client().raw(b"GET /livez HTTP/1.0\r\n\r\n")[0] == 421


KNOWN = [
    "localhost", "LOCALHOST.", "localhost:8025", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8025", "mocksmtp:80",
    "mail.example.test", "Mail.Example.Test:80", "host.docker.internal",
]  # fmt: skip


@pytest.mark.parametrize("host", KNOWN)
def test_a_known_host_is_answered(host):
    assert Client().ask("/livez", host=host)[0] == 200
    assert is_known_host(host, frozenset({"mail.example.test"}))


def test_pages_follow_each_other():
    client, seen, target = Client(messages=5), [], "/v1/messages?limit=2"
    while target:
        document = json.loads(client.ask(target)[2])
        seen.append([each["id"] for each in document["messages"]])
        target = document["next"] and f"/v1/messages?limit=2&before={document['next']}"
    assert seen == [["A5", "A4"], ["A3", "A2"], ["A1"]]


def test_a_message_tells_everything():
    told = json.loads(Client().ask("/v1/messages/A1")[2])
    assert told == {
        "id": "A1", "session": "S1", "received_at": "1970-01-01T00:00:01.500000+00:00", "listener": "smtp",
        "client": "192.0.2.1", "helo": "me.test", "mail": "a@x.test", "rcpt": ["b@y.test", "c@y.test"],
        "subject": "Grüße <b>", "size": len(MAIL), "rule": "a-rule",
        "tls": {"version": "1.3", "cipher": "TLS_AES_256_GCM_SHA384", "sni": None}, "auth": "alice",
        "params": {"SIZE": "9", "SMTPUTF8": None},
        "recipients": [
            {"address": "b@y.test", "params": {"NOTIFY": "NEVER"}}, {"address": "c@y.test", "params": {}},
        ],
        "headers": [
            {"name": "Subject", "value": "=?utf-8?q?Gr=C3=BC=C3=9Fe?= <b>"}, {"name": "X-A", "value": "1"},
        ],
        "text": "hello\r\n",
    }  # fmt: skip


def test_raw_is_an_attachment():
    assert Client().ask("/v1/messages/A2/raw")[1]["content-disposition"] == 'attachment; filename="A2.eml"'


def test_the_page_escapes_what_mail_says():
    page = Client().ask("/")[2].decode()
    assert "Grüße &lt;b&gt;" in page
    assert "Grüße <b>" not in page
    assert "3 kept" in page


def test_not_ready_names_the_listeners():
    status, _, body = Client(ready=("smtp", "smtps")).ask("/readyz")
    assert status == 503
    assert json.loads(body)["detail"] == "not accepting: smtp, smtps"


def test_no_ca_where_the_certificate_is_the_users():
    assert Client(ca=None).ask("/ca.pem")[0] == 404


def test_requests_on_one_connection_are_answered_in_order():
    asked = b"".join(
        b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % each for each in (b"/livez", b"/x", b"/livez")
    )
    protocol, transport = Client().site.buildProtocol(None), StringTransport()
    protocol.makeConnection(transport)
    protocol.dataReceived(asked)
    assert re.findall(rb"HTTP/1.1 (\d+)", transport.value()) == [b"200", b"404", b"200"]


class SlowStore(MemoryStore):
    """Answers when the test lets it."""

    def __init__(self):
        super().__init__(10, 10_000)
        self.answer = Deferred()

    async def get(self, message_id):
        return await self.answer


def ask_slowly(store):
    clock = Clock()
    site = make_site(store, CollectorRegistry(), tuple, lambda: CA, list, clock, Feed(clock, {}), NOTHING_SEEN)
    protocol, transport = site.buildProtocol(None), StringTransport()
    protocol.makeConnection(transport)
    protocol.dataReceived(b"GET /v1/messages/A1/raw HTTP/1.1\r\nHost: localhost\r\n\r\n")
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


PAGES = ("/sessions", "/rules", "/static", "/messages")


def test_the_docs_have_a_heading_and_a_curl_line_for_each_route():
    text = (ROOT / "docs/api.md").read_text()
    sections = {part.split("\n")[0]: part for part in text.split("\n## GET ")[1:]}
    documented = [each[0].replace("/A1", "/{id}") for each in ROUTES if not each[0].startswith(PAGES)]
    assert sorted(sections) == sorted(["/v1/events", *documented])
    assert [name for name, part in sections.items() if "\n    curl " not in part] == []

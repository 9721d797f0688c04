"""A site to speak HTTP to, octets in and octets out, over a store and a journal of its own."""

from __future__ import annotations

import json
from typing import NamedTuple, get_args

from prometheus_client import CollectorRegistry
from steered import Steered, routes_over
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from mocksmtp.config.settings import HttpSettings
from mocksmtp.feed import Feed
from mocksmtp.journal import Journal
from mocksmtp.smtp.address import NULL_PATH, Path
from mocksmtp.smtp.conversation import Tls
from mocksmtp.smtp.envelope import Message, Recipient
from mocksmtp.smtp.facts import Fact, Publisher
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.site import Seen, make_site

CA = b"-----BEGIN CERTIFICATE-----\n"
MAIL = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <b>\r\nX-A: 1\r\n\r\nhello\r\n"


def path(text):
    return Path(text, *text.split("@"), text.lower()) if text else NULL_PATH


def message(number, content=MAIL, mail="a@x.test", rcpt=("b@y.test", "c@y.test"), **fields):
    recipients = tuple(Recipient(path(each), {"NOTIFY": "NEVER"} if not n else {}) for n, each in enumerate(rcpt))
    told = {
        "id": f"A{number}", "session": "S1", "listener": "smtp", "client": "192.0.2.1", "helo": "me.test",
        "tls": Tls("1.3", "TLS_AES_256_GCM_SHA384"), "auth": "alice", "mail": path(mail),
        "params": {"SIZE": "9", "SMTPUTF8": None}, "recipients": recipients, "content": content, "received": 1.5,
        "rule": "a-rule", "reply": f"250 2.0.0 OK queued as A{number}\r\n".encode(),
    }  # fmt: skip
    return Message.of(**told | fields)


class Response(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Speaks HTTP to a site of its own, a connection each request."""

    def __init__(
        self,
        messages=3,
        *,
        ready=(),
        ca=CA,
        tokens=(),
        store=None,
        feed=None,
        clock=None,
        seen=None,
        more=(),
        journal=(100, 100_000),
    ):
        self.clock = clock or Clock()
        self.journal = Journal(*journal)
        self.subscribers = {kind: [] for kind in get_args(Fact)}
        for kind, take in self.journal.takes.items():
            self.subscribers[kind].append(take)
        self.publish = Publisher(self.subscribers, soon=lambda _settle: None)
        self.store = store or MemoryStore(1000, 1_000_000)
        for number in range(1, messages + 1):
            self.add(message(number))
        more = routes_over(Steered(), self.store)
        http = HttpSettings(0, "127.0.0.1", ("Mail.Example.test",), tuple(tokens))
        self.site = make_site(
            store=self.store, registry=CollectorRegistry(), ready=lambda: ready, ca_pem=lambda: ca,
            http=lambda: http, clock=self.clock, feed=feed or Feed(self.clock, {}), more=more,
            seen=seen or Seen(self.journal, list, list), publish=self.publish,
        )  # fmt: skip

    def add(self, *messages):
        for each in messages:
            self.store.add(each, lambda refusal: None)

    def send(self, octets):
        """Send octets on a connection of their own; return what has come back by now."""
        protocol, transport = self.site.buildProtocol(None), StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(octets)
        return protocol, transport

    def raw(self, octets):
        return response(self.send(octets)[1].value())

    def ask(self, target, method="GET", body=None, host="localhost", **headers):
        return self.raw(request(target, method, body, host, **headers))


def request(target, method="GET", body=None, host="localhost", **headers):
    """Return the octets of a request; ``body`` is sent as JSON, or as it is."""
    octets = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Host": host} | {
        name.replace("_", "-"): value for name, value in headers.items() if value is not None
    }
    if body is not None or method == "POST":
        lines = {"Content-Type": "application/json", "Content-Length": len(octets)} | lines
        if "Content_Type" in headers and headers["Content_Type"] is None:
            del lines["Content-Type"]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + octets


def response(octets):
    head, _, body = octets.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Response(int(status.split()[1]), headers, body)

"""Plain Python against the real process: say what shall happen, send, wait, look at what did."""

from __future__ import annotations

import json
import smtplib
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.e2e

MAIL = "From: me@example.org\r\nSubject: {}\r\n\r\nHello\r\n"
RULES = """
rules:
  - name: full
    when: {rcpt: "full@*"}
    reply: "452 4.2.2 <{rcpt}>: mailbox full"
"""


class Server:
    """The API and the SMTP port of a server."""

    def __init__(self, ports):
        self.base, self.smtp = f"http://127.0.0.1:{ports['http']}", ports["smtp"]

    def ask(self, method, path, document=None, **headers):
        body = None if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} | headers
        request = urllib.request.Request(self.base + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = answer.read()
        return json.loads(told) if answer.headers.get_content_type() == "application/json" else told

    def send(self, rcpt, subject="hi", sender="me@example.org"):
        """Send a message; return the code of the refusal, 250 if there was none."""
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=30) as client:
            try:
                client.sendmail(sender, [rcpt], MAIL.format(subject))
            except smtplib.SMTPRecipientsRefused as refused:
                return refused.recipients[rcpt][0]
            except smtplib.SMTPResponseException as refused:
                return refused.smtp_code
        return 250

    def wait(self, what="messages", **where):
        told = self.ask("POST", "/v1/wait", {"for": what, "where": where, "timeout": "30s"})
        assert told["complete"]
        return told[what]


@pytest.fixture
def server(start):
    return Server(start(RULES).ports)


def test_from_now_on_this_address_is_full(server):
    assert server.send("bob@example.com") == 250
    server.ask("POST", "/v1/rules", {"name": "bob", "when": {"rcpt": "bob@*"}, "reply": "452 4.2.2 full"})
    assert server.send("bob@example.com") == 452
    (attempt,) = server.wait("attempts", rcpt="bob@example.com", code=452)
    assert (attempt["rule"], attempt["outcome"], attempt["stage"]) == ("bob", "refused", "rcpt")
    server.ask("PATCH", "/v1/rules/bob", {"enabled": False})
    assert server.send("bob@example.com") == 250
    server.ask("PUT", "/v1/rules/bob", {"when": {"rcpt": "bob@*"}, "reply": "550 5.1.1 gone"})
    assert server.send("bob@example.com") == 550
    assert server.ask("GET", "/v1/rules/bob")["hits"] == 2
    server.ask("DELETE", "/v1/rules/bob")
    assert server.send("bob@example.com") == 250


def test_an_open_connection_meets_a_rule_from_its_next_command(server):
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=30) as client:
        client.ehlo()
        assert client.mail("me@example.org")[0] == 250
        server.ask("POST", "/v1/rules", {"name": "now", "stage": "rcpt", "reply": "451 4.3.0 not now"})
        assert client.rcpt("you@example.com")[0] == 451


def test_a_five_minute_greylist_in_a_moment(server):
    rule = {"name": "grey", "when": {"rcpt": "*@grey.test"}, "schedule": {"within": "5m"}, "per": ["rcpt"]}
    server.ask("POST", "/v1/rules", rule | {"reply": "451 4.7.1 come back in {retry_after}s"})
    assert [server.send("a@grey.test") for _ in range(2)] == [451, 451]
    server.ask("POST", "/v1/clock", {"advance": "5m"})
    assert server.send("a@grey.test") == 250
    codes = [each["code"] for each in server.ask("GET", "/v1/attempts?rcpt=grey.test")["attempts"]]
    assert codes == [250, 451, 451]


def test_who_waits_is_told_when_it_comes_and_not_before(server):
    came = []

    def wait():
        came.append((server.wait(rcpt="late@example.com"), time.monotonic()))

    waiting = threading.Thread(target=wait)
    waiting.start()
    server.send("other@example.com")
    assert came == []
    sent = time.monotonic()
    server.send("late@example.com")
    waiting.join(30)
    ((messages, at),) = came
    assert [each["rcpt"] for each in messages] == [["late@example.com"]]
    assert at - sent < 5


def test_mail_is_found_read_and_taken_away(server):
    for n in range(3):
        server.send("you@example.com", f"number {n}")
    assert server.send("full@example.com") == 452
    found = server.ask("GET", "/v1/messages?subject=number*&limit=2")
    assert [each["subject"] for each in found["messages"]] == ["number 2", "number 1"]
    rest = server.ask("GET", f"/v1/messages?subject=number*&limit=2&before={found['next']}")["messages"]
    assert [each["subject"] for each in rest] == ["number 0"]
    one = server.ask("GET", f"/v1/messages/{rest[0]['id']}")
    assert (one["mail"], one["text"]) == ("me@example.org", "Hello\r\n")
    assert server.ask("GET", f"/v1/messages/{one['id']}/raw") == MAIL.format("number 0").encode()
    assert server.ask("GET", f"/v1/messages/{one['id']}/parts/1") == b"Hello\r\n"
    session = server.ask("GET", f"/v1/sessions/{one['session']}")
    assert (session["accepted"], session["closed_at"] is None) == (1, False)
    lines = server.ask("GET", f"/v1/sessions/{one['session']}/transcript")["lines"]
    assert f"250 2.0.0 OK queued as {one['id']}" in [each["text"] for each in lines]
    server.ask("DELETE", f"/v1/messages/{one['id']}")
    drained = server.ask("DELETE", "/v1/messages?drain=true")
    assert (drained["removed"], [each["subject"] for each in drained["messages"]]) == (2, ["number 2", "number 1"])
    assert server.ask("GET", "/v1/messages")["messages"] == []


def test_a_message_that_is_refused_at_its_end_is_kept_too(server):
    rule = {"name": "spam", "when": {"header": {"Subject": "*pills*"}}, "reply": "554 no"}
    server.ask("POST", "/v1/rules", rule)
    assert server.send("you@example.com", "cheap pills") == 554
    (message,) = server.wait(refused=True)
    assert (message["refused"], message["rule"], message["reply"]) == (True, "spam", "554 no")
    assert server.ask("GET", "/v1/messages")["messages"] == []


def test_all_begins_again(server):
    server.ask("POST", "/v1/rules", {"name": "no", "stage": "rcpt", "reply": "550 no"})
    server.send("you@example.com")
    server.ask("POST", "/v1/clock", {"advance": "1h"})
    server.ask("POST", "/v1/reset", {})
    assert server.ask("GET", "/v1/attempts")["attempts"] == []
    assert [each["name"] for each in server.ask("GET", "/v1/rules")["rules"]] == ["full"]
    assert server.ask("GET", "/v1/clock")["ahead"] < 1
    assert server.send("you@example.com") == 250


def test_no_password_is_anywhere(start):
    started = start("auth: {users: {alice: wonderland}, allow_without_tls: true}\nhttp: {tokens: [s3cret]}")
    server, bearer = Server(started.ports), {"Authorization": "Bearer s3cret"}
    for password in ("wonderland", "looking-glass"):
        with smtplib.SMTP("127.0.0.1", server.smtp, timeout=30) as client:
            client.ehlo()
            client.docmd("AUTH", "LOGIN YWxpY2U=")
            client.docmd({"wonderland": "d29uZGVybGFuZA==", "looking-glass": "bG9va2luZy1nbGFzcw=="}[password])
    told = json.dumps([
        server.ask("GET", "/v1/config", **bearer), server.ask("GET", "/v1/attempts", **bearer),
        *(
            server.ask("GET", f"/v1/sessions/{each['id']}/transcript", **bearer)
            for each in server.ask("GET", "/v1/sessions", **bearer)["sessions"]
        ),
    ]) + "\n".join(started.lines)  # fmt: skip
    assert "logged in as alice by LOGIN" in told
    for secret in ("wonderland", "looking-glass", "d29uZGVy", "bG9va2lu", "s3cret"):
        assert secret not in told
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.ask("GET", "/v1/messages")
    assert refused.value.code == 401
    refused.value.close()


def test_another_site_s_page_can_do_nothing(server):
    forged = (
        ("DELETE", "/v1/messages", {"Origin": "http://evil.example"}, 403),
        ("POST", "/v1/reset", {"Content-Type": "text/plain"}, 415),
        ("GET", "/v1/messages", {"Host": "evil.example"}, 421),
    )
    for method, path, headers, code in forged:
        request = urllib.request.Request(server.base + path, None, headers, method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        assert refused.value.code == code
        refused.value.close()


def test_a_body_without_end_costs_nothing(server):
    host, port = server.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as client:
        client.sendall(b"POST /v1/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        client.sendall(b"Content-Length: 3000000\r\n\r\n" + b" " * 3_000_000)
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")

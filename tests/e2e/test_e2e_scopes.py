"""Two hundred tests at once on one server, with the same rule names and addresses, and none meets another."""

from __future__ import annotations

import json
import smtplib
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.e2e

FILES = """\
auth: {users: any, allow_without_tls: true}
limits: {connections_per_client: 500}
rules:
  - {name: lucky, when: {rcpt: "al*@*"}, sequence: ["450 4.2.0 try later", accept], per: [rcpt]}
"""
TESTS = 200
MAIL = "Subject: {subject}\r\n{field}\r\nHello\r\n"


def ask(server, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    url = f"http://127.0.0.1:{server.ports['http']}/v1{path}"
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def gone(server, token):
    try:
        ask(server, "GET", f"/scopes/{token}")
    except urllib.error.HTTPError as error:
        return error.code == 404
    return False


def named(number, token):
    """Return who talks to whom; EHLO, the sender, the recipients' domain and the login name the scope by turns."""
    where = {"helo": "ci.test", "mail": "app@x.test", "host": "y.test", "user": None}
    ways = (
        {"helo": f"ci.{token}.test"}, {"mail": f"app+{token}@x.test"}, {"host": f"{token}.scope.test"},
        {"user": token},
    )  # fmt: skip
    return where | ways[number % len(ways)]


def one_test(server, number):
    """Play one test to its end, and return what the server answered and what it told last."""
    rule = {"name": "full", "when": {"rcpt": "bob@*"}, "reply": f"452 4.2.2 full for {number}"}
    scope = ask(server, "POST", "/scopes", {"ttl": "5m", "label": str(number), "rules": [rule]})
    token, answers = scope["token"], []
    where = named(number, token)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], where["helo"], timeout=60) as client:
        client.ehlo()
        if where["user"]:
            client.login(where["user"], "secret")
        client.mail(where["mail"])
        for local in ("bob", "al", "al"):
            answers.append(client.rcpt(f"{local}@{where['host']}"))
        client.data(MAIL.format(subject=number, field=""))
    waited = ask(server, "POST", "/wait", {"where": {"scope": token}, "timeout": "30s"})
    attempts = ask(server, "GET", f"/attempts?scope={token}")["attempts"]
    return answers, waited["messages"], attempts, ask(server, "DELETE", f"/scopes/{token}")


def test_two_hundred_tests_run_at_once(start):
    server = start(FILES)
    with ThreadPoolExecutor(TESTS) as pool:
        ended = list(pool.map(lambda number: one_test(server, number), range(TESTS)))
    for number, (answers, messages, attempts, last) in enumerate(ended):
        assert answers == [
            (452, f"4.2.2 full for {number}".encode()),
            (450, b"4.2.0 try later"),
            (250, b"2.1.5 Recipient OK"),
        ]
        assert [each["subject"] for each in messages] == [str(number)]
        assert [each["code"] for each in attempts] == [250, 450, 452]
        assert [each["subject"] for each in last["messages"]] == [str(number)]
        assert [each["code"] for each in last["attempts"]] == [452, 450, 250]
        assert (last["label"], last["hits"]) == (str(number), {"full": 1, "lucky": 2})
    assert ask(server, "GET", "/scopes") == {"scopes": []}
    for kind in ("messages", "attempts"):
        assert ask(server, "GET", f"/{kind}")[kind] == []
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{server.ports['http']}/metrics", timeout=30).read()
    assert b"full" not in metrics
    assert all(last["token"].encode() not in metrics for *_, last in ended)


def test_a_header_field_names_a_scope_and_its_rule_decides_at_the_end(start):
    server = start("")
    rule = {"name": "spam", "stage": "message", "reply": "554 5.7.1 spam"}
    token = ask(server, "POST", "/scopes", {"rules": [rule]})["token"]
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.ehlo()
        for field, code in (("", 250), (f"X-Mocksmtp-Scope: {token.upper()}\r\n", 554)):
            client.mail("a@x.test")
            client.rcpt("b@y.test")
            assert client.data(MAIL.format(subject="hi", field=field))[0] == code
    assert len(ask(server, "GET", "/messages")["messages"]) == 1
    assert len(ask(server, "GET", f"/messages?scope={token}&refused=true")["messages"]) == 1


def test_a_scope_ends_in_time_and_its_messages_with_it_also_on_the_disk(start, tmp_path):
    server = start(f"capture: {{store: 'sqlite:{tmp_path}/mail.db'}}\n")
    token = ask(server, "POST", "/scopes", {"ttl": "3s"})["token"]
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("a@x.test", [f"b+{token}@y.test"], MAIL.format(subject="hi", field=""))
        assert len(ask(server, "GET", f"/messages?scope={token}")["messages"]) == 1
        assert ask(server, "GET", "/messages")["messages"] == []
        deadline = time.monotonic() + 30
        while ask(server, "GET", f"/messages?scope={token}")["messages"]:
            assert time.monotonic() < deadline
        assert gone(server, token)
        client.sendmail("a@x.test", [f"b+{token}@y.test"], MAIL.format(subject="after", field=""))
    assert [each["subject"] for each in ask(server, "GET", "/messages")["messages"]] == ["after"]


def sent(server, *rcpts):
    """Try one message; return the code that each recipient was answered."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.ehlo()
        client.mail("a@x.test")
        codes = [client.rcpt(each)[0] for each in rcpts]
        if 250 in codes:
            client.data(MAIL.format(subject="hi", field=""))
    return codes


def explained(server, query, rcpt):
    stages = ask(server, "POST", f"/rules/explain{query}", {"rcpt": rcpt})["stages"]
    return [each["code"] for each in stages if each["stage"] == "rcpt"]


def test_a_scope_is_told_explained_and_reset_while_all_others_go_on(start):
    server = start(FILES)
    one, other = (ask(server, "POST", "/scopes", {})["token"] for _ in range(2))
    for token in (one, other):
        assert sent(server, f"al@{token}.scope.test", f"bob@{token}.scope.test") == [450, 250]
    assert sent(server, "al@y.test") == [450]
    hits = {
        query: [each["hits"] for each in ask(server, "GET", f"/rules{query}")["rules"]]
        for query in ("", f"?scope={one}")
    }
    assert list(hits.values()) == [[1], [1]]
    assert (
        explained(server, "", f"al@{one}.scope.test")
        == explained(server, f"?scope={one}", f"al@{one}.scope.test")
        == [250]
    )
    assert explained(server, f"?scope={one}", "al@y.test") == [450]
    assert ask(server, "POST", f"/reset?scope={one}", {})["reset"] == ["messages", "journal", "counters", "clock"]
    kept = {"messages": [0, 1, 0], "attempts": [0, 2, 1], "sessions": [0, 1, 1]}
    for kind, counts in kept.items():
        found = [ask(server, "GET", f"/{kind}{query}")[kind] for query in (f"?scope={one}", f"?scope={other}", "")]
        assert [len(each) for each in found] == counts
    assert explained(server, "", f"al@{one}.scope.test") == [450]
    assert sent(server, f"al@{one}.scope.test") == [450]
    assert sent(server, f"al@{other}.scope.test") == [250]

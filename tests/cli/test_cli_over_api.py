"""The commands over the API, against a server that answers from a table."""

from __future__ import annotations

import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from mocksmtp.cli import COMMANDS, main
from mocksmtp.client.api import read_events

MESSAGE = {
    "id": "6A", "received_at": "2026-11-24T10:00:00Z", "listener": "smtp", "mail": "a@x.test",
    "rcpt": ["b@y.test"], "size": 12, "subject": "Hi\x1b[2J", "rule": "load-test", "session": "5F",
    "client": "192.0.2.1",
    "tls": {"version": "1.3", "cipher": "TLS_AES_256_GCM_SHA384", "sni": None},
    "headers": [{"name": "Subject", "value": "Hi"}], "text": "one\ntwo\n",
}  # fmt: skip
SESSION = {
    "id": "5F", "opened_at": "2026-11-24T10:00:00Z", "closed_at": None, "listener": "smtp", "client": "192.0.2.1",
    "helo": "client.test", "attempts": 2, "accepted": 1,
}  # fmt: skip
LINES = [
    {"at": "10:00:00.000001", "kind": "server", "text": "220 mx"},
    {"at": "10:00:00.000002", "kind": "client", "text": "EHLO client.test"},
    {"at": "10:00:00.000003", "kind": "gone", "text": "the connection is gone"},
]
RULES = [
    {"name": "used", "enabled": True, "hits": 1, "last_hit": "2026-11-24T10:00:00Z", "source": "a.yaml:3"},
    {"name": "unused", "enabled": True, "hits": 0, "last_hit": None, "source": None},
    {"name": "off", "enabled": False, "hits": 0, "last_hit": None, "source": "a.yaml:9"},
]
ATTEMPT = {"id": 7, "mail": "a@x.test", "rcpt": "b@y.test", "reply": "553 5.1.3 no"}
EVENTS = (
    b": hello\n\n"
    b'id: 1\nevent: command_answered\ndata: {"at": "T1", "listener": "smtp", "client": "192.0.2.1",'
    b' "stage": "rcpt", "mail": "a@x", "rcpt": "b@y", "code": 553, "reply": "553 5.1.3 no", "rule": "bad"}\n\n'
    b'id: 2\nevent: rule_matched\ndata: {"rule": "bad"}\n\n'
    b'id: 3\nevent: missed\ndata: {"count": 4}\n\n'
)
FINDING = {
    "name": "no-quit", "severity": "mistake", "rfc": "RFC 5321 section 4.1.1.10", "at": "T1", "line": 3,
    "message": "6A", "did": "the connection was closed without QUIT", "instead": "say QUIT", "times": 2,
}  # fmt: skip
REPORT = {"session": "5F", "findings": [FINDING]}
WELL = {"session": "5E", "findings": []}
TABLE = {
    "/v1/sessions?limit=2": {"sessions": [SESSION, SESSION | {"id": "5E"}], "next": None},
    "/v1/sessions/5F/report": REPORT,
    "/v1/sessions/5E/report": WELL,
    "/v1/messages?limit=50&rcpt=b%40y.test": {"messages": [MESSAGE], "next": None},
    "/v1/messages/6A": MESSAGE,
    "/v1/sessions?limit=50": {"sessions": [SESSION], "next": None},
    "/v1/sessions/5F/transcript": {"session": "5F", "lines": LINES},
    "/v1/rules": {"rules": RULES},
}
RAW = {
    "/v1/messages/6A/raw": b"Subject: Hi\r\n\r\none\r\n",
    "/v1/events": EVENTS,
    "/v1/sessions/none/transcript": b"x",
}
WAITED = {"complete": {"complete": True, "attempts": [ATTEMPT]}, "late": {"complete": False, "messages": []}}


class Stub(BaseHTTPRequestHandler):
    """Answers from the tables; keeps what was asked."""

    asked: list = []  # noqa: RUF012

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Authorization")))
        if self.path in TABLE:
            self.answer(200, json.dumps(TABLE[self.path]).encode())
        elif self.path in RAW:
            self.answer(200, RAW[self.path])
        else:
            problem = {"title": "Not found", "detail": "there is nothing", "field": "id", "status": 404}
            self.answer(401 if "secret" in self.path else 404, json.dumps(problem).encode())

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(asked)
        self.answer(200, json.dumps(WAITED["complete" if asked["for"] == "attempts" else "late"]).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        pass


@pytest.fixture(scope="module")
def url():
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def run(url, *words):
    return CliRunner().invoke(main, [*words, "--url", url])


@pytest.mark.parametrize(
    ("words", "status", "lines"),
    [
        (
            ["messages", "--rcpt", "b@y.test"], 0,
            ["2026-11-24T10:00:00Z 6A smtp from=<a@x.test> to=<b@y.test> 12 octets Hi\\x1b[2J rule=load-test"],
        ),
        (["messages", "6A", "--raw"], 0, ["Subject: Hi", "", "one"]),
        (["messages", "--raw"], 2, []),
        (
            ["sessions"], 0,
            ["2026-11-24T10:00:00Z 5F smtp 192.0.2.1 open helo=client.test attempts=2 accepted=1"],
        ),
        (
            ["sessions", "5F"], 0,
            [
                "10:00:00.000001 S: 220 mx", "10:00:00.000002 C: EHLO client.test",
                "10:00:00.000003 =: the connection is gone",
            ],
        ),
        (
            ["report", "--limit", "2"], 1,
            [
                "session 5F:",
                "  mistake no-quit: the connection was closed without QUIT (T1, line 3, message 6A, 2 times)",
                "    instead: say QUIT (RFC 5321 section 4.1.1.10)",
            ],
        ),
        (["report", "5E"], 0, ["session 5E: nothing to complain of"]),
        (
            ["rules"], 0,
            [
                "used: 1 hit, last at 2026-11-24T10:00:00Z  a.yaml:3", "unused: 0 hits  given over the API",
                "off (off): 0 hits  a.yaml:9",
            ],
        ),
        (["rules", "--unused"], 1, ["unused: 0 hits  given over the API"]),
        (["wait", "attempts", "--code", "553"], 0, ["7 from=<a@x.test> to=<b@y.test> 553 5.1.3 no"]),
        (
            ["tail", "--once"], 0,
            [
                "T1 smtp 192.0.2.1 rcpt mail=<a@x> rcpt=<b@y> 553 5.1.3 no rule=bad",
                " 4 events were missed",
            ],
        ),
    ],
)  # fmt: skip
def test_a_command_prints_what_the_api_says(url, words, status, lines):
    done = run(url, *words)
    assert done.exit_code == status, done.output
    assert done.stdout.splitlines() == lines


@pytest.mark.parametrize(
    ("words", "documents"),
    [
        (["messages", "--rcpt", "b@y.test", "--json"], [MESSAGE]),
        (["messages", "6A", "--json"], [MESSAGE]),
        (["sessions", "--json"], [SESSION]),
        (["sessions", "5F", "--json"], LINES),
        (["report", "--limit", "2", "--json"], [REPORT]),
        (["report", "5E", "--json"], [WELL]),
        (["rules", "--json"], RULES),
        (["wait", "attempts", "--json"], [ATTEMPT]),
    ],
)
def test_json_is_a_document_a_line(url, words, documents):
    assert [json.loads(line) for line in run(url, *words).stdout.splitlines()] == documents


def test_tail_as_json_tells_every_event(url):
    told = [json.loads(line) for line in run(url, "tail", "--once", "--json").stdout.splitlines()]
    assert [each["event"] for each in told] == ["command_answered", "rule_matched", "missed"]


def test_a_message_is_shown_whole(url):
    lines = run(url, "messages", "6A").stdout.splitlines()
    assert lines[0] == "id:           6A"
    assert "tls:          1.3, TLS_AES_256_GCM_SHA384" in lines
    assert lines[-4:] == ["Subject: Hi", "", "one", "two"]


def test_wait_ends_with_1_when_time_is_up(url):
    done = run(url, "wait", "--count", "2", "--timeout", "50ms", "--rcpt", "x", "--since", "2026-11-24T10:00:00Z")
    assert done.exit_code == 1
    assert "0 of 2 came in time" in done.stderr
    assert Stub.asked[-1] == {
        "for": "messages", "count": 2, "timeout": "50ms", "where": {"rcpt": "x"}, "since": "2026-11-24T10:00:00Z",
    }  # fmt: skip


TOKEN = "a" * 26
SCOPED = [
    (["messages"], f"/v1/messages?limit=50&scope={TOKEN}"),
    (["sessions"], f"/v1/sessions?limit=50&scope={TOKEN}"),
    (["report"], f"/v1/sessions?limit=50&scope={TOKEN}"),
    (["rules"], f"/v1/rules?scope={TOKEN}"),
    (["tail", "--once"], f"/v1/events?scope={TOKEN}"),
]


@pytest.mark.parametrize(("words", "target"), SCOPED)
def test_a_scope_is_asked_for_by_its_token(url, words, target):
    run(url, *words, "--scope", TOKEN)
    assert Stub.asked[-1][0] == target


def test_a_scope_is_waited_for_by_its_token(url):
    run(url, "wait", "attempts", "--code", "4*", "--scope", TOKEN)
    assert Stub.asked[-1]["where"] == {"scope": TOKEN, "code": "4*"}


def test_whose_a_rule_is_that_stands_in_no_file_is_told(url, monkeypatch):
    own = {"name": "own", "enabled": True, "hits": 2, "last_hit": None, "source": None, "scope": TOKEN}
    monkeypatch.setitem(TABLE, f"/v1/rules?scope={TOKEN}", {"rules": [own, RULES[1]]})
    assert run(url, "rules", "--scope", TOKEN).stdout.splitlines() == [
        "own: 2 hits  of the scope", "unused: 0 hits  given over the API",
    ]  # fmt: skip


def test_every_command_over_the_api_knows_scopes(url):
    over_api = [name for name in COMMANDS if "--url" in run(url, name, "--help").stdout]
    assert over_api == ["tail", "messages", "sessions", "report", "rules", "wait"]
    assert [name for name in over_api if "--scope" not in run(url, name, "--help").stdout] == []


def test_a_token_goes_along_as_bearer(url):
    run(url, "rules", "--token", "s3cret")
    assert Stub.asked[-1] == ("/v1/rules", "Bearer s3cret")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["messages", "gone"], "404 Not found: there is nothing (field id)"),
        (["messages", "secret"], "give a token by --token or MOCKSMTP_TOKEN"),
        (["sessions", "none"], "the answer is not JSON"),
    ],
)
def test_a_problem_is_said_in_words(url, words, said):
    done = run(url, *words)
    assert done.exit_code == 1
    assert said in done.stderr


def test_a_server_that_is_not_there_is_said_with_the_cure():
    done = run("http://127.0.0.1:1", "messages")
    assert done.exit_code == 1
    assert "is the server running?" in done.stderr


def test_an_event_may_have_several_lines_of_data():
    stream = io.BytesIO(b'data: {"a":\ndata: 1}\n\ndata: {"b": 2}\n')
    assert list(read_events(stream)) == [("", "message", {"a": 1})]

"""/v1/messages: requests and what is answered."""

from __future__ import annotations

import pytest
from http_site import MAIL, Client, message, request, response
from twisted.internet.defer import succeed

from mocksmtp.web import turns

MULTIPART = (
    b"Subject: =?utf-8?q?Rechnung_=C3=BCber?=\r\n 5 EUR\r\nX-Tag: Alpha\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\n"
    b"--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello plain W\xc3\xb6rld\r\n"
    b"--a\r\nContent-Type: text/html\r\n\r\n<p>Hello rich</p>\r\n--a--\r\n"
    b'--m\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Disposition: inline; filename="p.png"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
    b"--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.txt\r\n\r\n"
    b"file\r\n--m--\r\n"
)


def ids(answer):
    return [each["id"] for each in answer.json["messages"]]


@pytest.fixture
def client():
    """Three messages as they come, and those that differ from them."""
    made = Client()
    made.add(
        message(
            4, MULTIPART, "boss@corp.test", ["all@corp.test"], client="2001:db8::1", received=100.0, rule=None
        ),
        message(5, mail="", rcpt=["postmaster@y.test"], listener="submission", session="S2", received=200.25),
        message(6, b"Subject: spam\r\n\r\nbuy\r\n", refused=True, rule="spam", reply=b"554 5.7.1 spam\r\n"),
    )
    return made


SEARCHES = [
    # Without a filter: all that were accepted, newest first.
    ("", ["A5", "A4", "A3", "A2", "A1"]),
    ("limit=2", ["A5", "A4"]),
    ("limit=2&before=A4", ["A3", "A2"]),
    ("before=A1", []),
    # By the envelope, in the patterns that rules have.
    ("mail=boss@corp.test", ["A4"]),
    ("mail=BOSS@*", ["A4"]),
    ("mail=corp.test", ["A4"]),
    ("mail=%3C%3E", ["A5"]),
    ("rcpt=c@y.test", ["A3", "A2", "A1"]),
    ("rcpt=/^p.*r@/", ["A5"]),
    ("rcpt=nobody", []),
    ("listener=submission", ["A5"]),
    ("rule=a-*&limit=1", ["A5"]),
    ("client=192.0.2.0/24&limit=1", ["A5"]),
    ("client=2001:db8::1", ["A4"]),
    ("session=S2", ["A5"]),
    # By what it says.
    ("subject=Rechnung*5%20EUR", ["A4"]),
    ("subject=spam", []),
    ("header=x-tag:%20alpha", ["A4"]),
    ("header=X-Tag:beta", []),
    ("header=Subject:%20*EUR", ["A4"]),
    ("text=w%C3%96rld", ["A4"]),
    ("text=rich", ["A4"]),
    ("text=file", []),
    # By time: from, and before.
    ("since=1970-01-01T00:01:40Z", ["A5", "A4"]),
    ("since=1970-01-01T00:01:40Z&until=1970-01-01T00:03:20.250Z", ["A4"]),
    ("since=1970-01-01T01:03:20.25%2B01:00", ["A5"]),
    ("since=1970-01-01T01:03:20.25+01:00", ["A5"]),
    ("until=1970-01-01T00:00:02", ["A3", "A2", "A1"]),
    # What was refused at the end of mail data is there when it is asked for.
    ("refused=true", ["A6"]),
    ("refused=all&limit=2", ["A6", "A5"]),
    ("refused=true&rule=spam&text=buy", ["A6"]),
    # All that is given must hold.
    ("rcpt=y.test&mail=corp.test", []),
]


@pytest.mark.parametrize(("query", "found"), SEARCHES)
def test_a_search(client, query, found):
    answer = client.ask(f"/v1/messages?{query}")
    assert answer.status == 200, answer.body
    assert ids(answer) == found


MISTAKES = [
    ("limit=0", "limit"),
    ("limit=1001", "limit"),
    ("limit=-1", "limit"),
    ("limit=%D9%A1", "limit"),
    ("limit=99999999999999999999", "limit"),
    ("before=xyz", "before"),
    ("before=" + "A" * 21, "before"),
    ("page=2", "page"),
    ("mail=", "mail"),
    ("mail=/(?=x)/", "mail"),
    ("rcpt=/(/", "rcpt"),
    ("subject=/*/", "subject"),
    ("header=Subject", "header"),
    ("header=Subject:/(/", "header"),
    ("text=", "text"),
    ("client=somewhere", "client"),
    ("client=192.0.2.1/24", "client"),
    ("since=yesterday", "since"),
    ("since=99999-01-01", "since"),
    ("until=", "until"),
    ("refused=maybe", "refused"),
    ("drain=true", "drain"),
]


@pytest.mark.parametrize(("query", "field"), MISTAKES)
def test_a_search_that_is_wrong_names_its_field(client, query, field):
    answer = client.ask(f"/v1/messages?{query}")
    assert (answer.status, answer.json["field"]) == (422, field)
    assert answer.json["detail"].startswith(field)


def test_pages_follow_each_other():
    client, seen, target = Client(messages=5), [], "/v1/messages?limit=2"
    while target:
        answer = client.ask(target)
        seen.append(ids(answer))
        target = answer.json["next"] and f"/v1/messages?limit=2&before={answer.json['next']}"
    assert seen == [["A5", "A4"], ["A3", "A2"], ["A1"]]


def test_a_message_tells_everything():
    assert Client().ask("/v1/messages/A1").json == {
        "id": "A1", "session": "S1", "received_at": "1970-01-01T00:00:01.500000Z", "listener": "smtp",
        "client": "192.0.2.1", "helo": "me.test", "mail": "a@x.test", "rcpt": ["b@y.test", "c@y.test"],
        "subject": "Grüße <b>", "size": len(MAIL), "rule": "a-rule", "reply": "250 2.0.0 OK queued as A1",
        "refused": False, "tls": {"version": "1.3", "cipher": "TLS_AES_256_GCM_SHA384", "sni": None},
        "auth": "alice", "params": {"SIZE": "9", "SMTPUTF8": None}, "dsn": {"ret": None, "envid": None},
        "recipients": [
            {"address": "b@y.test", "params": {"NOTIFY": "NEVER"}, "notify": ["NEVER"], "orcpt": None},
            {"address": "c@y.test", "params": {}, "notify": None, "orcpt": None},
        ],
        "headers": [
            {"name": "Subject", "value": "=?utf-8?q?Gr=C3=BC=C3=9Fe?= <b>"}, {"name": "X-A", "value": "1"},
        ],
        "text": "hello\r\n", "html": None, "attachments": [],
    }  # fmt: skip


def test_dsn_is_told():
    client = Client(0)
    client.add(message(1, params={"RET": "HDRS", "ENVID": "QQ314159"}))
    assert client.ask("/v1/messages/A1").json["dsn"] == {"ret": "HDRS", "envid": "QQ314159"}


def test_a_message_of_several_parts(client):
    told = client.ask("/v1/messages/A4").json
    assert (told["subject"], told["text"], told["html"]) == (
        "Rechnung über 5 EUR", "Hello plain Wörld", "<p>Hello rich</p>"
    )  # fmt: skip
    assert told["attachments"] == [
        {
            "part": 3, "content_type": "image/png", "filename": "p.png", "content_id": "pic@x", "inline": True,
            "size": 8,
        },
        {
            "part": 4, "content_type": "text/plain", "filename": "ü.txt", "content_id": None, "inline": False,
            "size": 4,
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "content_type", "octets", "name"),
    [
        (1, "text/plain", "Hello plain Wörld".encode(), "A4-1"),
        (2, "text/html", b"<p>Hello rich</p>", "A4-2"),
        (3, "image/png", b"\x89PNG\r\n\x1a\n", "p.png"),
        (4, "text/plain", b"file", "_.txt"),
    ],
)
def test_a_part_is_an_attachment_without_rights(client, part, content_type, octets, name):
    answer = client.ask(f"/v1/messages/A4/parts/{part}")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, content_type, octets)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["content-security-policy"].startswith("sandbox;")


def test_raw_is_an_attachment():
    answer = Client().ask("/v1/messages/A2/raw")
    assert answer.headers["content-disposition"] == 'attachment; filename="A2.eml"'
    assert answer.body == MAIL


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/messages/FF"),
        ("GET", "/v1/messages/FF/raw"),
        ("GET", "/v1/messages/FF/parts/1"),
        ("GET", "/v1/messages/A1/parts/2"),
        ("GET", "/v1/messages/A1/parts/x"),
        ("GET", "/v1/messages/A1/raw/more"),
        ("DELETE", "/v1/messages/FF"),
    ],
)
def test_what_is_not_there(method, path):
    assert Client().ask(path, method).status == 404


def test_one_message_is_removed():
    client = Client()
    answer = client.ask("/v1/messages/A2", "DELETE")
    assert (answer.status, answer.body) == (204, b"")
    assert ids(client.ask("/v1/messages")) == ["A3", "A1"]
    assert client.ask("/v1/messages/A2", "DELETE").status == 404


def test_all_messages_are_removed_or_those_that_match(client):
    assert client.ask("/v1/messages?rcpt=c@y.test", "DELETE").json == {"removed": 3, "messages": None}
    assert ids(client.ask("/v1/messages?refused=all")) == ["A6", "A5", "A4"]
    assert client.ask("/v1/messages", "DELETE").json == {"removed": 2, "messages": None}
    assert client.ask("/v1/messages?refused=all", "DELETE").json["removed"] == 1
    assert client.store.usage()[:2] == (0, 0)


def test_drained_messages_are_told(client):
    answer = client.ask("/v1/messages?drain=true&mail=corp.test", "DELETE").json
    assert answer["removed"] == 1
    assert answer["messages"][0]["text"] == "Hello plain Wörld"
    assert client.ask("/v1/messages?drain=true&mail=corp.test", "DELETE").json == {"removed": 0, "messages": []}
    assert len(client.ask("/v1/messages?drain=true", "DELETE").json["messages"]) == 4


def test_a_large_message_is_read_in_a_thread(monkeypatch):
    client, pools = Client(0), []

    def defer_to_thread_pool(clock, pool, work, argument):
        pools.append(pool)
        return succeed(work(argument))

    monkeypatch.setattr(turns, "deferToThreadPool", defer_to_thread_pool)
    client.clock.getThreadPool = lambda: "pool"
    client.add(message(1, b"\r\n" + b"x" * turns.LARGE))
    assert len(client.ask("/v1/messages/A1").json["text"]) == turns.LARGE
    assert ids(client.ask("/v1/messages?text=xxx")) == ["A1"]
    assert pools == ["pool"] * 2


def test_a_long_search_lets_others_work(monkeypatch):
    monkeypatch.setattr(turns, "SLICE", -1.0)
    client = Client()
    _, transport = client.send(request("/v1/messages?text=hello"))
    assert transport.value() == b""
    client.clock.pump([0] * 9)
    assert len(response(transport.value()).json["messages"]) == 3

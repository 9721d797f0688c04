"""/v1/sessions and /v1/attempts: requests and what is answered."""

from __future__ import annotations

from itertools import count

import pytest
from http_site import Client
from smtp_talk import DATA, HELLO, MAIL, Talk

from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.facts import SessionOpened

REFUSING = "policy: rcpt no@y.test -> 550 5.1.1 no\n"


@pytest.fixture
def client():
    """Four sessions: one delivers, one is refused, one logs in and delivers later, one is still at it."""
    made = Client(0)
    talk = Talk(made)
    made.clock.advance(100)
    talk.mail("b@y.test")
    talk.session(REFUSING + HELLO + MAIL.format("no@y.test"), listener="mx2", client="2001:db8::1")
    made.clock.advance(100)
    login = "profile: users=alice:secret without_tls\n" + HELLO + "C: AUTH PLAIN AGFsaWNlAHNlY3JldA==\n"
    talk.session(login + MAIL.format("c@z.test") + DATA)
    talk.session(HELLO + MAIL.format("d@z.test"), close=False)
    return made


SESSIONS = [
    ("", ["0004", "0003", "0002", "0001"]),
    ("limit=2", ["0004", "0003"]),
    ("before=0003", ["0002", "0001"]),
    ("limit=1&before=0003", ["0002"]),
    ("listener=mx2", ["0002"]),
    ("client=2001:db8::/32", ["0002"]),
    ("auth=ALICE", ["0003"]),
    ("helo=me.*&limit=1", ["0004"]),
    ("helo=you", []),
    ("open=true", ["0004"]),
    ("open=false", ["0003", "0002", "0001"]),
    ("since=1970-01-01T00:03:20Z", ["0004", "0003"]),
    ("until=1970-01-01T00:03:20Z", ["0002", "0001"]),
]


@pytest.mark.parametrize(("query", "found"), SESSIONS)
def test_sessions_are_listed_and_searched(client, query, found):
    answer = client.ask(f"/v1/sessions?{query}")
    assert answer.status == 200, answer.body
    assert [each["id"] for each in answer.json["sessions"]] == found
    assert answer.json["next"] == (found[-1] if "limit" in query else None)


def test_a_session_is_told(client):
    assert client.ask("/v1/sessions/0003").json == {
        "id": "0003", "opened_at": "1970-01-01T00:03:20.000000Z", "closed_at": "1970-01-01T00:03:20.000000Z",
        "listener": "smtp", "client": "192.0.2.1", "port": 1234, "helo": "me.test", "auth": "alice", "tls": None,
        "attempts": 1, "accepted": 1, "dropped": 0,
    }  # fmt: skip
    assert client.ask("/v1/sessions/0004").json["closed_at"] is None


def test_a_transcript_is_told_without_its_secrets(client):
    answer = client.ask("/v1/sessions/0003/transcript").json
    assert answer["session"] == "0003"
    assert {line["at"] for line in answer["lines"]} == {"1970-01-01T00:03:20.000000Z"}
    assert [(line["kind"], line["text"]) for line in answer["lines"]] == [
        ("client", "EHLO me.test"), ("client", "AUTH PLAIN [20 octets not shown]"),
        ("auth", "logged in as alice by PLAIN"), ("client", "MAIL FROM:<a@x.test>"),
        ("client", "RCPT TO:<c@z.test>"), ("client", "DATA"), ("data", "22 octets of mail data"),
    ]  # fmt: skip


def test_a_report_is_told(client):
    told = client.ask("/v1/sessions/0001/report").json
    assert told["session"] == "0001"
    assert [each["name"] for each in told["findings"]] == ["no-date", "no-from", "no-message-id"]
    assert told["findings"][2] == {
        "name": "no-message-id", "severity": "unwise", "rfc": "RFC 5322 section 3.6.4",
        "at": "1970-01-01T00:01:40.000000Z", "line": None, "message": "B0001",
        "did": "the message has no Message-ID field",
        "instead": "write one Message-ID field, and keep it for all attempts", "times": 1,
    }  # fmt: skip
    assert client.ask("/v1/sessions/0002/report").json == {"session": "0002", "findings": []}


def test_a_report_looks_at_earlier_attempts_of_the_same_sender_and_recipient(client):
    talk = Talk(client)
    talk.numbers, talk.queue_ids = count(5), count(9)
    talk.session(HELLO + MAIL.format("no@y.test") + "C: RCPT TO:<c@z.test>\n", close=False)
    told = client.ask("/v1/sessions/0005/report").json["findings"]
    assert [(each["name"], each["did"]) for each in told] == [
        ("retry-of-5xx", "<a@x.test> to <no@y.test> was tried again 100 s after 550")
    ]


def test_a_page_shows_the_report(client):
    told = client.ask("/sessions/0001").body.decode()
    assert "<b>no-date</b> the message has no Date field. " in told
    assert "client should do otherwise" not in client.ask("/sessions/0002").body.decode()


ATTEMPTS = [
    # What is not decided yet stands first.
    ("", ["d@z.test", "c@z.test", "no@y.test", "b@y.test"]),
    ("limit=2", ["d@z.test", "c@z.test"]),
    ("before=3.0", ["no@y.test", "b@y.test"]),
    ("before=2.1", ["no@y.test", "b@y.test"]),
    ("before=2.0", ["b@y.test"]),
    ("before=1.0", []),
    ("rcpt=y.test", ["no@y.test", "b@y.test"]),
    ("rcpt=NO@*", ["no@y.test"]),
    ("mail=a@x.test&limit=1", ["d@z.test"]),
    ("mail=%3C%3E", []),
    ("listener=mx*", ["no@y.test"]),
    ("client=192.0.2.0/24&outcome=accepted", ["c@z.test", "b@y.test"]),
    ("session=0001", ["b@y.test"]),
    ("transaction=B0001", ["b@y.test"]),
    ("helo=me.test&limit=1", ["d@z.test"]),
    ("auth=*", ["c@z.test"]),
    ("stage=rcpt", ["d@z.test", "no@y.test"]),
    ("code=550", ["no@y.test"]),
    ("code=2*", ["d@z.test", "c@z.test", "b@y.test"]),
    ("rule=table", ["no@y.test"]),
    ("fault=*", []),
    ("outcome=open", ["d@z.test"]),
    ("outcome=refused", ["no@y.test"]),
    ("outcome=abandoned", []),
    ("since=1970-01-01T00:03:20Z&outcome=accepted", ["c@z.test"]),
    ("until=1970-01-01T00:03:20Z", ["no@y.test", "b@y.test"]),
]


@pytest.mark.parametrize(("query", "found"), ATTEMPTS)
def test_attempts_are_listed_and_searched(client, query, found):
    answer = client.ask(f"/v1/attempts?{query}")
    assert answer.status == 200, answer.body
    assert [each["rcpt"] for each in answer.json["attempts"]] == found


def test_pages_of_attempts_follow_each_other(client):
    seen, target = [], "/v1/attempts?limit=2"
    while target:
        answer = client.ask(target).json
        seen.append([each["id"] for each in answer["attempts"]])
        target = answer["next"] and f"/v1/attempts?limit=2&before={answer['next']}"
    assert seen == [[None, "3.0"], ["2.0", "1.0"], []]


def test_an_attempt_is_told(client):
    assert client.ask("/v1/attempts?rcpt=no@y.test").json["attempts"] == [{
        "id": "2.0", "at": "1970-01-01T00:01:40.000000Z", "session": "0002", "transaction": "B0002",
        "listener": "mx2", "client": "2001:db8::1", "helo": "me.test", "auth": None, "mail": "a@x.test",
        "mail_params": {}, "rcpt": "no@y.test", "rcpt_params": {}, "stage": "rcpt", "code": 550,
        "reply": "550 5.1.1 no", "rule": "table", "matched": ["table"], "faults": [], "delay": 0.0,
        "outcome": "refused", "size": None,
    }]  # fmt: skip


def test_what_was_decided_together_stays_together_over_pages():
    client = Client(0)
    Talk(client).session(HELLO + MAIL.format("1@y.test") + "C: RCPT TO:<2@y.test>\nC: RCPT TO:<3@y.test>\n" + DATA)
    first = client.ask("/v1/attempts?limit=2").json
    assert [(each["id"], each["rcpt"]) for each in first["attempts"]] == [("1.2", "3@y.test"), ("1.1", "2@y.test")]
    second = client.ask(f"/v1/attempts?limit=2&before={first['next']}").json
    assert [(each["id"], each["rcpt"]) for each in second["attempts"]] == [("1.0", "1@y.test")]
    assert second["next"] is None


MISTAKES = [
    ("/v1/sessions?limit=0", "limit"),
    ("/v1/sessions?before=xyz", "before"),
    ("/v1/sessions?rcpt=a@b", "rcpt"),
    ("/v1/sessions?open=perhaps", "open"),
    ("/v1/sessions?client=here", "client"),
    ("/v1/attempts?before=1", "before"),
    ("/v1/attempts?before=1.x", "before"),
    ("/v1/attempts?code=/(/", "code"),
    ("/v1/attempts?outcome=lost", "outcome"),
    ("/v1/attempts?rcpt=/(/", "rcpt"),
    ("/v1/attempts?since=now", "since"),
    ("/v1/attempts?subject=x", "subject"),
]


@pytest.mark.parametrize(("target", "field"), MISTAKES)
def test_a_search_that_is_wrong_names_its_field(target, field):
    answer = Client(0).ask(target)
    assert (answer.status, answer.json["field"]) == (422, field)


@pytest.mark.parametrize(
    "target", ["/v1/sessions/FFFF", "/v1/sessions/FFFF/transcript", "/v1/sessions/FFFF/report"]
)
def test_a_session_that_is_not_there(target):
    assert Client(0).ask(target).status == 404


ADDRESSES = [
    ("", "<>", True), ("postmaster", "<postmaster>", True), ("Bob@Bücher.test", "bücher.test", True),
    ("Bob@xn--bcher-kva.test", "bob@bücher.test", True), ("a@b@c.test", "c.test", True), ("x@..", "*", True),
    ("bob@y.test", "<>", False),
]  # fmt: skip


@pytest.mark.parametrize(("rcpt", "pattern", "found"), ADDRESSES)
def test_an_address_is_matched_as_rules_match_it(rcpt, pattern, found):
    from mocksmtp.web.attempt import AttemptSearch, attempt_test

    attempt = type("Attempt", (), {"rcpt": rcpt, "scopes": ()})
    assert attempt_test(AttemptSearch(rcpt=pattern))(attempt) is found


def test_what_was_to_be_told_later_is_there_when_somebody_asks():
    client = Client(0)
    who = Conversation("0001", "smtp", "mx.test", "192.0.2.1")
    client.publish.later(SessionOpened(who, 1.5))
    assert [each["id"] for each in client.ask("/v1/sessions").json["sessions"]] == ["0001"]

"""/v1/sessions and /v1/attempts: requests and what they are answered."""

from __future__ import annotations

import pytest
from http_site import Client
from journal.test_journal_keeping import DATA, EHLO, MAIL, RCPT, Sessions

from mocksmtp.web.site import Seen

PLAYED = Sessions()
for _ in range(3):
    PLAYED.play(EHLO + MAIL + RCPT + DATA)
CLIENT = Client(seen=Seen(PLAYED.journal, list, list))
NEWEST = CLIENT.ask("/v1/sessions?limit=1").json["sessions"][0]


def test_sessions_are_told_newest_first_and_in_pages():
    first = CLIENT.ask("/v1/sessions?limit=2").json
    rest = CLIENT.ask(f"/v1/sessions?limit=2&before={first['next']}").json
    ids = [each["id"] for each in (*first["sessions"], *rest["sessions"])]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    assert rest["next"] is None


def test_one_session_and_what_was_said_in_it():
    session = CLIENT.ask(f"/v1/sessions/{NEWEST['id']}").json
    assert session == NEWEST
    assert (session["listener"], session["attempts"], session["accepted"]) == ("smtp", 1, 1)
    said = CLIENT.ask(f"/v1/sessions/{NEWEST['id']}/transcript").json
    assert said["session"] == NEWEST["id"]
    assert any(line["kind"] == "client" and line["text"].startswith("EHLO ") for line in said["lines"])


def test_attempts_are_told_in_pages():
    first = CLIENT.ask("/v1/attempts?limit=2").json
    rest = CLIENT.ask(f"/v1/attempts?limit=2&before={first['next']}").json
    assert len({each["id"] for each in (*first["attempts"], *rest["attempts"])}) == 3
    assert {each["outcome"] for each in first["attempts"]} == {"accepted"}
    assert first["attempts"][0]["session"] == NEWEST["id"]


ATTEMPT = CLIENT.ask("/v1/attempts?limit=1").json["attempts"][0]
FOUND = [
    (f"rcpt={ATTEMPT['rcpt']}", 3), (f"mail={ATTEMPT['mail']}", 3), ("rcpt=nobody@nowhere.test", 0),
    ("code=250", 3),
    ("code=553", 0), (f"session={NEWEST['id']}", 1), ("listener=smtp", 3), ("listener=other", 0), ("rule=*", 0),
    (f"client={ATTEMPT['client']}/32", 3), ("client=203.0.113.0/24", 0), ("since=2999-01-01T00:00:00Z", 0),
    ("until=2999-01-01T00:00:00Z", 3),
]  # fmt: skip


@pytest.mark.parametrize(("query", "count"), FOUND)
def test_attempts_are_searched(query, count):
    assert len(CLIENT.ask(f"/v1/attempts?{query}").json["attempts"]) == count


@pytest.mark.parametrize(("query", "count"), [("listener=smtp", 3), ("listener=x", 0), ("client=203.0.113.9", 0)])
def test_sessions_are_searched(query, count):
    assert len(CLIENT.ask(f"/v1/sessions?{query}").json["sessions"]) == count


@pytest.mark.parametrize(
    ("target", "status", "field"),
    [
        ("/v1/sessions/FF", 404, None),
        ("/v1/sessions/FF/transcript", 404, None),
        ("/v1/sessions?limit=0", 422, "limit"),
        ("/v1/sessions?before=no-id", 422, "before"),
        ("/v1/attempts?code=99", 422, "code"),
        ("/v1/attempts?before=1", 422, "before"),
        ("/v1/attempts?client=x", 422, "client"),
        ("/v1/attempts?since=soon", 422, "since"),
        ("/v1/attempts?rctp=x", 422, "rctp"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(target, status, field):
    answer = CLIENT.ask(target)
    assert (answer.status, answer.json.get("field")) == (status, field)

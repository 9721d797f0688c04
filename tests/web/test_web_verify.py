"""/v1/verify: assertions on attempts, judged at once, as they come, or when time is up."""

from __future__ import annotations

import pytest
from http_site import Client, request, response
from smtp_talk import HELLO, MAIL, Talk
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

REFUSING = "policy: rcpt later@y.test -> 451 4.7.1 later\npolicy: rcpt no@y.test -> 550 5.1.1 no\n"
ALL = {"rcpt": "*@y.test"}


class Verifying:
    """A request to verify, on a site to which mail comes."""

    def __init__(self, client, *assertions, **body):
        document = {"assertions": list(assertions)} | body
        self.protocol, self.transport = client.send(request("/v1/verify", "POST", document))

    @property
    def answered(self):
        return self.transport.value() != b""

    @property
    def json(self):
        answer = response(self.transport.value())
        assert answer.status == 200, answer.body
        return answer.json


@pytest.fixture
def client():
    made = Client(0)
    made.clock.advance(100)
    return made


@pytest.fixture
def talk(client):
    return Talk(client)


def tried(talk, rcpt):
    talk.session(REFUSING + HELLO + MAIL.format(rcpt))


def verify(client, *assertions, **body):
    """Judge what is there."""
    verifying = Verifying(client, *assertions, **body)
    client.clock.advance(0)
    return verifying.json


def test_what_is_there_is_judged_in_words(client, talk):
    tried(talk, "later@y.test")
    client.clock.advance(60)
    tried(talk, "later@y.test")
    client.clock.advance(240)
    talk.mail("b@y.test")
    answer = verify(
        client,
        {
            "name": "backs off",
            "where": {"rcpt": "later@*"},
            "gap": {"min": "30s", "max": "2m"},
            "codes": [451, "4*"],
        },
        {"where": ALL, "count": {"exactly": 3}, "none_after_5xx": True},
    )
    assert answer["ok"] is True
    first, second = answer["assertions"]
    assert [each["at"] for each in first.pop("attempts")] == [
        "1970-01-01T00:01:40.000000Z",
        "1970-01-01T00:02:40.000000Z",
    ]
    assert first == {
        "ok": True, "name": "backs off", "failed": [], "count": 2, "nearest": [],
        "says": "answered 451, 451; wanted: 451, 4*. 1 gap of 60s; wanted: at least 30s and at most 120s",
    }  # fmt: skip
    assert second["says"] == "3 attempts; wanted: exactly 3. 0 recipients got a 5xx, and none was tried again"


def test_what_does_not_hold_is_named_with_the_nearest_misses(client, talk):
    tried(talk, "no@y.test")
    talk.mail("b@y.test")
    assertion = {"where": {"rcpt": "b@y.test", "code": "5*"}, "count": {"at_least": 1}}
    answer = verify(client, assertion, {"where": ALL, "count": {"at_least": 1}})
    assert answer["ok"] is False
    assert [each["ok"] for each in answer["assertions"]] == [False, True]
    judged = answer["assertions"][0]
    assert (judged["failed"], judged["count"], judged["attempts"]) == (["count"], 0, [])
    assert judged["says"] == "0 attempts; wanted: at least 1"
    assert [(each["failed"], each["wanted"], each["found"]) for each in judged["nearest"]] == [
        ("rcpt", "b@y.test", "no@y.test"),
        ("code", "5*", "250"),
    ]
    assert judged["nearest"][0]["attempt"]["reply"] == "550 5.1.1 no"
    assert judged["nearest"][0]["says"] == (
        "550 5.1.1 no to <no@y.test> at 1970-01-01T00:01:40.000000Z: rcpt is no@y.test, wanted: b@y.test"
    )


NEAR = [
    ({"since": "1970-01-01T00:02:00Z"}, "since", "1970-01-01T00:02:00.000000Z", "1970-01-01T00:01:40.000000Z"),
    ({"fault": "delay"}, "fault", "delay", None),
    ({"auth": "*"}, "auth", "*", None),
    ({"outcome": "refused"}, "outcome", "refused", "accepted"),
    ({"client": "198.51.100.0/24"}, "client", "198.51.100.0/24", "192.0.2.1"),
]


@pytest.mark.parametrize(("where", "failed", "wanted", "found"), NEAR)
def test_a_near_miss_tells_what_was_wanted_and_found(client, talk, where, failed, wanted, found):
    talk.mail("b@y.test")
    answer = verify(client, {"where": {"mail": "a@x.test"} | where, "count": {"at_least": 1}})
    (near,) = answer["assertions"][0]["nearest"]
    assert (near["failed"], near["wanted"], near["found"]) == (failed, wanted, found)


def test_since_leaves_out_what_came_before(client, talk):
    talk.mail("b@y.test")
    client.clock.advance(10)
    talk.mail("b@y.test")
    since = "1970-01-01T00:01:50Z"
    answer = verify(client, {"count": {"exactly": 1}}, {"count": {"exactly": 2}}, since=since)
    assert [each["ok"] for each in answer["assertions"]] == [True, False]
    (near,) = answer["assertions"][1]["nearest"]
    assert (near["failed"], near["wanted"]) == ("since", "1970-01-01T00:01:50.000000Z")


def test_it_is_answered_in_the_turn_after_it_came_true(client, talk):
    verifying = Verifying(client, {"where": ALL, "codes": [451, 250], "count": {"at_least": 2}}, within="10s")
    tried(talk, "later@y.test")
    client.clock.advance(1)
    assert not verifying.answered
    talk.mail("b@y.test")
    assert not verifying.answered
    client.clock.advance(0)
    assert verifying.json["ok"] is True


WATCHED = [{"count": {"exactly": 1}}, {"count": {"at_most": 1}}, {"none_after_5xx": True}]


@pytest.mark.parametrize("condition", WATCHED)
def test_what_can_be_broken_is_watched_until_the_end(client, talk, condition):
    verifying = Verifying(client, {"where": ALL, **condition}, within="10s")
    tried(talk, "no@y.test")
    client.clock.advance(9.9)
    assert not verifying.answered
    client.clock.advance(0.1)
    assert verifying.json["ok"] is True


@pytest.mark.parametrize("condition", [*WATCHED, {"codes": [550, 250]}, {"gap": {"min": "1m"}}])
def test_what_is_broken_for_good_is_answered_at_once(client, talk, condition):
    verifying = Verifying(client, {"where": ALL, **condition}, within="10s")
    for _ in range(2):
        tried(talk, "no@y.test")
    client.clock.advance(0)
    assert verifying.json["ok"] is False


def test_time_that_is_up_answers_with_what_is_missing(client, talk):
    verifying = Verifying(client, {"where": ALL, "count": {"at_least": 2}}, within="3s")
    talk.mail("b@y.test")
    client.clock.advance(2.9)
    assert not verifying.answered
    client.clock.advance(0.1)
    assert verifying.json["assertions"][0]["says"] == "1 attempt; wanted: at least 2"


def test_what_is_not_decided_yet_does_not_count(client, talk):
    talk.session(HELLO + MAIL.format("b@y.test"), close=False)
    assert verify(client, {"count": {"exactly": 0}})["ok"] is True


def test_only_so_many_attempts_are_told(client, talk):
    talk.mail(*(f"b{n}@y.test" for n in range(105)))
    judged = verify(client, {"count": {"exactly": 105}})["assertions"][0]
    assert (judged["ok"], judged["count"], len(judged["attempts"])) == (True, 105, 100)
    assert judged["attempts"][-1]["rcpt"] == "b104@y.test"


def test_who_leaves_waits_no_more(client, talk):
    before = {kind: list(takes) for kind, takes in client.subscribers.items()}
    verifying = Verifying(client, {"count": {"at_least": 1}}, within="10s")
    assert client.subscribers != before
    verifying.protocol.connectionLost(Failure(ConnectionDone()))
    assert client.subscribers == before
    talk.mail("b@y.test")
    assert not verifying.answered
    assert client.clock.getDelayedCalls() == []


def test_more_than_may_wait_are_turned_away(client, monkeypatch):
    monkeypatch.setattr("mocksmtp.web.waiting.MOST_WAITING", 1)
    for _ in range(2):
        last = Verifying(client, {"count": {"at_least": 1}}, within="10s")
    assert response(last.transport.value()).status == 503


def test_without_a_journal_there_is_nothing_to_judge():
    answer = Client(0, journal=(0, 0)).ask("/v1/verify", "POST", {"assertions": [{"count": {"exactly": 0}}]})
    assert (answer.status, answer.json["title"]) == (409, "No journal")


COUNTED = {"count": {"exactly": 1}}
MISTAKES = [
    ({}, "assertions"),
    ({"assertions": []}, "assertions"),
    ({"assertions": [{}]}, "assertions.0"),
    ({"assertions": [{"none_after_5xx": False}]}, "assertions.0"),
    ({"assertions": [COUNTED, {"count": {}}]}, "assertions.1.count"),
    ({"assertions": [{"count": {"exactly": 1, "at_most": 2}}]}, "assertions.0.count"),
    ({"assertions": [{"count": {"at_least": 3, "at_most": 2}}]}, "assertions.0.count"),
    ({"assertions": [{"count": {"exactly": -1}}]}, "assertions.0.count.exactly"),
    ({"assertions": [{"count": 1}]}, "assertions.0.count"),
    ({"assertions": [{"codes": []}]}, "assertions.0.codes"),
    ({"assertions": [{"codes": ["/(/"]}]}, "assertions.0.codes.0"),
    ({"assertions": [{"gap": {}}]}, "assertions.0.gap"),
    ({"assertions": [{"gap": {"min": 1}}]}, "assertions.0.gap.min"),
    ({"assertions": [{"gap": {"min": "soon"}}]}, "assertions.0.gap.min"),
    ({"assertions": [{"gap": {"min": "2s", "max": "1s"}}]}, "assertions.0.gap"),
    ({"assertions": [COUNTED | {"where": {"subject": "x"}}]}, "assertions.0.where.subject"),
    ({"assertions": [COUNTED | {"cont": 1}]}, "assertions.0.cont"),
    ({"assertions": [COUNTED], "within": "11m"}, "within"),
    ({"assertions": [COUNTED], "since": "now"}, "since"),
]


@pytest.mark.parametrize(("body", "field"), MISTAKES)
def test_a_body_that_is_wrong_names_its_field(client, body, field):
    answer = client.ask("/v1/verify", "POST", body)
    assert (answer.status, answer.json["field"]) == (422, field), answer.json

"""/v1/wait: who waits is told in the turn after it came, and nobody asks twice."""

from __future__ import annotations

import pytest
from http_site import Client, message, request, response
from smtp_talk import DATA, HELLO, MAIL, Talk
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

REFUSING = "policy: rcpt no@y.test -> 550 5.1.1 no\npolicy: message * -> 554 5.7.1 spam\nprofile: keep_refused\n"


class Waiter:
    """A request to wait, on a site to which mail comes."""

    def __init__(self, client, **body):
        self.client = client
        self.protocol, self.transport = client.send(request("/v1/wait", "POST", body))

    @property
    def answered(self):
        return self.transport.value() != b""

    @property
    def json(self):
        return response(self.transport.value()).json

    def rcpt(self):
        """What came, by its recipients, and whether it was enough."""
        told = self.json
        found = told["messages"] if told["attempts"] is None else told["attempts"]
        return [each["rcpt"] for each in found], told["complete"]


@pytest.fixture
def client():
    made = Client(0)
    made.clock.advance(100)
    return made


@pytest.fixture
def talk(client):
    return Talk(client)


def test_what_is_there_already_counts(client, talk):
    talk.mail("b@y.test", "c@y.test")
    waiter = Waiter(client, count=2)
    assert waiter.rcpt() == ([["b@y.test"], ["c@y.test"]], True)
    assert waiter.json["messages"][0]["text"] == "Hello\r\n"


def test_who_waits_is_told_in_the_turn_after_it_came(client, talk):
    waiter = Waiter(client, count=2)
    talk.mail("b@y.test")
    client.clock.advance(0)
    assert not waiter.answered
    talk.mail("c@y.test")
    assert not waiter.answered
    client.clock.advance(0)
    assert waiter.rcpt() == ([["b@y.test"], ["c@y.test"]], True)


def test_time_that_is_up_answers_with_what_has_come(client, talk):
    waiter = Waiter(client, count=2, timeout="3s")
    talk.mail("b@y.test")
    client.clock.advance(2.9)
    assert not waiter.answered
    client.clock.advance(0.1)
    assert waiter.rcpt() == ([["b@y.test"]], False)


def test_no_time_at_all_only_looks(client, talk):
    waiter = Waiter(client, timeout="0s")
    client.clock.advance(0)
    assert waiter.rcpt() == ([], False)


WHERE = [
    ({"rcpt": "c@y.test"}, [["c@y.test"]]),
    ({"rcpt": "y.test", "subject": "hi"}, [["b@y.test"], ["c@y.test"]]),
    ({"header": {"Subject": "h*"}}, [["b@y.test"], ["c@y.test"]]),
    ({"header": "Subject: h*"}, [["b@y.test"], ["c@y.test"]]),
    ({"text": "nothing of it"}, []),
    ({"mail": "other.test"}, []),
]


@pytest.mark.parametrize(("where", "found"), WHERE)
def test_only_what_matches_counts(client, talk, where, found):
    waiter = Waiter(client, count=2, where=where, timeout="1s")
    talk.mail("b@y.test", "c@y.test")
    client.clock.pump([0, 1, 0])
    assert waiter.rcpt() == (found, len(found) >= 2)


@pytest.mark.parametrize(
    ("since", "complete"), [("1970-01-01T00:01:40Z", True), ("1970-01-01T00:01:40.000001Z", False)]
)
@pytest.mark.parametrize("what", ["messages", "attempts"])
def test_since_narrows(client, talk, what, since, complete):
    talk.mail("b@y.test")
    assert Waiter(client, **{"for": what}, since=since, timeout="0s").answered is complete
    where = {"since": since}
    assert Waiter(client, **{"for": what}, where=where, since="1970-01-01T00:00:00Z").answered is complete


def test_attempts_are_waited_for_as_they_are_decided(client, talk):
    waiter = Waiter(client, **{"for": "attempts"}, count=3)
    said = MAIL.format("no@y.test") + "C: RCPT TO:<b@y.test>\n"
    player = talk.session(REFUSING + HELLO + said, close=False)
    client.clock.advance(0)
    assert not waiter.answered
    player.perform(player.session.receive_data(b"DATA\r\nhi\r\n.\r\nMAIL FROM:<a@x>\r\nRSET\r\n"))
    client.clock.advance(0)
    assert waiter.rcpt() == (["no@y.test", "b@y.test", None], True)
    assert [each["outcome"] for each in waiter.json["attempts"]] == ["refused", "refused", "abandoned"]


def test_a_refusal_wakes_before_the_transaction_ends(client, talk):
    waiter = Waiter(client, **{"for": "attempts"}, where={"code": 550, "rcpt": "no@y.test"})
    talk.session(REFUSING + HELLO + MAIL.format("no@y.test"), close=False)
    client.clock.advance(0)
    assert waiter.rcpt() == (["no@y.test"], True)
    assert Waiter(client, **{"for": "attempts"}, where={"code": "5*"}).answered


def test_messages_that_were_refused_are_waited_for_when_they_are_asked_for(client, talk):
    waiter = Waiter(client, where={"refused": True})
    accepted = Waiter(client)
    talk.session(REFUSING + HELLO + MAIL.format("b@y.test") + DATA)
    client.clock.advance(0)
    assert waiter.json["messages"][0]["reply"] == "554 5.7.1 spam"
    assert not accepted.answered


def test_who_leaves_waits_no_more(client, talk):
    before = {kind: list(takes) for kind, takes in client.subscribers.items()}
    waiter = Waiter(client)
    assert client.subscribers != before
    waiter.protocol.connectionLost(Failure(ConnectionDone()))
    assert client.subscribers == before
    talk.mail("b@y.test")
    client.clock.advance(20)
    assert not waiter.answered
    assert client.clock.getDelayedCalls() == []


def test_who_was_answered_listens_no_more(client, talk):
    before = {kind: list(takes) for kind, takes in client.subscribers.items()}
    talk.mail("b@y.test")
    for body in ({}, {"for": "attempts"}, {"for": "attempts", "count": 9, "timeout": "0s"}):
        Waiter(client, **body)
    client.clock.advance(0)
    assert client.subscribers == before


def test_many_wait_for_the_same(client, talk):
    waiters = [Waiter(client, count=1 + n % 2) for n in range(20)]
    talk.mail("b@y.test")
    client.clock.advance(0)
    assert [waiter.answered for waiter in waiters] == [True, False] * 10


def test_more_than_may_wait_are_turned_away(client, monkeypatch):
    monkeypatch.setattr("mocksmtp.web.waiting.MOST_WAITING", 1)
    Waiter(client)
    assert response(Waiter(client).transport.value()).status == 503


def test_what_came_is_told_oldest_first(client):
    client.add(*(message(n, received=float(9 - n)) for n in range(1, 4)))
    assert [each["id"] for each in Waiter(client, count=3).json["messages"]] == ["A3", "A2", "A1"]


def test_without_a_journal_there_are_no_attempts_to_wait_for():
    answer = response(Waiter(Client(0, journal=(0, 0)), **{"for": "attempts"}).transport.value())
    assert (answer.status, answer.json["field"]) == (409, "for")


MISTAKES = [
    ({"for": "sessions"}, "for"),
    ({"count": 0}, "count"),
    ({"count": 1001}, "count"),
    ({"count": "1"}, "count"),
    ({"timeout": 10}, "timeout"),
    ({"timeout": "10"}, "timeout"),
    ({"timeout": "11m"}, "timeout"),
    ({"timeout": "soon"}, "timeout"),
    ({"since": "yesterday"}, "since"),
    ({"since": 5}, "since"),
    ({"where": {"code": 550}}, "where.code"),
    ({"for": "attempts", "where": {"subject": "x"}}, "where.subject"),
    ({"for": "attempts", "where": {"code": True}}, "where.code"),
    ({"where": {"rcpt": "/(/"}}, "where.rcpt"),
    ({"where": {"header": {"Subject": 1}}}, "where.header"),
    ({"where": []}, "where"),
    ({"rcpt": "b@y.test"}, "rcpt"),
]


@pytest.mark.parametrize(("body", "field"), MISTAKES)
def test_a_body_that_is_wrong_names_its_field(client, body, field):
    answer = response(Waiter(client, **body).transport.value())
    assert (answer.status, answer.json["field"]) == (422, field)


def test_what_may_be_waited_for_is_named(client):
    answer = response(Waiter(client, **{"for": "mail"}).transport.value())
    assert answer.json["detail"] == "for: messages or attempts is wanted here"

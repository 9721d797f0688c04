"""/v1/events: a stream that lives, is filtered, goes on where it broke, and waits for one who reads slowly."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest
from http_site import Client
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from mocksmtp.feed import EVENTS, KEPT, Event, Feed
from mocksmtp.smtp import facts, replies
from mocksmtp.smtp.address import Path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.stage import Stage
from mocksmtp.web.routes.events import MOST_VIEWERS, wanted_by
from mocksmtp.web.routing import Problem
from mocksmtp.web.stream import KEEP_ALIVE

CHUNK = re.compile(rb"([0-9a-f]+)\r\n")


def body(octets):
    """Undo the chunks of HTTP/1.1."""
    told, rest = b"", octets.partition(b"\r\n\r\n")[2]
    while match := CHUNK.match(rest):
        end = match.end() + int(match[1], 16)
        told, rest = told + rest[match.end() : end], rest[end + 2 :]
    return told


class Viewer:
    """A connection on which a stream was asked for."""

    def __init__(self, house, target, method, headers):
        self.transport = StringTransport()
        self.protocol = house.site.buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())

    @property
    def status(self):
        return int(self.transport.value().split()[1])

    @property
    def head(self):
        return self.transport.value().partition(b"\r\n\r\n")[0]

    @property
    def text(self):
        return body(self.transport.value()).decode()

    @property
    def events(self):
        found = re.findall(r"^id: (\d+)\nevent: (\w+)\ndata: (.*)$", self.text, re.MULTILINE)
        return [(int(number), name, json.loads(data)) for number, name, data in found]

    def leave(self):
        self.protocol.connectionLost(Failure(ConnectionDone()))


class House:
    """A site over a feed among the subscribers of facts, and a clock."""

    def __init__(self):
        self.clock = Clock()
        self.subscribers = {kind: [] for kind in get_args(facts.Fact)}
        self.feed = Feed(self.clock, self.subscribers)
        self.site = Client(0, feed=self.feed, clock=self.clock).site

    def look(self, query="", headers="", method="GET"):
        viewer = Viewer(self, "/v1/events" + query, method, headers)
        self.clock.advance(0)
        return viewer

    def happen(self, count=1, client="192.0.2.1"):
        for _ in range(count):
            for take in self.subscribers[facts.SessionClosed]:
                take(facts.SessionClosed(Conversation("S1", "smtp", "mx.test", client)))
        self.clock.advance(0)


def test_an_event_is_told_as_it_happens():
    house = House()
    viewer = house.look()
    assert b"Content-Type: text/event-stream; charset=utf-8" in viewer.head
    assert b"Cache-Control: no-store" in viewer.head
    assert viewer.text == "retry: 1000\nid: 1\n\n"
    house.happen(2)
    assert [(number, name) for number, name, _ in viewer.events] == [(2, "session_closed"), (3, "session_closed")]
    assert viewer.events[0][2]["client"] == "192.0.2.1"


def test_a_head_is_answered_without_a_stream():
    house = House()
    viewer = house.look(method="HEAD")
    assert (viewer.status, viewer.text, house.feed.viewers) == (200, "", 0)


def test_a_comment_shows_that_a_silent_stream_lives():
    house = House()
    viewer = house.look()
    house.clock.advance(KEEP_ALIVE - 1)
    house.happen()
    house.clock.advance(KEEP_ALIVE - 1)
    assert "\n:\n" not in viewer.text
    house.clock.pump([1, KEEP_ALIVE])
    assert viewer.text.endswith("\n\n:\n\n:\n\n")


def test_a_stream_goes_on_where_it_broke():
    house = House()
    first = house.look()
    house.happen()
    first.leave()
    house.happen(2)
    [(last, _, _)] = first.events
    second = house.look(headers=f"Last-Event-ID: {last}\r\n")
    assert [number for number, _, _ in second.events] == [last + 1, last + 2]


@pytest.mark.parametrize("last", ["0", "99999", "9" * 19])
def test_what_cannot_be_known_any_more_is_told_as_missed(last):
    house = House()
    viewer = house.look(headers=f"Last-Event-ID: {last}\r\n")
    [(_, name, told)] = viewer.events
    assert (name, told["count"]) == ("missed", None)


@pytest.mark.parametrize("last", ["", "x", "-1", "1.5", "²", "9" * 30])
def test_an_id_that_is_none_of_ours_is_as_none(last):
    viewer = House().look(headers=f"Last-Event-ID: {last}\r\n")
    assert (viewer.status, viewer.events) == (200, [])


def test_one_who_reads_slowly_is_not_written_to_and_is_told_what_they_missed():
    house = House()
    viewer = house.look()
    viewer.transport.producer.pauseProducing()
    before = len(viewer.transport.value())
    house.happen(KEPT + 7)
    house.clock.advance(KEEP_ALIVE)
    assert len(viewer.transport.value()) == before
    viewer.transport.producer.resumeProducing()
    house.clock.advance(0)
    numbers = [number for number, _, _ in viewer.events]
    assert viewer.events[0][1:] == ("missed", {"at": "1970-01-01T00:00:00.000000Z", "count": 7})
    assert numbers == list(range(8, KEPT + 9))


def test_a_pause_in_the_middle_of_writing_stops_it():
    house = House()
    viewer = house.look()
    write = viewer.transport.writeSequence

    def full(data):
        write(data)
        viewer.transport.producer.pauseProducing()

    viewer.transport.writeSequence = full
    house.happen(100)
    assert 0 < len(viewer.events) < 100


def test_one_who_leaves_is_forgotten():
    house = House()
    viewer = house.look()
    house.happen()
    viewer.leave()
    assert house.feed.viewers == 0
    house.clock.advance(3600)
    assert house.clock.getDelayedCalls() == []


def test_so_many_may_look_and_no_more():
    house = House()
    for _ in range(MOST_VIEWERS):
        house.look()
    assert house.look().status == 503


CLOSED = {"session": "S1", "listener": "smtp", "client": "192.0.2.1"}
REFUSED = {
    **CLOSED, "id": "A1", "mail": "", "rcpt": "Bob@Y.test", "stage": "rcpt", "code": 550, "rule": "no-such-user",
}  # fmt: skip
ACCEPTED = {**CLOSED, "id": "A2", "mail": "a@x.test", "rcpt": ["c@y.test", "d@z.test"], "code": 250, "rule": None}
HAPPENED = [
    Event(1, "command_answered", REFUSED),
    Event(2, "message_accepted", ACCEPTED),
    Event(3, "session_closed", CLOSED),
]

FILTERS = [
    ({}, [1, 2, 3]),
    ({"event": "message_accepted"}, [2]),
    ({"event": "message_accepted,session_closed"}, [2, 3]),
    ({"client": "192.0.2.*"}, [1, 2, 3]),
    ({"client": "192.0.3.*"}, []),
    ({"listener": "SMTP", "code": "5??"}, [1]),
    ({"code": "550"}, [1]),
    ({"rule": "no-*"}, [1]),
    ({"rule": "*"}, [1]),
    ({"stage": "rcpt"}, [1]),
    ({"mail": "<>"}, [1]),
    ({"mail": "x.test"}, [2]),
    ({"rcpt": "bob@y.test"}, [1]),
    ({"rcpt": "z.test"}, [2]),
    ({"rcpt": "/^[bc]/"}, [1, 2]),
    ({"rcpt": "*@y.test", "event": "message_accepted"}, [2]),
    ({"id": "a2"}, [2]),
]


@pytest.mark.parametrize(("query", "numbers"), FILTERS)
def test_a_filter_leaves_what_matches(query, numbers):
    assert [event.number for event in HAPPENED if wanted_by(query)(event)] == numbers


@pytest.mark.parametrize(("field", "text"), [("event", "nothing"), ("rcpt", ""), ("rule", "/(/")])
def test_a_filter_that_cannot_be_read_is_a_problem_that_names_its_field(field, text):
    with pytest.raises(Problem) as caught:
        wanted_by({field: text})
    assert (caught.value.status, caught.value.field) == (422, field)


def test_a_filter_holds_for_the_stream():
    house = House()
    viewer = house.look("?client=192.0.2.7&event=session_closed")
    house.happen(3)
    house.happen(1, "192.0.2.7")
    assert [told["client"] for _, _, told in viewer.events] == ["192.0.2.7"]


def test_every_event_is_documented():
    from pathlib import Path as File

    text = (File(__file__).parents[2] / "docs/api.md").read_text()
    assert [name for name, _ in EVENTS.values() if f"`{name}`" not in text] == []


def test_secrets_are_in_no_event():
    house = House()
    viewer = house.look()
    who = Conversation("S1", "smtp", "mx.test", "192.0.2.1")
    who.notes = [b"AUTH PLAIN AGFsaWNlAHMzY3JldA=="]
    path = Path("b@y.test", "b", "y.test", "b@y.test")
    for fact in (
        facts.CommandAnswered(who, Stage.AUTH, replies.OK, None, True, path),
        facts.Authenticated(who, "PLAIN", "alice"),
    ):
        for take in house.subscribers[type(fact)]:
            take(fact)
    house.clock.advance(0)
    assert [name for _, name, _ in viewer.events] == ["command_answered", "authenticated"]
    assert "AGFs" not in viewer.text

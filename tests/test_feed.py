"""The feed: which facts are told and how, what is kept, and what one who looks is told of what they missed."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from facts_told import accepted
from twisted.internet.task import Clock

from mocksmtp.feed import EVENTS, KEPT, REST, SHOWN, Feed
from mocksmtp.smtp import facts, replies
from mocksmtp.smtp.address import NULL_PATH, Path
from mocksmtp.smtp.conversation import Conversation, Tls
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.stage import Stage

MAILBOX = Path("b@y.test", "b", "y.test", "b@y.test")


def someone():
    who = Conversation("S1", "smtp", "mx.test", "192.0.2.1", 4711)
    who.helo = "me.test"
    return who


def sending(recipients=2):
    who = someone()
    who.envelope = Envelope("A1", NULL_PATH)
    who.envelope.recipients = [Recipient(MAILBOX)] * recipients
    return who


class House:
    """A feed among the subscribers of facts, and a clock."""

    def __init__(self, most=KEPT):
        self.clock = Clock()
        self.clock.advance(1.5)
        self.subscribers = {kind: [] for kind in get_args(facts.Fact)}
        self.feed = Feed(self.clock, self.subscribers, most)

    @property
    def heard(self):
        return sum(map(len, self.subscribers.values()))

    def publish(self, *happened):
        for fact in happened:
            for take in self.subscribers[type(fact)]:
                take(fact)

    def happen(self, count):
        self.publish(*[facts.SessionClosed(someone())] * count)

    def look(self, after=None, wanted=lambda event: True):
        return self.feed.open(wanted, lambda: None, after)


def taken(viewer):
    return list(iter(viewer.take, None))


def numbers(viewer):
    return [event.told["count"] if event.name == "missed" else event.number - 1501 for event in taken(viewer)]


def test_an_event_belongs_to_the_scopes_of_what_happened_and_the_end_of_a_session_to_all_of_its():
    house, who = House(), someone()
    viewer = house.look()
    who.scopes, who.scopes_seen = ("a",), ("b", "a")
    house.publish(facts.TransactionEnded(who), facts.SessionClosed(who), facts.ConnectionRefused("s", "::1", "no"))
    assert [event.scopes for event in taken(viewer)] == [("a",), ("b", "a"), ()]


WHO = {"session": "S1", "listener": "smtp", "client": "192.0.2.1"}
OPEN = {**WHO, "id": "A1", "mail": ""}
NO_MAIL = {**WHO, "id": None, "mail": None}
TOLD = [
    (
        facts.ConnectionRefused("smtp", "192.0.2.1", "no header"), "connection_refused",
        {**WHO, "session": None, "reason": "no header"},
    ),
    (facts.SessionOpened(someone(), 0.0), "session_opened", {**WHO, "port": 4711}),
    (
        facts.CommandAnswered(sending(), Stage.RCPT, replies.RECIPIENT_OK, "a-rule", True, MAILBOX),
        "command_answered",
        {**OPEN, "rcpt": "b@y.test", "helo": "me.test", "stage": "rcpt", "code": 250,
         "reply": replies.RECIPIENT_OK.text, "rule": "a-rule", "took_effect": True},
    ),
    (  # The transaction of a MAIL that was refused never began; who it was from is told all the same.
        facts.CommandAnswered(someone(), Stage.MAIL, replies.NEEDS_FROM, None, False, MAILBOX),
        "command_answered",
        {**NO_MAIL, "mail": "b@y.test", "rcpt": None, "helo": "me.test", "stage": "mail", "code": 501,
         "reply": replies.NEEDS_FROM.text, "rule": None, "took_effect": False},
    ),
    (facts.RuleMatched(sending(), Stage.RCPT, "full"), "rule_matched", {**OPEN, "stage": "rcpt", "rule": "full"}),
    (
        facts.FaultInjected(someone(), Stage.CONNECT, "delay", 2.5), "fault_injected",
        {**NO_MAIL, "stage": "connect", "fault": "delay", "seconds": 2.5},
    ),
    (
        facts.TlsStarted(someone(), Tls("1.3", "AES", "mx")), "tls_started",
        {**WHO, "version": "1.3", "cipher": "AES", "sni": "mx"},
    ),
    (
        facts.Authenticated(someone(), "PLAIN", "alice"), "authenticated",
        {**WHO, "mechanism": "PLAIN", "identity": "alice"},
    ),
    (
        accepted(sending(), sending().envelope, 9, replies.OK, "a-rule"),
        "message_accepted",
        {**OPEN, "rcpt": ["b@y.test"] * 2, "rcpt_count": 2, "octets": 9, "code": 250, "reply": replies.OK.text,
         "rule": "a-rule", "kept": True},
    ),
    (facts.TransactionEnded(someone()), "transaction_ended", WHO),
    (facts.SessionClosed(someone()), "session_closed", WHO),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "name", "told"), TOLD, ids=[f"{each[1]}-{n}" for n, each in enumerate(TOLD)])
def test_a_fact_is_told(fact, name, told):
    house = House()
    viewer = house.look()
    house.publish(fact)
    [event] = taken(viewer)
    assert (event.name, event.told) == (name, {"at": "1970-01-01T00:00:01.500000Z", **told})
    assert event.frame == b"id: 1502\nevent: %s\ndata: %s\n\n" % (name.encode(), json.dumps(event.told).encode())


def test_every_event_is_in_the_table():
    assert {name for name, _ in EVENTS.values()} == {name for _, name, _ in TOLD}


def test_of_many_recipients_the_first_are_named_and_all_are_counted():
    house = House()
    viewer = house.look()
    house.publish(accepted(sending(), sending(SHOWN + 5).envelope, 9, replies.OK))
    [event] = taken(viewer)
    assert (len(event.told["rcpt"]), event.told["rcpt_count"]) == (SHOWN, SHOWN + 5)


def test_facts_are_heard_only_while_somebody_looks_and_a_while_longer():
    house = House()
    assert house.heard == 0
    viewer = house.look()
    other = house.look()
    assert house.heard == len(EVENTS)
    house.feed.close(viewer)
    house.clock.advance(2 * REST)
    assert house.heard == len(EVENTS)
    house.feed.close(other)
    house.clock.advance(REST - 1)
    assert house.heard == len(EVENTS)
    back = house.look()
    house.clock.advance(REST)
    assert house.heard == len(EVENTS)
    house.feed.close(back)
    house.clock.advance(REST)
    assert house.heard == 0


def test_all_who_look_are_told_what_they_want():
    house = House()
    every, few = house.look(), house.look(wanted=lambda event: event.number % 2 == 0)
    house.happen(4)
    assert numbers(every) == [1, 2, 3, 4]
    assert numbers(few) == [1, 3]


def test_a_queue_is_bounded_and_what_did_not_fit_is_counted_once():
    house = House(most=3)
    viewer = house.look()
    house.happen(8)
    missed, *others = taken(viewer)
    assert (missed.name, missed.told["count"], missed.number) == ("missed", 5, 1506)
    assert [event.number for event in others] == [1507, 1508, 1509]
    house.happen(1)
    assert numbers(viewer) == [9]


BACK = [
    # The last that was seen; what comes then, of ten where three are kept: numbers, or how many were missed.
    (10, []),
    (8, [9, 10]),
    (7, [8, 9, 10]),
    (5, [2, 8, 9, 10]),
    (0, [7, 8, 9, 10]),
    # Of another process, or of before a pause: nobody knows how many.
    (-1, [None, 8, 9, 10]),
    (11, [None, 8, 9, 10]),
]


@pytest.mark.parametrize(("last", "told"), BACK)
def test_one_who_comes_back_is_told_what_happened_meanwhile(last, told):
    house = House(most=3)
    house.look()
    house.happen(10)
    assert numbers(house.look(after=1501 + last)) == told


def test_after_a_pause_nobody_knows_how_many_were_missed():
    house = House()
    viewer = house.look()
    house.happen(2)
    last = taken(viewer)[-1].number
    house.feed.close(viewer)
    house.clock.advance(REST)
    back = house.look(after=last)
    house.happen(1)
    assert [(event.name, event.told.get("count", 0)) for event in taken(back)] == [
        ("missed", None),
        ("session_closed", 0),
    ]

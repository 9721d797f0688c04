"""Near misses: the rules that did not decide, and the one thing that kept each from it."""

from __future__ import annotations

import pytest
from remembering import book_of, path

from mocksmtp.rules.context import Context
from mocksmtp.rules.near import Miss, near_misses
from mocksmtp.smtp import replies
from mocksmtp.smtp.conversation import Conversation, Tls
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.stage import Stage


def context(stage=Stage.RCPT, content=b"Subject: hello\r\n\r\nbody", params=None, tls=None, rcpt="a@x.test"):
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    who.helo, who.tls = "h.test", tls
    who.envelope = Envelope("ID", path("m@y.test"), params or {})
    if stage is not Stage.RCPT:
        who.envelope.recipients = [Recipient(path(rcpt))]
        who.content = content
    return Context(stage, who, Outcome(replies.OK, path=path(rcpt) if stage is Stage.RCPT else None))


def misses(book, asked, most=9):
    decision = book.decide(asked.stage, asked.conversation, asked.outcome)
    return near_misses(book, asked, decision, most)


def one(rule, **about):
    book, _ = book_of(f"- {{name: a, {rule}, reply: '450 no'}}")
    return [miss[1:4] for miss in misses(book, context(**about))]


# A rule, and what keeps it from holding: the condition, what it wants, and what it found.
FAILING = [
    ("when: {rcpt: '*', mail: ['*@z.test', m@z.test]}", ("mail", "mail: *@z.test or m@z.test", "m@y.test")),
    ("when: {mail: '*@y.test', rcpt: b@x.test}", ("rcpt", "rcpt: b@x.test", "a@x.test")),
    ("when: {rcpt: '*', client: [10.0.0.0/8, '::1']}", ("client", "client: 10.0.0.0/8 or ::1/128", "192.0.2.7")),
    ("when: {rcpt: '*', helo: i.test}", ("helo", "helo: i.test", "h.test")),
    ("when: {rcpt: '*', listener: smtps}", ("listener", "listener: smtps", "smtp")),
    ("when: {rcpt: '*', auth: '*'}", ("auth", "auth: *", "nothing")),
    ("when: {rcpt: '*', tls: true}", ("tls", "tls: on true", "no TLS")),
    ("when: {rcpt: '*', rcpt_count: {over: 3}}", ("rcpt_count", "rcpt_count: over 3", "1")),
    ("when: {rcpt: '*', size: {over: 5B}}", ("size", "size: over 5", "nothing")),
    ("when: {rcpt: '*', not: {mail: '*@y.test'}}", ("not", "not {mail: *@y.test}", "m@y.test")),
    ("when: {rcpt: '*', param: {SIZE: '1*'}}", ("param", "param: SIZE: 1*", "nothing")),
    ("when: {rcpt: '*', mail: {not: '*@y.test'}}", ("mail", "mail: not *@y.test", "m@y.test")),
]
AT_MESSAGE = [
    ("header: {Subject: '*casino*'}", ("header", "header: Subject: *casino*", "Subject: hello")),
    ("body: '*casino*'", ("body", "body: *casino*", "4 octets")),
    ("size: {under: 5B}", ("size", "size: under 5", "22 octets")),
]


@pytest.mark.parametrize(("rule", "miss"), FAILING)
def test_the_one_condition_that_failed_is_told(rule, miss):
    assert one(rule) == [miss]


@pytest.mark.parametrize(("condition", "miss"), AT_MESSAGE)
def test_the_message_is_looked_at_too(condition, miss):
    assert one(f"stage: message, when: {{rcpt: '*', {condition}}}", stage=Stage.MESSAGE) == [miss]


def test_what_was_found_of_tls_and_parameters_is_told():
    assert one("when: {rcpt: '*', tls: {version: '1.2'}}", tls=Tls("1.3", "X", "mx.test")) == [
        ("tls", "tls: on true, version 1.2", "TLS 1.3, sni mx.test")
    ]
    assert one("when: {rcpt: '*', param: {SIZE: '1*'}}", params={"SIZE": "22"}) == [
        ("param", "param: SIZE: 1*", "SIZE=22")
    ]


# What is not near: two conditions that fail, and one alone that looks like something else.
FAR = [
    "when: {rcpt: b@z.test, mail: m@z.test}",
    "when: {rcpt: '*@other.example.org'}",
    "stage: rcpt, when: {not: {rcpt: a@x.test}}",
    "stage: data",
]


@pytest.mark.parametrize("rule", FAR)
def test_what_is_far_is_not_told(rule):
    assert one(rule) == []


def test_a_condition_alone_is_near_where_its_pattern_looks_like_the_value():
    book, _ = book_of("- {name: a, when: {rcpt: '*@bad.example.com'}, reply: '553 no'}")
    (miss,) = misses(book, context(rcpt="a@bad.exmaple.com"))
    assert miss[:4] == ("a", "rcpt", "rcpt: *@bad.example.com", "a@bad.exmaple.com")


def test_of_several_ways_the_nearest_is_told():
    rule = "when: [{rcpt: '*@z.test', mail: m@z.test}, {rcpt: '*', mail: '*@y.test', helo: i.test}], stage: rcpt"
    assert one(rule) == [("helo", "helo: i.test", "h.test")]


def test_a_list_inside_is_one_condition():
    rule = "when: {rcpt: '*', not: [{mail: '*@y.test'}, {helo: i.test}]}"
    assert one(rule) == [("not", "not {{mail: *@y.test} or {helo: i.test}}", "m@y.test, h.test")]


def test_a_rule_that_was_not_due_tells_its_hit():
    book, clock = book_of("- {name: a, when: {rcpt: '*'}, schedule: {first: 1, within: 1m}, reply: '450 no'}")
    assert misses(book, context()) == []
    clock.advance(60)
    (miss,) = misses(book, context())
    assert miss[:4] == ("a", "schedule", "first: 1, within: 1m", "hit 2 of its key")


def test_a_rule_that_luck_spared_tells_its_chance():
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, schedule: {chance: 1%}, reply: '450 no'}")
    assert [miss[1:4] for miss in misses(book, context())] == [("schedule", "chance: 1%", "hit 1 of its key")]
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, per: rcpt, schedule: {chance: 1%}, reply: '450 no'}")
    assert [miss[1:4] for miss in misses(book, context())] == [("schedule", "chance: 1%", "hit 1 of its key")]


def test_a_rule_behind_the_one_that_decided_was_not_asked():
    book, _ = book_of(
        "- {name: a, when: {rcpt: '*@x.test'}, reply: '450 a'}\n"
        "- {name: b, when: {rcpt: '*'}, schedule: {after: 1}, reply: '450 b'}\n"
        "- {name: c, when: {rcpt: '*@z.test'}, reply: '450 c'}"
    )
    assert misses(book, context()) == [Miss("b", "order", "to be asked", "a decided before", 1.0)]
    assert len(book.counters) == 0


def test_the_nearest_come_first_and_as_many_as_are_wanted():
    book, _ = book_of(
        "- {name: one, when: {rcpt: '*', mail: no@y.test}, reply: '450 a'}\n"
        "- {name: two, when: {rcpt: '*', helo: h.test, mail: no@y.test}, reply: '450 b'}\n"
        "- {name: due, when: {rcpt: '*'}, schedule: {after: 1}, reply: '450 c'}"
    )
    assert [miss.rule for miss in misses(book, context())] == ["due", "two", "one"]
    assert len(misses(book, context(), 2)) == 2


def test_looking_moves_no_counter():
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, schedule: {after: 5}, reply: '450 no'}")
    asked = context()
    decision = book.decide(asked.stage, asked.conversation, asked.outcome)
    for _ in range(3):
        near_misses(book, asked, decision)
    assert book.counters.peek(("a",)).hits == 1


def test_what_is_long_is_cut():
    book, _ = book_of("- {name: a, stage: message, when: {rcpt: '*', header: {Subject: x}}, reply: '450 no'}")
    asked = context(stage=Stage.MESSAGE, content=b"Subject: " + b"y" * 500 + b"\r\n\r\n")
    assert misses(book, asked)[0].found == "Subject: " + "y" * 91 + "…"


def test_rules_in_two_layers_are_told_alike():
    book, _ = book_of("- {name: a, when: {rcpt: '*', mail: no@y.test}, reply: '450 a'}")
    both = book.beneath([entry.rule for entry in book.entries(Stage.RCPT)])
    assert [miss.rule for miss in misses(both, context())] == ["a", "a"]
    assert both.entries(Stage.NOOP) == []

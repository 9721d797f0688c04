"""What hits are told apart by: each word of ``per``, and what chance goes by."""

from __future__ import annotations

import pytest
from remembering import ask, book_of, reply

from mocksmtp.rules.keys import LONGEST, PER
from mocksmtp.smtp.stage import Stage

MAIL = {"Message-ID": b"Message-ID: <1@h.test>\r\n\r\nx", "other": b"Message-ID:\r\n <2@h.test>\r\n\r\nx"}

# Words, stage, one conversation, and others with whether they have the key of the first.
KEYS = [
    ("client", "rcpt", {"client": "192.0.2.1"}, [({"rcpt": "b@z.test"}, True), ({"client": "192.0.2.2"}, False)]),
    ("listener", "connect", {}, [({"session": "T"}, True), ({"listener": "smtps"}, False)]),
    ("session", "rcpt", {}, [({"mail": "n@y.test"}, True), ({"session": "T"}, False)]),
    ("helo", "rcpt", {}, [({"helo": "H.TEST"}, True), ({"helo": "i.test"}, False), ({"helo": None}, False)]),
    ("helo", "helo", {"text": "one.test"}, [({"text": "ONE.test"}, True), ({"text": "two.test"}, False)]),
    ("auth", "mail", {"auth": "alice"}, [({"auth": "Alice"}, False), ({"auth": None}, False)]),
    ("auth", "auth", {"text": "alice"}, [({"text": "alice", "helo": "x"}, True), ({"text": "bob"}, False)]),
    ("mail", "mail", {}, [({"mail": "M@Y.test"}, True), ({"mail": "m@z.test"}, False), ({"mail": ""}, False)]),
    ("mail", "rcpt", {"mail": ""}, [({"rcpt": "b@z.test", "mail": ""}, True), ({"mail": "m@y.test"}, False)]),
    ("rcpt", "rcpt", {}, [({"rcpt": "A@X.test"}, True), ({"rcpt": "b@x.test"}, False)]),
    ("rcpt_domain", "rcpt", {}, [({"rcpt": "b@X.test"}, True), ({"rcpt": "a@z.test"}, False)]),
    (
        "message_id", "message", {"content": MAIL["Message-ID"]},
        [({"content": MAIL["Message-ID"], "mail": "n@y.test"}, True), ({"content": MAIL["other"]}, False),
         ({"content": b"x"}, False)],
    ),
    (
        "[client, mail, rcpt]", "rcpt", {},
        [({"helo": "i.test"}, True), ({"client": "::1"}, False), ({"mail": "n@y.test"}, False)],
    ),
    # Without per, all are one.
    ("", "rcpt", {}, [({"client": "::1", "mail": "n@y.test", "rcpt": "b@z.test", "session": "T"}, True)]),
]  # fmt: skip


@pytest.mark.parametrize(("words", "stage", "first", "others"), KEYS)
def test_hits_are_told_apart(words, stage, first, others):
    per = f", per: {words}" if words else ""
    for other, same in others:
        book, _ = book_of(f"- {{name: a, stage: {stage}{per}, reply: '450 {{attempt}}'}}")
        assert reply(ask(book, stage=Stage(stage), **first)) == "450 1"
        assert reply(ask(book, stage=Stage(stage), **first | other)) == ("450 2" if same else "450 1")


def test_every_word_is_in_the_table():
    assert {word for words, *_ in KEYS for word in words.strip("[]").split(", ") if word} == set(PER)


@pytest.mark.parametrize("stage", ["data", "message"])
@pytest.mark.parametrize(
    ("when", "key"),
    [
        ("rcpt: '*@z.test'", "c@z.test"),
        ("rcpt: ['*@none.test', '*@Y.test']", "b@y.test"),
        ("rcpt: ['*@z.test', {not: '*@x.test'}]", "c@z.test"),
        ("rcpt: ['*@none.test', {not: '*@none.test'}]", "a@x.test"),
        ("rcpt: '*@z.test', not: {rcpt: '*@none.test'}", "c@z.test"),
        ("not: {rcpt: '*@none.test'}", "a@x.test"),
        ("mail: '*'", "a@x.test"),
    ],
)
def test_of_several_recipients_the_first_that_matched_is_the_key(stage, when, key):
    text = f"- {{name: a, stage: {stage}, when: {{{when}}}, per: rcpt, reply: '450 {{attempt}} {{rcpt}}'}}"
    book, _ = book_of(text)
    several = ["a@x.test", "b@y.test", "c@z.test"]
    assert reply(ask(book, stage=Stage(stage), recipients=several)) == f"450 1 {key}"
    assert reply(ask(book, stage=Stage(stage), recipients=[key])) == f"450 2 {key}"
    assert [kept[1:] for kept in book.counters._kept] == [(key,)]


def test_a_long_value_takes_no_more_room_than_a_short_one():
    book, _ = book_of("- {name: a, stage: message, per: message_id, reply: '450 {attempt}'}")
    for content in (b"Message-ID: " + b"x" * 10**6, b"Message-ID: " + b"x" * 10**6 + b"y"):
        assert reply(ask(book, stage=Stage.MESSAGE, content=content, recipients=["a@x.test"])) == "450 1"
    assert max(len(text) for key in book.counters._kept for text in key) <= LONGEST


CHANCE = "- {name: a, when: {rcpt: '*'}, schedule: {chance: 50%}, reply: '450 no'}"


def fates(book, times=64, **said):
    return [ask(book, **said).rule == "a" for _ in range(times)]


@pytest.mark.parametrize(
    "said", [{"helo": "i.test"}, {"auth": "alice"}, {"mail": "n@y.test"}, {"rcpt": "b@x.test"}]
)
def test_chance_without_per_goes_by_what_was_said(said):
    assert fates(book_of(CHANCE)[0]) != fates(book_of(CHANCE)[0], **said)


@pytest.mark.parametrize("other", [{"client": "::1"}, {"session": "T"}, {"listener": "smtps"}])
def test_chance_without_per_does_not_go_by_who_says_it(other):
    assert fates(book_of(CHANCE)[0]) == fates(book_of(CHANCE)[0], **other)


def test_another_seed_is_another_fate():
    assert fates(book_of(CHANCE, seed=1)[0]) != fates(book_of(CHANCE, seed=2)[0])


def test_chance_per_session_can_be_played_again_although_sessions_have_other_names():
    text = CHANCE.replace("schedule:", "per: [session, client], schedule:")
    first = fates(book_of(text)[0], session="1A2B")
    assert first == fates(book_of(text)[0], session="9F00")
    assert first != fates(book_of(text)[0], session="1A2B", client="::1")


def test_chance_with_per_goes_by_the_count_of_its_key():
    text = CHANCE.replace("schedule:", "per: client, schedule:")
    book, _ = book_of(text)
    mixed = [ask(book, f"a{number}@x.test").rule == "a" for number in range(64)]
    assert mixed == fates(book_of(text)[0])


def test_what_others_say_changes_no_fate():
    alone = fates(book_of(CHANCE)[0])
    book, _ = book_of(CHANCE)
    together = []
    for number in range(64):
        ask(book, f"a{number}@y.test")
        together += fates(book, 1)
    assert together == alone


def test_without_per_the_other_words_count_the_whole_server():
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, schedule: {chance: 100%, first: 2}, reply: '450 {attempt}'}")
    answers = [reply(ask(book, f"a{number}@x.test")) for number in range(3)]
    assert answers == ["450 1", "450 2", None]

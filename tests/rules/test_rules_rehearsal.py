"""A rehearsal is the real session and the real rules: who decides, stage by stage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dialogue import profile_of
from remembering import book_of

from mocksmtp.rules.rehearsal import Client, rehearse, words
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Abort, Close, HalfClose, Receive, Send, StartTls, Wait

CLEAR = profile_of(["users=alice:secret", "without_tls"])
DEMANDING = replace(profile_of(["users=any"]), require_tls=True)


def rows(rules="- {name: none, stage: expn, reply: '550 no'}", profile=CLEAR, **said):
    return rehearse(profile, book_of(rules)[0], Client(**said))


def told(found):
    return [(str(row.stage), row.code, row.rule) for row in found]


def test_a_message_goes_through_every_stage():
    assert told(rows(rcpts=["a@x.test", "b@x.test"], auth="alice")) == [
        ("connect", 220, None), ("helo", 250, None), ("auth", 235, None), ("mail", 250, None),
        ("rcpt", 250, None), ("rcpt", 250, None), ("data", 354, None), ("message", 250, None),
    ]  # fmt: skip


# A rule, and where the client stops: the stage, the code and who decided.
STOPS = [
    ("stage: connect, reply: '554 no'", ("connect", 554, "a")),
    ("stage: connect, then: close", ("connect", 220, "a")),
    ("when: {helo: '*'}, reply: '550 no'", ("helo", 550, "a")),
    ("stage: auth, reply: '454 later'", ("auth", 454, "a")),
    ("when: {mail: '*'}, reply: '421 down'", ("mail", 421, "a")),
    ("when: {rcpt: '*'}, reply: '450 no'", ("rcpt", 450, "a")),
    ("stage: data, reply: '451 no'", ("data", 451, "a")),
    ("stage: data, fault: {close: {after_octets: 5}}", ("data", 354, None)),
    ("stage: message, fault: {reset: before}", ("message", 250, None)),
    ("when: {header: {Subject: '*'}}, reply: ['554 a', '554 b']", ("message", 554, "a")),
]


@pytest.mark.parametrize(("rule", "last"), STOPS)
def test_the_client_stops_where_it_is_stopped(rule, last):
    found = rows(f"- {{name: a, {rule}}}", rcpts=["a@x.test"], auth="alice")
    assert told(found)[-1] == last
    assert "a" in found[-1].matched


def test_one_recipient_that_is_refused_does_not_stop_it():
    found = rows("- {name: a, when: {rcpt: a@x.test}, reply: '550 no'}", rcpts=["a@x.test", "b@x.test"])
    assert [code for stage, code, _ in told(found) if stage in ("rcpt", "message")] == [550, 250, 250]
    closing = "- {name: a, when: {rcpt: a@x.test}, reply: '421 no'}"
    assert told(rows(closing, rcpts=["b@x.test", "a@x.test"]))[-1] == ("rcpt", 421, "a")
    assert told(rows())[-1] == ("mail", 250, None)


@pytest.mark.parametrize(
    ("profile", "said", "expected"),
    [
        (DEMANDING, {}, ["connect", "helo", "starttls", "helo", "mail"]),
        (DEMANDING, {"tls": False}, ["connect", "helo", "mail"]),
        (CLEAR, {"tls": True}, ["connect", "helo", "starttls", "helo", "mail"]),
        (profile_of([]), {"auth": "bob"}, ["connect", "helo", "starttls", "helo", "auth"]),
        (replace(profile_of([]), implicit_tls=True), {"tls": True}, ["starttls", "connect", "helo", "mail"]),
        (profile_of(["hide=STARTTLS"]), {"auth": "bob"}, ["connect", "helo", "auth"]),
    ],
)
def test_tls_begins_where_it_is_wanted_or_needed(profile, said, expected):
    assert [str(row.stage) for row in rows(profile=profile, **said)] == expected


def test_a_refused_starttls_goes_on_in_clear():
    rule = "- {name: a, stage: starttls, reply: '454 no'}"
    assert told(rows(rule, tls=True))[-2:] == [("starttls", 454, "a"), ("mail", 250, None)]


def test_the_handshake_of_an_implicit_port_is_told_where_rules_are_asked():
    profile = replace(profile_of(["hide=STARTTLS"]), implicit_tls=True)
    found = rows("- {name: a, stage: starttls, fault: {certificate: expired}}", profile)
    assert told(found)[:2] == [("starttls", None, None), ("connect", 220, None)]
    assert (found[0].matched, found[0].wire, found[0].steps) == (("a",), b"", ("a certificate: expired",))


def test_lmtp_answers_for_each_recipient():
    profile = replace(profile_of(["hide=STARTTLS"]), lmtp=True)
    rule = "- {name: a, stage: message, when: {rcpt: b@x.test}, reply: '450 no'}"
    found = rows(rule, profile, rcpts=["a@x.test", "b@x.test"])
    assert found[1].said == "LHLO client.test"
    assert told(found)[-2:] == [("message", 250, None), ("message", 450, "a")]
    assert found[-1].wire == b"450 no\r\n"


def test_the_wire_is_what_a_fault_made_of_the_reply():
    (row,) = [
        row
        for row in rows("- {name: a, when: {mail: '*'}, fault: {raw: '250 x\\xFF'}, delay: 2s}")
        if row.stage is Stage.MAIL
    ]
    assert row.wire.startswith(b"250 x")
    assert row.steps == ("waits 2 s",)


def test_what_the_protocol_refuses_is_asked_of_no_rule():
    found = rows("- {name: a, stage: rcpt, reply: '450 no'}", rcpts=["not a mailbox"])
    assert (found[-1].code, found[-1].asked, found[-1].rule) == (553, False, None)


# What is said of the message, what MAIL then announces, and the octets that are counted.
SIZES = [
    ({}, "SIZE=57", 57),
    ({"size": 1000}, "SIZE=1000", 1000),
    ({"size": 5}, "SIZE=5", 57),
    ({"content": b"A: b\n\n.x\n"}, "SIZE=12", 12),
    ({"content": b"A: b\r\n\r\n.x"}, "SIZE=12", 12),
    ({"content": b"A: b\n\nx\n", "size": 7}, "SIZE=7", 11),
]


@pytest.mark.parametrize(("said", "announced", "counted"), SIZES)
def test_the_size_is_announced_and_counted(said, announced, counted):
    rule = "- {name: a, stage: message, when: {size: {over: 10B}}, reply: '250 2.0.0 {attempt}'}"
    found = rows(rule, rcpts=["a@x.test"], **said)
    assert found[2].said == f"MAIL FROM:<sender@client.test> {announced}"
    assert found[-1].said == f"(message of {counted} octets)"
    assert found[-1].wire == b"250 2.0.0 1\r\n"


def test_addresses_may_be_written_with_their_brackets_and_in_utf8():
    found = rows(mail="<>", rcpts=["<jürgen@x.test>"])
    assert [row.said for row in found[2:4]] == ["MAIL FROM:<> SIZE=39 SMTPUTF8", "RCPT TO:<jürgen@x.test>"]
    assert found[3].code == 250


@pytest.mark.parametrize("said", [{"helo": "a\r\nRSET"}, {"rcpts": ["a@x.test\n"]}, {"auth": "\x00"}])
def test_nothing_is_said_in_more_than_one_line(said):
    with pytest.raises(ValueError, match="cannot be said in one line"):
        Client(**said)


def test_the_password_that_is_configured_is_used_and_never_told():
    found = rows(auth="alice")
    assert (found[2].code, found[2].said) == (235, "AUTH PLAIN (alice)")
    assert (rows(auth="bob")[2].code, rows(profile=DEMANDING, auth="bob")[4].code) == (535, 235)


def test_a_rehearsal_counts_on_from_one_to_the_next():
    book, clock = book_of("- {name: a, when: {rcpt: '*'}, schedule: {within: 5m}, reply: '450 {retry_after}'}")
    said = Client(rcpts=["a@x.test"])
    codes = []
    for _ in range(3):
        codes.append(rehearse(CLEAR, book, said)[3].wire)
        clock.advance(150)
    assert codes[:2] == [b"450 300\r\n", b"450 150\r\n"]
    assert codes[2].startswith(b"250")
    assert rehearse(CLEAR, book.rehearsal(lambda: 0.0), said)[3].near == ()


def test_a_large_body_is_searched_too():
    rule = "- {name: a, when: {body: '/needle/'}, schedule: {first: 1}, reply: '554 no'}"
    assert told(rows(rule, rcpts=["a@x.test"], content=b"\n" + b"x" * 2**21 + b"needle\n"))[-1][2] == "a"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Send(b"250 OK\r\n"), []),
        (Wait(0.25), ["waits 0.25 s"]),
        (Wait(float("inf")), ["waits for ever"]),
        (Close(), ["closes"]),
        (HalfClose(), ["closes its half"]),
        (Abort(), ["resets the connection"]),
        (StartTls(), []),
        (StartTls("expired", "stall"), ["a certificate: expired and a handshake: stall"]),
        (Receive(rate=10.0), ["reads at 10 octets a second"]),
        (Receive(after_octets=5, then=(Abort(),)), ["after 5 octets of mail data: resets the connection"]),
        (Receive(after_octets=5), ["after 5 octets of mail data: goes on"]),
    ],
)
def test_steps_are_told_in_words(step, text):
    assert words([step]) == text

"""Replies as rules word them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.config.conditions import read_when
from mocksmtp.rules.context import Context
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.template import ReplyTemplate, TextTemplate
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import NULL_PATH, Path
from mocksmtp.smtp.conversation import Conversation, Tls
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.stage import Stage


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("550 5.1.1 no", b"550 5.1.1 no\r\n"),
        ("250 OK", b"250 OK\r\n"),
        ("250", b"250 \r\n"),
        (["550 5.1.1 a", "550 5.1.1 b"], b"550-5.1.1 a\r\n550 5.1.1 b\r\n"),
        ({"code": 452, "enhanced": "4.5.3", "text": ["a", "b"]}, b"452-4.5.3 a\r\n452 4.5.3 b\r\n"),
        ({"code": 250, "text": "x"}, b"250 x\r\n"),
    ],
)
def test_a_reply_is_sent_as_written(value, wire):
    reply = ReplyTemplate.parse(value).constant
    assert (reply.wire, reply.bare) == (wire, wire)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no", "begins with its code"),
        ("199 x", "no reply code"),
        ("660 x", "no reply code"),
        ("260 x", "second digit"),
        (["550 a", "551 b"], "one code for all lines"),
        ([], "at least one line"),
        ("550 a\nb", "CR or LF"),
        ("550 " + "x" * 600, "512 octets"),
        ("550 {rctp}", "did you mean {rcpt}"),
        ({"code": "x"}, "code is a number"),
        ({"code": 550, "enhanced": "9.9"}, "enhanced is a code"),
    ],
)
def test_a_bad_reply_is_refused_in_plain_words(value, reason):
    with pytest.raises(ValueError, match=reason.replace("{", r"\{")):
        ReplyTemplate.parse(value)


def test_placeholders_are_known_from_their_stage_on():
    ReplyTemplate.parse("550 {rcpt}").check(Stage.RCPT)
    ReplyTemplate.parse("550 {mail}").check(Stage.NOOP)
    for text, stage in (("550 {rcpt}", Stage.MAIL), ("550 {helo}", Stage.CONNECT), ("550 {reason}", Stage.RCPT)):
        with pytest.raises(ValueError):
            ReplyTemplate.parse(text).check(stage)


def context(helo="client", stage=Stage.MESSAGE, params=None):
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    who.helo, who.auth, who.tls = helo, "alice", Tls("1.3", "X")
    who.envelope = Envelope("ID", Path("a@b", "a", "b", "a@b"), params or {})
    who.envelope.recipients = [Recipient(NULL_PATH)]
    return Context(stage, who, Outcome(replies.OK, text="said"))


def test_every_placeholder_is_filled():
    text = "550 {hostname} {listener} {client} {helo} {auth} {tls} {mail} {id} [{rcpt}]"
    reply = ReplyTemplate.parse(text).render(context())
    assert reply.lines == ("mx.test smtp 192.0.2.7 client alice 1.3 a@b ID []",)
    assert ReplyTemplate.parse("550 {helo}").render(context(stage=Stage.HELO)).lines == ("said",)
    assert ReplyTemplate.parse("550 {auth}").render(context(stage=Stage.AUTH)).lines == ("said",)


def test_what_is_not_known_yet_is_empty():
    empty = Context(Stage.QUIT, Conversation("S", "smtp", "mx", "::1"), Outcome(replies.OK))
    assert ReplyTemplate.parse("221 {mail}{id}{rcpt}{tls}{helo}{auth}.").render(empty).lines == (".",)


def test_a_placeholder_in_what_a_client_sent_stays_what_it_is():
    assert ReplyTemplate.parse("550 {helo}").render(context("{mail}")).lines == ("{mail}",)


def test_utf8_stays_only_after_smtputf8():
    template = ReplyTemplate.parse("550 {helo}")
    assert template.render(context("bü")).lines == ("b?",)
    assert template.render(context("bü", params={"SMTPUTF8": None})).lines == ("bü",)


@given(st.text(max_size=700))
def test_nothing_a_client_sends_breaks_a_reply_line(helo):
    for params in ({}, {"SMTPUTF8": None}):
        wire = ReplyTemplate.parse("550 5.0.0 {helo}!").render(context(helo, params=params)).wire
        assert len(wire) <= 512
        assert wire.startswith(b"550 5.0.0 ")
        assert wire.count(b"\r") == wire.count(b"\n") == 1
        assert wire.endswith(b"\r\n")


def test_a_banner_knows_hostname_and_listener_only():
    assert TextTemplate.parse("{hostname}!", ("hostname",)).fill({"hostname": "mx"}) == "mx!"
    with pytest.raises(ValueError):
        TextTemplate.parse("{rcpt}", ("hostname", "listener"))


@pytest.mark.parametrize(
    ("when", "stages"),
    [
        ({"helo": "x"}, (Stage.HELO,)),
        ({"mail": "x"}, (Stage.MAIL,)),
        ({"auth": "x"}, (Stage.MAIL,)),
        ({"mail": "x", "rcpt": "y"}, (Stage.RCPT,)),
        ({"rcpt_count": {"over": 1}}, (Stage.RCPT,)),
        ({"param": {"SIZE": "*"}}, (Stage.MAIL,)),
        ({"param": {"NOTIFY": "*"}}, (Stage.RCPT,)),
        ({"header": {"A": "*"}}, (Stage.MESSAGE,)),
        ({"body": "x"}, (Stage.MESSAGE,)),
        ({"size": {"over": 1.0}}, (Stage.MAIL, Stage.MESSAGE)),
        ({"size": {"over": 1.0}, "rcpt": "x"}, (Stage.RCPT, Stage.MESSAGE)),
        ({"size": {"over": 1.0}, "body": "x"}, (Stage.MESSAGE,)),
        ({"not": {"rcpt": "x"}}, (Stage.RCPT,)),
    ],
)
def test_the_stage_is_the_latest_that_is_spoken_of(when, stages):
    assert Rule("r", read_when(when), reply=ReplyTemplate.parse("550 x")).stages == stages


@pytest.mark.parametrize(
    ("when", "stage"),
    [({"client": "::1"}, None), ({}, None), ({"rcpt": "x"}, Stage.MAIL), ({"body": "x"}, Stage.DATA)],
)
def test_a_stage_that_cannot_be_is_refused(when, stage):
    with pytest.raises(ValueError):
        Rule("r", read_when(when), stage, ReplyTemplate.parse("550 x"))


def test_auth_may_be_asked_about_at_auth():
    assert Rule("r", read_when({"auth": "x"}), Stage.AUTH, ReplyTemplate.parse("535 x")).stages == (Stage.AUTH,)

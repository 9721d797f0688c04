"""Each condition: one row a case."""

from __future__ import annotations

import pytest

from mocksmtp.config.conditions import read_when
from mocksmtp.config.tree import read
from mocksmtp.rules.context import Context
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import parse_path
from mocksmtp.smtp.conversation import Conversation, Tls
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.syntax import Addresses

CONTENT = b"Subject: cheap\r\n stuff\r\nX-A: one\r\nX-A: two\r\nno colon\r\n\r\nbody \xe9 line\r\nnext\r\n"


def path(text):
    return parse_path(text.encode(), Addresses.STRICT, True)


def context(stage=Stage.MESSAGE):
    who = Conversation("S", "submission", "mx.test", "192.0.2.7")
    who.helo, who.esmtp, who.auth = "Client.Test", True, "alice"
    who.tls = Tls("1.3", "X", "mx.test")
    who.envelope = Envelope("ID", path("Sender@Example.org"), {"SIZE": "1000", "BODY": "8BITMIME"})
    who.envelope.recipients = [
        Recipient(path("a@x.test"), {"NOTIFY": "SUCCESS,DELAY"}),
        Recipient(path("b@xn--bcher-kva.test")),
    ]
    who.content = CONTENT if stage is Stage.MESSAGE else None
    asked = path("c@y.test") if stage is Stage.RCPT else None
    return Context(stage, who, Outcome(replies.OK, path=asked))


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("{listener: submission}", True),
        ("{listener: smtp}", False),
        ("{client: 192.0.2.0/24}", True),
        ("{client: [10.0.0.0/8, 192.0.2.7]}", True),
        ("{client: '2001:db8::/32'}", False),
        ("{helo: client.test}", True),
        ("{helo: '*.test'}", True),
        ("{helo: /^test/}", False),
        ("{tls: true}", True),
        ("{tls: false}", False),
        ("{tls: {version: 1.3, sni: '*.test'}}", True),
        ("{tls: {version: 1.2}}", False),
        ("{auth: '*'}", True),
        ("{not: {auth: '*'}}", False),
        ("{mail: sender@example.org}", True),
        ("{mail: example.org}", True),
        ("{mail: '*.org'}", True),
        ("{mail: org}", False),
        ("{mail: '<>'}", False),
        ("{mail: '*'}", True),
        ("{rcpt: b@bücher.test}", True),
        ("{rcpt: [z@z.test, '/^A@/']}", True),
        ("{rcpt: {not: [a@x.test, q@q.test]}}", False),
        ("{rcpt: {not: q@q.test}}", True),
        ("{not: {rcpt: a@x.test}}", False),
        ("{not: [{rcpt: q@q.test}, {helo: other}]}", True),
        ("[{rcpt: q@q.test}, {helo: client.*}]", True),
        ("{param: {BODY: 8bitmime}}", True),
        ("{param: {body: 7BIT}}", False),
        ("{param: {SMTPUTF8: '*'}}", False),
        ("{param: {notify: '*success*'}}", True),
        ("{param: {NOTIFY: '/^NEVER$/'}}", False),
        ("{param: {NOTIFY: '*', BODY: 8BITMIME}}", True),
        ("{size: {over: 50B}}", True),
        ("{size: {over: 50B, under: 60B}}", False),
        ("{rcpt_count: {over: 1}}", True),
        ("{rcpt_count: {over: 2}}", False),
        ("{header: {subject: 'cheap stuff'}}", True),
        ("{header: {X-A: two}}", True),
        ("{header: {X-B: '*'}}", False),
        ("{header: {Subject: '*stuff*', X-A: three}}", False),
        ("{body: '*line*next*'}", True),
        ("{body: '/\\xe9 LINE/'}", True),
        ("{body: absent}", False),
    ],
)
def test_a_condition_holds_or_does_not(when, holds):
    assert read_when(read(f"when: {when}", "t").value["when"]).test()(context()) is holds


def test_what_is_asked_about_at_rcpt_is_the_new_recipient():
    when = read_when(read("{rcpt: c@y.test, rcpt_count: {over: 2}}", "t").value)
    assert when.test()(context(Stage.RCPT))


def test_before_the_message_size_is_what_was_declared():
    when = read_when(read("{size: {over: 999B}}", "t").value)
    assert when.test()(context(Stage.RCPT))


@pytest.mark.parametrize(
    ("content", "headers", "body"),
    [
        (b"", {}, ""),
        (b"\r\nonly body\r\n", {}, "only body\r\n"),
        (b"A: b\r\n", {"a": ["b"]}, ""),
        (b"A: b\r\n\r\nx", {"a": ["b"]}, "x"),
    ],
)
def test_header_and_body_are_cut_at_the_first_empty_line(content, headers, body):
    asked = context()
    asked.conversation.content = content
    assert (asked.headers, asked.body) == (headers, body)


def test_without_a_transaction_nothing_of_it_matches():
    who = Conversation("S", "smtp", "mx.test", "not an address")
    asked = Context(Stage.NOOP, who, Outcome(replies.OK))
    for when in ("{mail: '*'}", "{rcpt: '*'}", "{helo: '*'}", "{size: {over: 0B}}", "{param: {A: '*'}}"):
        assert not read_when(read(when, "t").value).test()(asked)
    assert not read_when(read("{client: 0.0.0.0/0, rcpt_count: {under: 1}}", "t").value).test()(asked)

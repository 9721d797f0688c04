"""Sending one message: dialogues with a server that reads its part from a list."""

from __future__ import annotations

import ssl

import pytest

from mocksmtp.client.sending import Dialogue, Login, Order, Refused, Tls, accepted, stuffed, with_crlf
from mocksmtp.smtp.reply import Reply

GREETING, BYE = "220 mx.test ready", "221 Bye"
CONTENT = b"Subject: x\n\nHello.\n"


class Script:
    """A connection whose server says what a list says, whatever it hears."""

    address_literal = "[192.0.2.1]"
    tls_version = "TLSv1.3"

    def __init__(self, *replies):
        self.replies = list(replies)
        self.sent = []
        self.handshakes = 0

    def read_reply(self):
        code, _, text = self.replies.pop(0).partition(" ")
        return Reply(int(code), tuple(text.split(" / ")))

    def send(self, line):
        self.sent.append(line)

    def send_octets(self, octets):
        self.sent.append(octets)

    def start_tls(self, _context):
        self.handshakes += 1


def order(rcpt=("a@x.test",), **more):
    return Order("me@y.test", rcpt, more.pop("content", CONTENT), "client.test", **more)


def play(wanted, *replies, implicit=False):
    script, told = Script(*replies), []
    dialogue = Dialogue(script, lambda who, line: told.append(f"{who}: {line}"), ssl.create_default_context())
    taken = dialogue.send(wanted, implicit)
    assert script.replies == []
    return taken, script, told


def test_a_message_is_sent_and_every_line_is_told():
    taken, script, told = play(
        order(), GREETING, "250 mx.test / SIZE 1000 / HELP", "250 OK", "250 OK", "354 Go", "250 Queued", BYE
    )
    assert taken == 1
    assert script.sent[-2] == b"Subject: x\r\n\r\nHello.\r\n.\r\n"
    assert told == [
        "S: 220 mx.test ready", "C: EHLO client.test", "S: 250-mx.test", "S: 250-SIZE 1000", "S: 250 HELP",
        "C: MAIL FROM:<me@y.test> SIZE=22", "S: 250 OK", "C: RCPT TO:<a@x.test>", "S: 250 OK", "C: DATA",
        "S: 354 Go", "=: 22 octets of mail data", "C: .", "S: 250 Queued", "C: QUIT",
        "S: 221 Bye",
    ]  # fmt: skip


def test_recipients_that_are_refused_are_left_out():
    taken, _, _ = play(
        order(("a@x.test", "b@x.test")), GREETING, "250 mx", "250 OK", "550 No", "250 OK", "354 Go", "250 OK", BYE
    )
    assert taken == 1


def test_without_a_recipient_there_is_no_data():
    taken, script, _ = play(order(), GREETING, "250 mx", "250 OK", "553 No", BYE)
    assert taken == 0
    assert script.sent[-1] == "QUIT"


def test_lmtp_has_a_reply_for_each_recipient():
    taken, script, _ = play(
        order(("a@x.test", "b@x.test"), lmtp=True),
        GREETING, "250 mx", "250 OK", "250 OK", "250 OK", "354 Go", "250 OK", "452 Full", BYE,
    )  # fmt: skip
    assert taken == 1
    assert script.sent[0] == "LHLO client.test"


def test_an_old_server_is_greeted_by_helo():
    _, script, _ = play(order(), GREETING, "502 What?", "250 mx", "250 OK", "250 OK", "354 Go", "250 OK", BYE)
    assert script.sent[:3] == ["EHLO client.test", "HELO client.test", "MAIL FROM:<me@y.test>"]


MAIL = ("250 OK", "250 OK", "354 Go", "250 OK", BYE)


@pytest.mark.parametrize(
    ("tls", "implicit", "offers", "handshakes"),
    [
        (Tls.AUTO, False, "STARTTLS", 1),
        (Tls.AUTO, False, "HELP", 0),
        (Tls.OFF, False, "STARTTLS", 0),
        (Tls.STARTTLS, False, "STARTTLS", 1),
        (Tls.IMPLICIT, True, "STARTTLS", 1),
    ],
)
def test_tls_begins_when_it_is_asked_for(tls, implicit, offers, handshakes):
    upgrade = ("220 Go ahead", "250 mx") if handshakes and not implicit else ()
    _, script, _ = play(order(tls=tls), GREETING, f"250 mx / {offers}", *upgrade, *MAIL, implicit=implicit)
    assert script.handshakes == handshakes


@pytest.mark.parametrize(
    ("login", "offers", "replies", "lines"),
    [
        (Login("bob", "s"), "AUTH PLAIN LOGIN", ["235 OK"], ["AUTH PLAIN AGJvYgBz"]),
        (
            Login("bob", "s"), "AUTH LOGIN", ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 OK"],
            ["AUTH LOGIN", "Ym9i", "cw=="],
        ),
        (
            # RFC 2195 section 2
            Login("tim", "tanstaaftanstaaf"), "AUTH CRAM-MD5",
            ["334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", "235 OK"],
            ["AUTH CRAM-MD5", "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"],
        ),
        (
            Login("bob", "s", "LOGIN"), "AUTH PLAIN LOGIN", ["334 x", "334 x", "235 OK"],
            ["AUTH LOGIN", "Ym9i", "cw=="],
        ),
    ],
)  # fmt: skip
def test_login(login, offers, replies, lines):
    _, script, told = play(order(login=login), GREETING, f"250 mx / {offers}", *replies, *MAIL)
    assert script.sent[1 : 1 + len(lines)] == lines
    assert not any(lines[-1] in line for line in told)


@pytest.mark.parametrize(
    ("wanted", "replies", "words"),
    [
        ({}, ["554 5.7.1 No service"], "554 5.7.1 No service"),
        ({"tls": Tls.STARTTLS}, [GREETING, "250 mx"], "STARTTLS is not offered here"),
        ({"login": Login("a", "b")}, [GREETING, "250 mx / AUTH GSSAPI"], "the server offers GSSAPI for AUTH"),
        ({"login": Login("a", "b")}, [GREETING, "250 mx"], "the server offers nothing for AUTH"),
        ({"login": Login("a", "b")}, [GREETING, "250 mx / AUTH PLAIN", "535 5.7.8 No"], "535 5.7.8 No"),
        ({"login": Login("a", "b")}, [GREETING, "250 mx / AUTH CRAM-MD5", "334 ???"], "not base64"),
        ({"login": Login("a", "b", "X")}, [GREETING, "250 mx / AUTH PLAIN"], "X is not known here"),
        ({}, [GREETING, "250 mx", "553 5.1.7 Bad"], "553 5.1.7 Bad"),
        ({}, [GREETING, "250 mx", "250 OK", "250 OK", "451 Later"], "451 Later"),
    ],
)
def test_what_the_server_refuses_is_said(wanted, replies, words):
    with pytest.raises(Refused, match=words.replace("?", r"\?")):
        play(order(**wanted), *replies)


def test_parameters_are_given_where_they_are_needed_and_offered():
    offers = "250 mx / 8BITMIME / SMTPUTF8"
    _, script, _ = play(order(("ü@x.test",), content="ü".encode()), GREETING, offers, *MAIL)
    assert script.sent[1] == "MAIL FROM:<me@y.test> BODY=8BITMIME SMTPUTF8"


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"", b".\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\nb\rc\r\n", b"a\r\nb\r\nc\r\n.\r\n"),
        (b".\n..\na.", b"..\r\n...\r\na.\r\n.\r\n"),
    ],
)
def test_dots_are_doubled_and_lines_end_with_crlf(content, sent):
    assert stuffed(with_crlf(content)) == sent


@pytest.mark.parametrize(
    ("taken", "words"), [(2, "accepted"), (1, "accepted for 1 of 2 recipients"), (0, "refused")]
)
def test_the_outcome_in_words(taken, words):
    assert accepted(("a", "b"), taken) == words

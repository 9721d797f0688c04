"""What mail says of itself: any octets give a document."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.envelope import Message
from mocksmtp.web.mail import decoded
from mocksmtp.web.message import summary, whole

PIECES = [
    b"Subject: ", b"Content-Type: ", b"text/plain", b"multipart/mixed", b"; boundary=b", b"; charset=nope", b"--b",
    b"--b--", b"\r\n", b"\r\n\r\n", b" ", b"Content-Transfer-Encoding: base64", b"quoted-printable", b"=?utf-8?b?",
    b"?=", b"=?nope?q?x?=", b"=?utf-8?b?x?=", b"\xff\xfe", "ü".encode(), b"\x00", b"=", b"text", b"message/rfc822",
]  # fmt: skip


def message(content):
    return Message.of("A1", "S", "smtp", "::1", "", None, None, NULL_PATH, {}, (), content, 0.0)


def told(content):
    return json.loads(whole(message(content)).model_dump_json().encode())


@given(st.binary(max_size=300))
def test_any_octets_give_a_document(content):
    assert told(content)["size"] == len(content)


@given(st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))
def test_pieces_of_mail_give_a_document(content):
    assert json.loads(summary(message(content)).model_dump_json()).items() <= told(content).items()


SUBJECTS = [
    (b"Subject: plain\r\n\r\n", "plain"),
    (b"X: 1\r\n\r\nSubject: in the body\r\n", None),
    (b"Subject: =?utf-8?b?w7w=?=\r\n\r\n", "ü"),
    (b"Subject: =?iso-8859-1?q?=FC?= and =?utf-8?q?=C3=BC?=\r\n\r\n", "ü and ü"),
    (b"Subject: =?nope?q?x?=\r\n\r\n", "=?nope?q?x?="),
    # RFC 6532: after SMTPUTF8 a header is UTF-8; what is no UTF-8 cannot be shown.
    ("SUBJECT: Grüße 日本\r\n\r\n".encode(), "Grüße 日本"),
    (b"Subject: \xfc\r\n\r\n", "\ufffd"),
    (b"Subject:\r\n\r\n", ""),
    (b"", None),
]


@pytest.mark.parametrize(("content", "subject"), SUBJECTS)
def test_a_subject_is_decoded_where_it_can_be(content, subject):
    assert summary(message(content)).subject == subject


def test_a_header_in_utf_8_is_shown_as_it_is():
    assert told("X-Name: ü\r\nFrom: ü@b.test\r\n\r\n".encode())["headers"] == [
        {"name": "X-Name", "value": "ü"},
        {"name": "From", "value": "ü@b.test"},
    ]


def test_plain_text_decodes_to_itself():
    assert decoded("no encoded word") == "no encoded word"


PART = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n%s\r\n--b--\r\n"
TEXTS = [
    (b"\r\nhello", "hello"),
    (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xfc", "ü"),
    (b"Content-Type: text/plain; charset=nope\r\n\r\n\xc3\xbc", "ü"),
    (b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=", "hello"),
    (b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC", "ü"),
    (b"Content-Type: text/html\r\n\r\n<p>", ""),
    (PART % b"Content-Type: text/html\r\n\r\n<p>\r\n--b\r\nContent-Type: text/plain\r\n\r\nsecond", "second"),
]


@pytest.mark.parametrize(("content", "text"), TEXTS)
def test_the_text_is_the_first_plain_part(content, text):
    assert told(content)["text"] == text


def test_parts_nested_without_end_still_show_the_header():
    content = b"Subject: deep\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3000
    assert told(content)["subject"] == "deep"


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: =?\xc3\xa9?q?x?=",
        b"Content-Type: multipart/mixed; boundary*=a\x00b'x'y",
        b"Content-Type: multipart/mixed; boundary*=idna''%ff%fe",
        b"Subject: =?utf-7?Q?+2AA-?=",
        b"Content-Type: text/plain; charset=idna",
        b"Content-Type: text/plain; charset=unicode_escape",
    ],
)
def test_mail_that_breaks_the_parser_is_shown_all_the_same(head):
    assert told(head + b"\r\n\r\n\\ud800\r\n")["size"] == len(head) + 12

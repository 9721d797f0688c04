"""The parts of mail: shown, or saved, and never a reason to fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web.test_web_mail import PIECES

from mocksmtp.web.parts import first, parts

MIXED = b"""Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
Content-Type: text/plain; charset=iso-8859-1\r
\r
\xfc\r
--a\r
Content-Type: text/html\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>=C3=BC</p>\r
--a--\r
--m\r
Content-Type: application/pdf; name="../a \x22b.pdf"\r
Content-Disposition: attachment; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.pdf?="\r
Content-Transfer-Encoding: base64\r
\r
JVBERg==\r
--m\r
Content-Type: image/png\r
\r
png\r
--m\r
Content-Type: text/plain; charset=nope\r
Content-Disposition: attachment\r
\r
notes\r
--m--\r
"""


def test_parts_are_told_in_their_order():
    told = [(each.number, each.content_type, each.name, each.attached, each.octets) for each in parts(MIXED)]
    assert told == [
        (0, "text/plain", None, False, b"\xfc"),
        (1, "text/html", None, False, "<p>ü</p>".encode()),
        (2, "application/pdf", "Grüße.pdf", True, b"%PDF"),
        (3, "image/png", None, True, b"png"),
        (4, "text/plain", None, True, b"notes"),
    ]


@pytest.mark.parametrize(("content_type", "text"), [("text/plain", "ü"), ("text/html", "<p>ü</p>")])
def test_the_first_of_a_type_is_shown(content_type, text):
    found = first(parts(MIXED), content_type)
    assert found is not None
    assert found.text == text
    assert first(parts(b"Subject: x\r\n\r\nhi"), "text/html") is None


def test_a_charset_that_nobody_knows_is_read_as_utf_8():
    assert parts(MIXED)[4].text == "notes"


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))
def test_any_octets_have_parts_whose_text_can_be_sent(content):
    for part in parts(content):
        part.text.encode()

"""The parts of mail: shown, or saved, and never a reason to fail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from web.test_web_mail import PIECES

from mocksmtp.web.mail import MOST, take_apart

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


def parts(content):
    return take_apart(content).parts


def test_parts_are_told_in_their_order():
    told = [(each.number, each.content_type, each.name, each.attached, each.octets) for each in parts(MIXED)]
    assert told == [
        (1, "text/plain", None, False, b"\xfc"),
        (2, "text/html", None, False, "<p>ü</p>".encode()),
        (3, "application/pdf", "Grüße.pdf", True, b"%PDF"),
        (4, "image/png", None, True, b"png"),
        (5, "text/plain", None, True, b"notes"),
    ]


def test_the_first_text_and_the_first_html_are_shown():
    apart = take_apart(MIXED)
    assert (apart.text.text, apart.html.text) == ("ü", "<p>ü</p>")
    assert take_apart(b"Subject: x\r\n\r\nhi").html is None


def test_so_many_parts_are_looked_at():
    bomb = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * (MOST + 10) + b"--b--\r\n"
    assert len(parts(bomb)) == MOST


def test_a_charset_that_nobody_knows_is_read_as_utf_8():
    assert parts(MIXED)[4].text == "notes"


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))
def test_any_octets_have_parts_whose_text_can_be_sent(content):
    for part in parts(content):
        part.text.encode()

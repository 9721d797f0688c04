"""Pages: what they tell, and that what a client said stays text."""

from __future__ import annotations

import re

import pytest
from web.test_web_parts import MIXED
from web.test_web_site import Client, message

from mocksmtp.journal import Journal
from mocksmtp.rules.hits import Hits
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.steering import standing
from mocksmtp.rules.template import ReplyTemplate
from mocksmtp.smtp import facts
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.notes import SENT
from mocksmtp.smtp.profile import Profile
from mocksmtp.smtp.stage import Stage
from mocksmtp.web.pages.rows import Row
from mocksmtp.web.routes.message_page import CAGE
from mocksmtp.web.site import Seen
from mocksmtp.web.told import reply_told

EVIL = b"Subject: <script>alert(1)</script>\r\nX-<b>: <i>\r\nContent-Type: text/html\r\n\r\n<script>1</script>\r\n"


class Door:
    """A listener, as far as a page looks at it."""

    def __init__(self, port, **named):
        self.profile = Profile(**named)
        self.accepts_on = port


def look(target, content=MIXED, messages=0, seen=None):
    client = Client(messages=messages, seen=seen)
    client.store.add(message(9, content), lambda refusal: None)
    status, headers, body = client.ask(target)
    return status, headers, body.decode()


VIEWS = [
    ("", ['<pre class="text" tabindex="0">ü</pre>', "a@x.test", "b@y.test, c@y.test", "AES_256_GCM", "alice"]),
    ("?view=html", ['<iframe src="/messages/A9/html" sandbox=""']),
    ("?view=headers", ["<th scope=\"row\">Content-Type</th>"]),
    ("?view=attachments", ['<a href="/v1/messages/A9/parts/3">Grüße.pdf</a> application/pdf, 4', ">part 4</a>"]),
    ("?view=raw", ["--m--", 'href="/v1/messages/A9/raw"']),
    ("?view=nothing", ['data-view="text"']),
]  # fmt: skip


@pytest.mark.parametrize(("query", "texts"), VIEWS)
def test_a_message_has_views(query, texts):
    status, headers, page = look("/messages/A9" + query)
    assert status == 200
    assert [text for text in texts if text not in page] == []
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_html_is_served_in_a_cage():
    status, headers, body = look("/messages/A9/html")
    assert (status, body) == (200, "<p>ü</p>")
    assert headers["content-security-policy"] == CAGE
    assert CAGE.startswith("sandbox; default-src 'none'; ")


GONE = ["/messages/FF", "/messages/FF/html", "/sessions/FF", "/static/nothing.js"]


@pytest.mark.parametrize("target", GONE)
def test_what_is_not_there_is_a_problem(target):
    assert look(target)[0] == 404


def test_a_message_without_html_has_none():
    assert look("/messages/A9/html", b"Subject: x\r\n\r\nhi\r\n")[0] == 404
    assert "view=html" not in look("/messages/A9", b"Subject: x\r\n\r\nhi\r\n")[2]


@pytest.mark.parametrize("target", ["/", "/messages/A9", "/messages/A9?view=headers", "/messages/A9?view=raw"])
def test_what_a_mail_says_stays_text(target):
    page = look(target, EVIL)[2]
    assert re.findall("<script.*?>", page) == ['<script src="/static/page.js" defer>']
    assert "<b>:" not in page
    assert "<i>" not in page


def test_an_empty_list_says_how_to_send_the_first_mail():
    doors = [
        Door(24, name="lmtp", lmtp=True),
        Door(4650, name="smtps", implicit_tls=True),
        Door(2525, name="smtp"),
    ]
    page = Client(messages=0, seen=Seen(Journal(1, 1), list, lambda: doors)).ask("/")[2].decode()
    assert "<span data-host>localhost</span> --port 2525 --from" in page
    assert "lmtp 24, smtps 4650, smtp 2525" in page
    only_tls = Client(messages=0, seen=Seen(Journal(1, 1), list, lambda: doors[:2])).ask("/")[2].decode()
    assert "--port 4650 --tls-on-connect --from" in only_tls


def test_a_list_can_be_filtered():
    assert look("/?q=a9")[2].count("data-key") == 1
    assert "Nothing holds “a9 nowhere”." in look("/?q=a9+nowhere")[2]


def spoken(*notes):
    """A journal in which somebody is there and said this."""
    journal = Journal(10, 100_000)
    who = Conversation("5E", "smtp", "mx.test", "192.0.2.1", 4711)
    who.notes, who.helo = journal.notes(), "<me>"
    journal.takes[facts.SessionOpened](facts.SessionOpened(who, 1.5))
    who.notes.extend(notes)
    return journal


def test_a_session_tells_what_was_said():
    journal = spoken(
        1.5, SENT, b"220 mx.test\r\n", 2.0, b"NOOP <script>", SENT, b"250 OK\r\n", ("fault", "noop", "drip")
    )
    seen = Seen(journal, list, list)
    listed = Client(seen=seen).ask("/sessions")[2].decode()
    assert '<a href="/sessions/5E" data-pane>192.0.2.1:4711</a>' in listed
    page = Client(seen=seen).ask("/sessions/5E")[2].decode()
    assert "NOOP &lt;script&gt;" in page
    assert "&lt;me&gt;" in page
    lines = re.findall(r'<li data-kind="(\w+)"(?: data-class="(.)")?>.*?>([0-9.]+)</span><b>(.*?)</b>', page)
    assert lines == [
        ("server", "2", "0.000", "S:"), ("client", "", "0.500", "C:"), ("server", "2", "0.500", "S:"),
        ("fault", "", "0.500", "·"),
    ]  # fmt: skip
    assert 'data-events="/v1/events?session=5E&amp;event=command_answered,session_closed,missed"' in page


def test_rows_hold_words():
    row = Row(
        1.0,
        "6451F",
        None,
        "smtp",
        "::1",
        "",
        ("bob@x.test",) * 5,
        None,
        550,
        "550 no",
        "r",
        ("drip",),
        0.0,
        "refused",
    )
    assert row.to == "bob@x.test, bob@x.test, bob@x.test and 2 more"
    assert all(row.holds(words) for words in ([], ["550"], ["bob@", "refused"], ["<>"], ["drip", "r", "::1"]))
    assert not row.holds(["550", "accepted"])


def test_an_id_is_found_whole_and_not_by_its_digits():
    row = Row(1.0, "6451F", "7550A", "smtp", "::1", "a@x.test", (), None, 250, "250 OK", None, (), 0.0, "accepted")
    assert row.holds(["6451f"])
    assert row.holds(["7550a", "250"])
    assert not row.holds(["451"])
    assert not row.holds(["550"])


REPLIES = [
    (b"250 2.0.0 OK\r\n", "250 2.0.0 OK"),
    (b"250-one\r\n250-two\r\n250 three\r\n", "250 one / two / three"),
    (b"250 \xff\r\n", "250 �"),
]


@pytest.mark.parametrize(("octets", "text"), REPLIES)
def test_a_reply_is_told_in_one_line(octets, text):
    assert reply_told(octets) == text


def test_rules_are_shown_with_their_hits():
    rule = Rule("busy", stage=Stage.MAIL, reply=ReplyTemplate.parse("451 4.3.2 <busy>"), description="a & b")
    hits = Hits(lambda: 1.5)
    seen = Seen(Journal(1, 1), lambda: standing([rule], [rule], hits), list)
    page = Client(seen=seen).ask("/rules")[2].decode()
    assert page.count("451 4.3.2 &lt;busy&gt;") == 2
    assert page.count(">runtime<") == 1
    assert "a &amp; b" in page
    assert "never" in page

"""/v1/duplicates: messages that came more than once."""

from __future__ import annotations

from collections import Counter

import pytest
from http_site import Client, message
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.web import mail
from mocksmtp.web.repeats import MARKS, Repeats, digest


def text(message_id=None, body="hello"):
    head = "Subject: hi\r\n" + (f"Message-ID: {message_id}\r\n" if message_id else "")
    return f"{head}\r\n{body}\r\n".encode()


HELLO = digest(text())


@pytest.fixture
def client():
    made = Client(0)
    made.add(
        message(1, text("<one@x>"), rcpt=("b@y.test",), received=10.0, session="S1"),
        message(2, text("<two@x>", "other"), rcpt=("b@y.test",), received=20.0, session="S2"),
        message(3, text("<one@x>", "changed"), rcpt=("B@Y.test", "c@y.test"), received=30.0, session="S3"),
        message(4, text(None), rcpt=("d@y.test",), received=40.0, session="S4", mail=""),
        message(5, text("<two@x>", "refused"), received=50.0, refused=True),
        message(6, text(None, " \r\n"), received=60.0),
        message(7, text(None, ""), received=70.0),
    )
    return made


def told(client, query=""):
    answer = client.ask(f"/v1/duplicates?{query}")
    assert answer.status == 200, answer.body
    groups = answer.json["groups"]
    return [
        (each["by"], each["value"], [copy["id"] for copy in each["messages"]], each["again"]) for each in groups
    ]


BY_ID = ("message_id", "<one@x>", ["A1", "A3"], ["b@y.test"])
BY_BODY = ("body", HELLO, ["A1", "A4"], [])

QUERIES = [
    ("", [BY_BODY, BY_ID]),
    ("by=message_id", [BY_ID]),
    ("by=body", [BY_BODY]),
    ("rcpt=b@y.test", [BY_ID]),
    ("limit=1", [BY_BODY]),
    ("until=1970-01-01T00:00:30Z", []),
    ("refused=all&by=message_id", [("message_id", "<two@x>", ["A2", "A5"], ["b@y.test"]), BY_ID]),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_messages_are_grouped_by_id_and_by_body(client, query, found):
    assert told(client, query) == found


def test_a_group_tells_of_each_message(client):
    answer = client.ask("/v1/duplicates?by=body&limit=1").json
    assert answer == {
        "total": 1,
        "groups": [
            {
                "by": "body", "value": HELLO, "count": 2, "again": [],
                "messages": [
                    {"id": "A1", "session": "S1", "received_at": "1970-01-01T00:00:10.000000Z", "mail": "a@x.test",
                     "rcpt": ["b@y.test"]},
                    {"id": "A4", "session": "S4", "received_at": "1970-01-01T00:00:40.000000Z", "mail": "",
                     "rcpt": ["d@y.test"]},
                ],
            },
        ],
    }  # fmt: skip


def test_a_large_group_is_counted_whole_and_told_in_part(client):
    client.add(*(message(n, text("<many@x>", str(n)), rcpt=("z@y.test",)) for n in range(100, 205)))
    (group,) = [each for each in client.ask("/v1/duplicates").json["groups"] if each["value"] == "<many@x>"]
    assert (group["count"], len(group["messages"]), group["again"]) == (105, 100, ["z@y.test"])
    assert group["messages"][0]["id"] == "A100"


@pytest.mark.parametrize(("query", "field"), [("by=subject", "by"), ("limit=0", "limit"), ("before=A1", "before")])
def test_a_query_that_is_wrong_names_its_parameter(client, query, field):
    answer = client.ask(f"/v1/duplicates?{query}")
    assert (answer.status, answer.json["field"]) == (422, field)


IDS = [
    (b"Message-ID: <a@x>\r\n\r\nbody", "<a@x>"),
    (b"Subject: hi\r\nmessage-id :<a@x> \r\nX: y\r\n\r\nbody", "<a@x>"),
    (b"Message-ID:\r\n <a@x>\r\n\r\nbody", "<a@x>"),
    (b"Message-ID: <a\r\n\t@x>", "<a@x>"),
    (b"Message-ID: <gr\xc3\xbc\xff@x>\r\n\r\n", "<grü\ufffd@x>"),
    (b"Message-ID:  \r\nSubject: <no@x>\r\n\r\n", None),
    (b"X-Message-ID: <a@x>\r\n\r\nMessage-ID: <b@x>\r\n", None),
    (b"\r\nMessage-ID: <b@x>\r\n", None),
    (b"", None),
]


@pytest.mark.parametrize(("content", "found"), IDS)
def test_a_message_id_is_read_from_the_header_only(content, found):
    assert mail.message_id(content) == found


BODIES = [(b"A: b\r\n\r\nbody\r\n", b"body\r\n"), (b"\r\nbody", b"body"), (b"A: b\r\n", b""), (b"", b"")]


@pytest.mark.parametrize(("content", "body"), BODIES)
def test_the_body_stands_behind_the_first_empty_line(content, body):
    assert mail.body(content) == body


@given(st.binary())
def test_no_content_raises(content):
    assert all(isinstance(read(content), str | None) for read in MARKS.values())


@given(st.lists(st.sampled_from("abc")))
def test_every_mark_that_came_twice_is_a_group_and_no_other(marks):
    repeats = Repeats()
    for number, mark in enumerate(marks):
        repeats.take(message(number), {"body": mark})
    found = {group.value: len(group.copies) for group in repeats.groups()}
    assert found == {mark: count for mark, count in Counter(marks).items() if count > 1}

"""What came of a rehearsal is told in plain values."""

from __future__ import annotations

import json

import pytest

from mocksmtp.rules.near import Miss
from mocksmtp.rules.rehearsal import Row
from mocksmtp.rules.rehearsed import reply_lines, told
from mocksmtp.smtp.stage import Stage


@pytest.mark.parametrize(
    ("wire", "lines"),
    [
        (b"", []),
        (b"220 mx\r\n", ["220 mx"]),
        (b"250-mx\r\n250 HELP\r\n", ["250-mx", "250 HELP"]),
        (b"220 a", ["220 a"]),
        (b"220 a\nb\r\n\r\n", ["220 a\nb", ""]),
        ("220 ü".encode() + b"\xff\x1b\r\n", ["220 ü\\xff\x1b"]),
    ],
)
def test_a_reply_is_told_line_by_line(wire, lines):
    assert reply_lines(wire) == lines


def test_an_answer_is_told_with_all_that_is_known_of_it():
    miss = Miss("near", "helo", "helo: a", "b", 3.0)
    row = Row(Stage.RCPT, "RCPT TO:<a@b>", 450, b"450 no\r\n", "r", True, ("q", "r"), (miss,), ("closes",))
    assert json.loads(json.dumps(told(row))) == {
        "stage": "rcpt", "said": "RCPT TO:<a@b>", "code": 450, "reply": ["450 no"], "rule": "r", "asked": True,
        "matched": ["q", "r"], "then": ["closes"],
        "near": [{"rule": "near", "condition": "helo", "wanted": "helo: a", "found": "b"}],
    }  # fmt: skip

"""Replies on the wire (RFC 5321 section 4.2, RFC 2034)."""

from __future__ import annotations

import pytest

from mocksmtp.smtp import replies
from mocksmtp.smtp.reply import LINE_LIMIT, Reply

OWN = [reply for reply in vars(replies).values() if isinstance(reply, Reply)]

WIRE = [
    (Reply(250, "OK"), b"250 OK\r\n", b"250 OK\r\n", "250 OK"),
    (Reply(250, "OK", "2.0.0"), b"250 2.0.0 OK\r\n", b"250 OK\r\n", "250 2.0.0 OK"),
    (Reply(250, ("a", "b")), b"250-a\r\n250 b\r\n", b"250-a\r\n250 b\r\n", "250 a / b"),
    (
        Reply(550, ("a", "b", "c"), "5.1.1"),
        b"550-5.1.1 a\r\n550-5.1.1 b\r\n550 5.1.1 c\r\n",
        b"550-a\r\n550-b\r\n550 c\r\n",
        "550 5.1.1 a / b / c",
    ),
    (Reply(334, ""), b"334 \r\n", b"334 \r\n", "334 "),
    (Reply(250, "ü"), b"250 \xc3\xbc\r\n", b"250 \xc3\xbc\r\n", "250 ü"),
]


@pytest.mark.parametrize(("reply", "wire", "bare", "text"), WIRE)
def test_wire(reply: Reply, wire: bytes, bare: bytes, text: str) -> None:
    """Lines, hyphens and enhanced codes stand where they must."""
    assert (reply.wire, reply.bare, reply.text) == (wire, bare, text)


@pytest.mark.parametrize(("code", "positive"), [(220, True), (354, True), (400, False), (599, False)])
def test_positive(code: int, positive: bool) -> None:
    """2yz and 3yz are positive."""
    assert Reply(code, "x").positive is positive


def test_replies_are_values() -> None:
    """Replies compare by content."""
    assert Reply(250, "a", "2.0.0") == Reply(250, ("a",), "2.0.0")
    assert len({Reply(250, "a"), Reply(250, "a"), Reply(250, "a", "2.0.0"), Reply(251, "a")}) == 3
    assert Reply(250, "a") != "250 a"
    assert repr(Reply(250, "a")) == "Reply(250, ('a',), '')"


@pytest.mark.parametrize("reply", OWN, ids=lambda reply: reply.text)
def test_own_replies(reply: Reply) -> None:
    """Our own replies are ASCII, short, and their enhanced code is of the class of the code."""
    assert reply.wire.isascii()
    assert len(reply.wire) <= LINE_LIMIT
    assert reply.enhanced[:1] == (str(reply.code)[0] if reply.code // 100 != 3 else "")

"""Mailboxes: what parse_path reads and why it refuses (RFC 5321 section 4.1.2, RFC 6531)."""

from __future__ import annotations

import pytest

from mocksmtp.smtp.address import NULL_PATH, InvalidMailbox, Path, parse_path
from mocksmtp.smtp.syntax import Addresses

STRICT, LENIENT, OFF = Addresses.STRICT, Addresses.LENIENT, Addresses.OFF

READ = [
    # raw, how, text, local, domain, key
    ("a@b.test", STRICT, "a@b.test", "a", "b.test", "a@b.test"),
    ("A.B@C.Test", STRICT, "A.B@C.Test", "A.B", "c.test", "a.b@c.test"),
    ("", STRICT, "", "", "", "<>"),
    ("PostMaster", STRICT, "PostMaster", "postmaster", "", "<postmaster>"),
    # Quoting that is not needed is undone.
    ('"A b"@c.test', STRICT, '"A b"@c.test', "A b", "c.test", "a b@c.test"),
    (r'"a\"\b"@c.test', STRICT, r'"a\"\b"@c.test', 'a"b', "c.test", 'a"b@c.test'),
    ('"a@b"@c.test', STRICT, '"a@b"@c.test', "a@b", "c.test", "a@b@c.test"),
    # Source routes are forgotten.
    ("@x,@y:a@b.test", STRICT, "a@b.test", "a", "b.test", "a@b.test"),
    # Address literals.
    ("a@[192.0.2.1]", STRICT, "a@[192.0.2.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"),
    (
        "a@[IPv6:2001:DB8:0::1]",
        STRICT,
        "a@[IPv6:2001:DB8:0::1]",
        "a",
        "[ipv6:2001:db8::1]",
        "a@[ipv6:2001:db8::1]",
    ),
    ("a@[Tag:X]", STRICT, "a@[Tag:X]", "a", "[tag:x]", "a@[tag:x]"),
    # Names in other scripts become A-labels, whatever their dot.
    ("ü@Müller.Test", STRICT, "ü@Müller.Test", "ü", "xn--mller-kva.test", "ü@xn--mller-kva.test"),
    ("a@例え。test", STRICT, "a@例え。test", "a", "xn--r8jz45g.test", "a@xn--r8jz45g.test"),
    ("a@_b.test", STRICT, "a@_b.test", "a", "_b.test", "a@_b.test"),
    # Lenient: dots anywhere, no lengths for local parts.
    (".a..b.@c.test.", LENIENT, ".a..b.@c.test.", ".a..b.", "c.test", ".a..b.@c.test"),
    ("a" * 70 + "@c.test", LENIENT, "a" * 70 + "@c.test", "a" * 70, "c.test", "a" * 70 + "@c.test"),
    # Off: anything.
    ("x y", OFF, "x y", "", "x y", "x y"),
    ("@B@", OFF, "@B@", "@B", "", "@b@"),
]


@pytest.mark.parametrize(("raw", "how", "text", "local", "domain", "key"), READ)
def test_read(raw: str, how: Addresses, text: str, local: str, domain: str, key: str) -> None:
    """A mailbox is taken apart."""
    path = parse_path(raw.encode(), how, international=True)
    assert (path.text, path.local, path.domain, path.key) == (text, local, domain, key)


def test_off_takes_octets() -> None:
    """Octets that are no UTF-8 are read as Latin-1."""
    assert parse_path(b"\xff@x", OFF, international=False).text == "ÿ@x"


REFUSED = [
    ("a", STRICT, False, "no @ and no domain"),
    ("ü@x", STRICT, False, "non-ASCII characters need SMTPUTF8"),
    ("a@ü", LENIENT, False, "non-ASCII characters need SMTPUTF8"),
    ("a\n@x", STRICT, True, "control characters"),
    ("a@" + "ü" * 64 + ".x", STRICT, True, "a domain label that is no internationalized name"),
    ("a@" + ".".join(["ü"] * 85), STRICT, True, "longer than 254 octets"),
    ("a@" + "x." * 130 + "x", LENIENT, False, "domain longer than 255 octets"),
    ("a@\u2028.x", STRICT, True, "a domain label that is no internationalized name"),
    ('"a"b@x', LENIENT, False, "something between the quoted local part and the @"),
    ("a b@x", LENIENT, False, "a space in the local part"),
    ("a;b@x", LENIENT, False, "a character that is not allowed in the local part"),
    ("a@x..y", LENIENT, False, "an empty label in the domain: two dots in a row, or one at an end"),
]


@pytest.mark.parametrize(("raw", "how", "international", "reason"), REFUSED)
def test_refused(raw: str, how: Addresses, international: bool, reason: str) -> None:
    """What is no mailbox is refused with a reason, and named."""
    with pytest.raises(InvalidMailbox) as caught:
        parse_path(raw.encode(), how, international)
    assert caught.value.address == raw
    assert caught.value.reason == reason


def test_paths_are_values() -> None:
    """Paths compare by what was written."""
    path = parse_path(b"a@b", STRICT, international=False)
    assert path == Path("a@b", "a", "b", "a@b")
    assert len({path, parse_path(b"a@b", OFF, international=False), NULL_PATH}) == 2
    assert path != "a@b"
    assert repr(path) == "<a@b>"

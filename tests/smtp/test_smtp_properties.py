"""What holds for a session and its readers whatever is sent."""

from __future__ import annotations

import re
from itertools import pairwise

from dialogue import Player, TablePolicy, Turn, profile_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mocksmtp.smtp.mail_data import DotReader
from mocksmtp.smtp.syntax import BareNewlines

REPLY_LINES = re.compile(r"(?:S: (\d{3})-[^\r\n]*\n)*S: (\d{3}) [^\r\n]*", re.DOTALL)
LINES = [
    b"EHLO c\r\n", b"HELO c\r\n", b"LHLO c\r\n", b"MAIL FROM:<a@b>\r\n", b"MAIL FROM:<> SIZE=1 BODY=7BIT\r\n",
    b"MAIL FROM:<a@b> RET=HDRS ENVID=+2B HOLDFOR=9 BY=1;R MT-PRIORITY=-9\r\n", b"RCPT TO:<c@d> NOTIFY=NEVER\r\n",
    b"RCPT TO:<c@e> ORCPT=utf-8;\xc3\xbc\r\n", b"MAIL FROM:<> HOLDUNTIL=9999-12-31T23:59:59Z SMTPUTF8\r\n",
    b"RCPT TO:<c@d>\r\n", b"RCPT TO:<later@d>\r\n", b"RCPT TO:<\"x\\",
    b"DATA\r\n", b".\r\n", b"..\r\n", b"\r\n", b"\r", b"\n", b"a\n.\r\n",
    b"RSET\r\n", b"NOOP\r\n", b"VRFY x\r\n", b"EXPN\r\n", b"HELP\r\n", b"AUTH PLAIN\r\n", b"AUTH LOGIN YQ==\r\n",
    b"BDAT 3\r\n", b"BDAT 0\r\n", b"BDAT 2 LAST\r\n.\n", b"BDAT 7 last\r\nRSET\r\n\0", b"BDAT -\r\n",
    b"XCLIENT ADDR=203.0.113.9 HELO=c PROTO=ESMTP LOGIN=a\r\n", b"XCLIENT NAME=[TEMPUNAVAIL]\r\n",
    b"AUTH CRAM-MD5\r\n", b"AUTH SCRAM-SHA-256 biwsbj1hLHI9Yg==\r\n", b"AUTH OAUTHBEARER\r\n", b"Yz1iaXdz\r\n",
    b"AUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIHgBAQ==\r\n",
    b"AGEAYg==\r\n", b"*\r\n", b"STARTTLS\r\n", b"\xff\r\n", b"x" * 70, b"QUIT\r\n",
]  # fmt: skip
PROFILES = [
    "", "without_tls users=any limits.line_length=64", "bare_newlines=accept addresses=off hide=STARTTLS",
    "bare_newlines=as_crlf addresses=lenient", "implicit_tls limits.message_size=5 limits.recipients=2",
    "limits.errors=3 limits.transactions=1 hide=ENHANCEDSTATUSCODES", "without_tls auth=required users=a:b",
    "trusted=192.0.2.0/24 auth=required",
    "without_tls users=a:b mechanisms=CRAM-MD5,SCRAM-SHA-256,XOAUTH2,OAUTHBEARER",
    "lmtp limits.message_size=20",
    "limits.recipient_domains=1 show=REQUIRETLS,FUTURERELEASE,DELIVERBY,MT-PRIORITY",
]  # fmt: skip
POLICY = TablePolicy(
    (
        "rcpt later@d -> later accept",
        "message later@d -> later 452 4.2.2 full",
        "noop * -> later",
        "expn * -> 421 4.7.0 enough",
    )
)
TRANSACTION = b"EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
PROLOGUE = TRANSACTION + b"DATA\r\n"

streams = st.lists(st.sampled_from(LINES) | st.binary(max_size=12), max_size=25).map(b"".join)
profiles = st.sampled_from(PROFILES).map(str.split)


def converse(words: list[str], stream: bytes, cuts: list[int]) -> tuple[list[str], list[bytes]]:
    """Play a stream, whole between cuts; return what happened and what was stored."""
    player = Player(profile_of(words), POLICY)
    events = list(player.take(Turn()))
    player.events = []
    edges = [0, *sorted(cut for cut in set(cuts) if cut < len(stream)), len(stream)]
    for start, end in pairwise(edges):
        player.perform(player.session.receive_data(stream[start:end]))
    return events + player.events, [message.content for message in player.stored]


@settings(max_examples=150, deadline=None)
@given(profiles, streams, st.lists(st.integers(1, 300), max_size=12))
def test_cutting_changes_nothing(words: list[str], stream: bytes, cuts: list[int]) -> None:
    """However octets arrive, the steps are the same."""
    assert converse(words, stream, cuts) == converse(words, stream, [])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PROFILES[2:4]).map(str.split), streams, st.lists(st.integers(1, 200), max_size=20))
@example(["bare_newlines=accept"], b".\r\n", [len(PROLOGUE) + 1])
def test_cutting_mail_data_changes_nothing(words: list[str], stream: bytes, cuts: list[int]) -> None:
    """The same within mail data, where newlines stand alone."""
    stream = PROLOGUE + stream + b"\r\n.\r\n"
    assert converse(words, stream, cuts) == converse(words, stream, [])


@settings(max_examples=150, deadline=None)
@given(profiles, streams)
@example([], b"\xff\xfe\r\n" * 3)
def test_every_send_is_whole_replies(words: list[str], stream: bytes) -> None:
    """No input raises, and all that is sent is replies, each of one code."""
    events, _ = converse(words, stream, [])
    sent = "\n".join(event for event in events if event.startswith("S: "))
    at = 0
    while at < len(sent):
        reply = REPLY_LINES.match(sent, at)
        assert reply is not None
        codes = set(re.findall(r"^S: (\d{3})", reply[0], re.MULTILINE))
        assert len(codes) == 1
        assert 200 <= int(codes.pop()) <= 599
        at = reply.end() + 1


@settings(max_examples=100, deadline=None)
@given(profiles, streams)
def test_nothing_follows_a_close(words: list[str], stream: bytes) -> None:
    """A close is the last step."""
    events, _ = converse(words, stream, [])
    assert "= close" not in events[:-1]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet=".ab \x00\xff", max_size=6), max_size=10), st.integers(1, 9))
@example(["."], 1)
@example(["..", "", "."], 2)
def test_dot_stuffing_round_trips(lines: list[str], size: int) -> None:
    """What a client stuffs by the rule comes out as it was, with what followed the end."""
    content = b"".join(line.encode("latin-1") + b"\r\n" for line in lines)
    stuffed = b"".join(
        (b"." if line.startswith(".") else b"") + line.encode("latin-1") + b"\r\n" for line in lines
    )
    stream = stuffed + b".\r\nNOOP\r\n"
    reader = DotReader(10_000, BareNewlines.REJECT)
    for at in range(0, len(stream), size):
        rest = reader.feed(stream[at : at + size])
        if rest is not None:
            break
    assert rest is not None
    assert rest + stream[at + size :] == b"NOOP\r\n"
    assert (reader.content(), reader.flaws, reader.size) == (content, (), len(content))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.binary(max_size=9), max_size=8), st.binary(max_size=9), st.lists(st.integers(1, 300), max_size=12)
)
@example([b"\r\n.\r\n", b""], b"", [])
def test_chunks_make_up_the_content(chunks: list[bytes], last: bytes, cuts: list[int]) -> None:
    """However content is split into chunks, and the stream of them cut, every octet is stored as it was sent."""
    commands = [b"BDAT %d\r\n%s" % (len(chunk), chunk) for chunk in chunks]
    commands.append(b"BDAT %d LAST\r\n%s" % (len(last), last))
    events, stored = converse([], TRANSACTION + b"".join(commands) + b"NOOP\r\n", cuts)
    assert stored == [b"".join(chunks) + last]
    replies = [event[3:6] for event in events if event.startswith("S: ") and event[6] == " "]
    assert replies == ["220"] + ["250"] * (4 + len(commands))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5), st.lists(st.integers(1, 300), max_size=12))
def test_refused_chunks_are_no_commands(chunks: list[bytes], cuts: list[int]) -> None:
    """Whatever stands in a refused chunk, there is one reply to it."""
    commands = [b"BDAT %d LAST\r\n%s" % (len(chunk), chunk) for chunk in chunks]
    events, stored = converse([], b"EHLO c\r\n" + b"".join(commands) + b"NOOP\r\n", cuts)
    assert stored == []
    replies = [event[3:6] for event in events if event.startswith("S: ") and event[6] == " "]
    assert replies == ["220", "250"] + ["503"] * len(commands) + ["250"]


NAMES = st.sampled_from(["b@d", "later@d", "no@d", "gone@d"])
VERDICTS = TablePolicy(
    ("message later@d -> later 452 4.2.2 full", "message no@d -> 554 5.7.1 no", "message gone@d -> discard")
)
CODES = {"b@d": "250", "later@d": "452", "no@d": "554", "gone@d": "250"}


@settings(max_examples=100, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=8), st.booleans(), st.integers(1, 40))
def test_lmtp_answers_each_recipient_and_keeps_the_message_once(names: list[str], by_bdat: bool, cut: int) -> None:
    """One reply for each RCPT in its order; those that accept share one message, if there are any."""
    player = Player(profile_of(["lmtp"]), VERDICTS)
    player.take(Turn())
    rcpts = b"".join(b"RCPT TO:<%s>\r\n" % name.encode() for name in names)
    content = b"BDAT 3 LAST\r\nabc" if by_bdat else b"DATA\r\nabc\r\n.\r\n"
    events = player.take(Turn(b"LHLO c\r\nMAIL FROM:<a@b>\r\n" + rcpts + content + b"NOOP\r\n"), cut)
    codes = [event[3:6] for event in events if event.startswith("S: ")]
    assert codes[-len(names) - 1 :] == [CODES[name] for name in names] + ["250"]
    kept = [name for name in names if name == "b@d"]
    assert [[r.path.text for r in message.recipients] for message in player.stored] == ([kept] if kept else [])

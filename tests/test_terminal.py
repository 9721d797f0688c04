"""The terminal: facts in, lines out."""

from __future__ import annotations

import io
import json

import pytest
from facts_told import accepted

from mocksmtp import terminal
from mocksmtp.smtp import facts
from mocksmtp.smtp.address import Path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.terminal import Terminal

WHO = Conversation("S1", "smtp", "mx.test", "192.0.2.1")
WHO.at = 3723.5


class Screen(io.StringIO):
    """An output that may be a terminal, in some encoding."""

    encoding = "utf-8"

    def __init__(self, tty=False):
        super().__init__()
        self.tty = tty

    def isatty(self):
        return self.tty


def path(text):
    return Path(text, "", "", text)


def envelope(sender, *rcpt):
    made = Envelope("Q1", path(sender))
    made.recipients = [Recipient(path(each)) for each in rcpt]
    return made


def decided(stage, reply, named=None, rule=None, of=None):
    took = reply.code // 100 == stage.positive
    return facts.Decided(WHO, stage, reply, rule, took, None if named is None else path(named), {}, of)


OK, GO, QUEUED = Reply(250, "OK", "2.0.0"), Reply(354, "Go"), Reply(250, "OK queued as Q1", "2.0.0")
NO = Reply(550, "No such user", "5.1.1")
ENDED = facts.TransactionEnded(WHO)
INJECTED = facts.FaultInjected(WHO, Stage.MAIL, "delay")
TURNED_AWAY = facts.ConnectionRefused("smtp", "192.0.2.1", "no PROXY header")


def mail(sender="a@x.test", rcpt=("b@y.test",), end=QUEUED, rule=None):
    """Yield what is told of a transaction that the end of mail data decides."""
    of = envelope(sender, *rcpt)
    if end.code >= 400 or rule:
        yield decided(Stage.MESSAGE, end, rule=rule, of=of)
    if end.code < 400:
        yield accepted(WHO, of, 9, end, rule)
    yield ENDED


def written(told, out=None, **options):
    out = out or Screen()
    writes = Terminal(out, clock=lambda: 3723.5, **options)
    for fact in told:
        writes.takes[type(fact)](fact)
    assert out.getvalue() == ""
    writes.flush()
    writes.flush()
    return out.getvalue().splitlines()


HEAD = "01:02:03 smtp 192.0.2.1"
LINES = [
    (list(mail()), f"{HEAD} from=<a@x.test> to=<b@y.test> 250 2.0.0 OK queued as Q1"),
    (list(mail("")), f"{HEAD} from=<> to=<b@y.test> 250 2.0.0 OK queued as Q1"),
    (list(mail(end=NO, rule="r1")), f"{HEAD} from=<a@x.test> to=<b@y.test> 550 5.1.1 No such user rule=r1"),
    (
        list(mail(rcpt=[f"{n}@y.test" for n in range(1000)])),
        f"{HEAD} from=<a@x.test> to=<0@y.test>,<1@y.test>,<2@y.test> +997 more 250 2.0.0 OK queued as Q1",
    ),
    ([decided(Stage.MAIL, NO, "a@x.test"), ENDED], f"{HEAD} from=<a@x.test> 550 5.1.1 No such user"),
    (
        [
            decided(Stage.RCPT, NO, "b@y", "r2", of=envelope("a@x")),
            facts.TransactionAbandoned(WHO, envelope("a@x", "c@y")),
            ENDED,
        ],
        f"{HEAD} from=<a@x> to=<b@y>,<c@y> 550 5.1.1 No such user rule=r2",
    ),
    (
        [decided(Stage.RCPT, NO, "b@y", of=envelope("a@x")), *mail("a@x", ["c@y"])],
        f"{HEAD} from=<a@x> to=<b@y>,<c@y> 250 2.0.0 OK queued as Q1",
    ),
    ([facts.TransactionAbandoned(WHO, envelope("a@x")), ENDED], f"{HEAD} from=<a@x> 250 2.1.0 Sender OK"),
    (
        [facts.TransactionAbandoned(WHO, envelope("a@x", "b@y")), ENDED],
        f"{HEAD} from=<a@x> to=<b@y> 250 2.1.5 Recipient OK",
    ),
    ([decided(Stage.RCPT, NO), *mail()], f"{HEAD} from=<a@x.test> to=<b@y.test> 250 2.0.0 OK queued as Q1"),
    ([decided(Stage.CONNECT, NO)], f"{HEAD} connect 550 5.1.1 No such user"),
    (
        [
            INJECTED,
            decided(Stage.MAIL, OK, "a@x", of=envelope("a@x")),
            facts.FaultInjected(WHO, Stage.RCPT, "drip"),
            ENDED,
        ],
        f"{HEAD} from=<a@x> 250 2.0.0 OK fault=delay,drip",
    ),
    ([facts.FaultInjected(WHO, Stage.STARTTLS, "certificate")], f"{HEAD} starttls fault=certificate"),
    ([decided(Stage.AUTH, NO)], f"{HEAD} auth 550 5.1.1 No such user"),
    ([TURNED_AWAY], f"{HEAD} connect closed: no PROXY header"),
]


@pytest.mark.parametrize(("told", "line"), LINES)
def test_a_line_of_text(told, line):
    assert written(told) == [line]


def test_over_lmtp_each_recipient_has_its_line():
    of = envelope("a@x.test", "b@y.test", "d@y.test")
    told = [
        decided(Stage.RCPT, NO, "c@y.test", "r1", of),
        decided(Stage.MESSAGE, QUEUED, "b@y.test", of=of),
        decided(Stage.MESSAGE, NO, "d@y.test", "r2", of),
        accepted(WHO, of, 9, QUEUED),
        ENDED,
    ]
    lines = [
        f"{HEAD} from=<a@x.test> to=<c@y.test> 550 5.1.1 No such user rule=r1",
        f"{HEAD} from=<a@x.test> to=<b@y.test> 250 2.0.0 OK queued as Q1",
        f"{HEAD} from=<a@x.test> to=<d@y.test> 550 5.1.1 No such user rule=r2",
    ]
    assert written(told) == lines
    assert written(told, refused=False) == lines[1:2]


def test_over_lmtp_a_fault_stands_with_the_recipient_that_it_struck():
    of = envelope("a@x.test", "b@y.test", "c@y.test")
    told = [
        facts.FaultInjected(WHO, Stage.MAIL, "delay"),
        decided(Stage.MAIL, OK, "a@x.test", of=of),
        facts.FaultInjected(WHO, Stage.RCPT, "garble"),
        decided(Stage.RCPT, OK, "b@y.test", of=of),
        facts.FaultInjected(WHO, Stage.DATA, "slow_read"),
        decided(Stage.DATA, GO, of=of),
        decided(Stage.MESSAGE, QUEUED, "b@y.test", of=of),
        facts.FaultInjected(WHO, Stage.MESSAGE, "drip"),
        decided(Stage.MESSAGE, QUEUED, "c@y.test", of=of),
        accepted(WHO, of, 9, QUEUED),
        ENDED,
    ]
    assert [line.partition("queued as Q1 ")[2] for line in written(told)] == [
        "fault=delay,slow_read,garble",
        "fault=delay,slow_read,drip",
    ]


def test_what_is_no_transaction_gets_no_line():
    told = [decided(stage, OK, rule="r") for stage in (Stage.CONNECT, Stage.HELO, Stage.NOOP, Stage.QUIT)]
    assert written([*told, facts.SessionClosed(WHO)]) == []


def test_a_line_of_json():
    (line,) = written(mail(rcpt=["b@y.test", "ü@y.test"], rule="r1"), format="json")
    assert line.isascii()
    assert json.loads(line) == {
        "at": "1970-01-01T01:02:03.500000Z", "listener": "smtp", "client": "192.0.2.1", "session": "S1",
        "stage": "message", "mail": "a@x.test", "rcpt": ["b@y.test", "ü@y.test"],
        "reply": "250 2.0.0 OK queued as Q1", "code": 250, "rule": "r1", "faults": [],
    }  # fmt: skip


def test_a_connection_closed_without_a_reply_has_no_code():
    (line,) = written([TURNED_AWAY], format="json")
    told = json.loads(line)
    assert (told["client"], told["stage"], told["reply"], told["code"]) == (
        "192.0.2.1",
        "connect",
        "closed: no PROXY header",
        None,
    )


def test_colour_is_for_terminals(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m250 2.0.0 OK queued as Q1\x1b[0m" in written(mail(), Screen(tty=True))[0]
    assert "\x1b[31m550" in written(mail(end=NO), Screen(tty=True))[0]
    assert "\x1b[31mclosed" in written([TURNED_AWAY], Screen(tty=True))[0]
    assert "\x1b" not in written(mail())[0]
    assert "\x1b" not in written(mail(), Screen(tty=True), format="json")[0]
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b" not in written(mail(), Screen(tty=True))[0]


@pytest.mark.parametrize("format", ["text", "json"])
def test_control_octets_are_escaped(format):
    evil = "\x1b[2J\r\n\x07\u202e\u2028\x85"
    (line,) = written(mail(f"a{evil}@x", [f"b{evil}@y"], Reply(550, evil)), format=format)
    assert line.isprintable()
    assert "\\x1b" in line or "\\u001b" in line


def test_what_the_terminal_cannot_show_is_escaped():
    out = Screen()
    out.encoding = "ascii"
    assert "<\\xfc@x>" in written(mail("ü@x"), out)[0]


def test_refused_may_be_left_out():
    told = [
        TURNED_AWAY,
        decided(Stage.CONNECT, NO),
        *mail(end=NO),
        *mail(),
        decided(Stage.MAIL, NO, "x@y"),
        ENDED,
    ]
    assert len(written(told)) == 5
    assert written(told, refused=False) == [LINES[0][1]]


@pytest.mark.parametrize(("format", "last"), [("text", "(2 more are not told here)"), ("json", '{"dropped": 2}')])
def test_too_many_lines_are_counted(monkeypatch, format, last):
    monkeypatch.setattr(terminal, "MOST_PENDING", 1)
    lines = written([*mail(), *mail(), *mail()], format=format)
    assert len(lines) == 2
    assert lines[1] == last


def test_a_terminal_that_is_gone_does_not_matter():
    class Gone(Screen):
        def write(self, text):
            raise BrokenPipeError

    assert written(mail(), Gone()) == []

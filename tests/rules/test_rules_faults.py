"""Rules with delays, faults and extensions: what they add, and that the search goes on."""

from __future__ import annotations

import pytest

from mocksmtp.config import load
from mocksmtp.faults.delay import Delay, Uniform
from mocksmtp.faults.drip import Drip
from mocksmtp.faults.reset import Reset
from mocksmtp.rules.mailboxes import MailboxDomain, Mailboxes
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.shown import Shown
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import NULL_PATH, parse_path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.syntax import Addresses

EHLO = Reply(250, ("mx.test at your service", "PIPELINING", "SIZE 1000", "STARTTLS", "HELP"))


@pytest.fixture
def book(tmp_path):
    """Return what makes a rulebook from YAML."""

    def made(rules, mailboxes=None, seed=0):
        path = tmp_path / "rules.yaml"
        path.write_text("rules:\n" + rules)
        return Rulebook(load([path], {}).rulebook_rules, mailboxes, seed=seed)

    return made


def ask(book, stage=Stage.RCPT, rcpt="a@x.test", reply=replies.OK, helo="client.test"):
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    who.helo = helo
    who.envelope = Envelope("Q", NULL_PATH)
    path = parse_path(rcpt.encode(), Addresses.STRICT, False)
    who.envelope.recipients = [Recipient(path)]
    text = helo if stage is Stage.HELO else None
    return book.decide(stage, who, Outcome(reply, path=path if stage is Stage.RCPT else None, text=text))


def test_a_rule_without_reply_only_adds_and_the_search_goes_on(book):
    decision = ask(
        book("""
  - {name: late, when: {rcpt: "*"}, delay: 2s}
  - {name: slow, when: {rcpt: x.test}, fault: drip}
  - {name: no, when: {rcpt: x.test}, reply: "550 no", fault: {reset: after}, delay: 1s}
  - {name: never, when: {rcpt: x.test}, fault: repeat}
""")
    )
    seconds = [fault.value for fault in decision.faults if isinstance(fault, Delay)]
    assert [type(fault) for fault in decision.faults] == [Delay, Drip, Delay, Reset]
    assert (seconds, decision.rule) == ([Uniform(2.0, 2.0), Uniform(1.0, 1.0)], "no")
    assert decision.matched == ("late", "slow", "no")


def test_where_nobody_decides_the_protocols_own_answer_is_late(book):
    decision = ask(book('  - {name: late, when: {rcpt: "*"}, delay: 2s}\n'))
    assert (decision.reply, decision.rule, len(decision.faults)) == (None, None, 1)


def test_the_refusal_of_a_mailbox_is_late_too(book):
    boxes = Mailboxes({"x.test": MailboxDomain(exists=())})
    decision = ask(book('  - {name: late, when: {rcpt: "*"}, delay: 2s}\n', boxes))
    assert (decision.rule, len(decision.faults)) == ("mailboxes/x.test/exists", 1)


def test_octets_at_data_are_those_of_the_mail_data(book):
    rules = "  - {name: hang-up, stage: data, when: {rcpt: x.test}, fault: {close: {after_octets: 5}}}\n"
    (fault,) = ask(book(rules), Stage.DATA).faults
    assert fault.in_mail_data


def test_a_slow_reader_is_known_beforehand(book):
    rules = "  - {name: slow, stage: data, when: {rcpt: x.test}, fault: slow_read}\n"
    assert book(rules).reads_slowly
    fast = book("  - {name: a, when: {rcpt: x.test}, delay: 1s}\n")
    assert not fast.reads_slowly
    assert fast.beneath(load_rules(book, rules)).reads_slowly


def load_rules(book, rules):
    return [entry.rule for entry in book(rules).stages[Stage.DATA].entries]


DRAWN = '  - {name: late, when: {rcpt: "*"}, delay: 2s..5s, fault: garble}\n'


def fates(book, times=5, **said):
    """What a conversation meets, time after time."""
    return [ask(book, **said).faults for _ in range(times)]


def test_the_same_conversation_meets_the_same_times_and_octets(book):
    first, again, other = book(DRAWN), book(DRAWN), book(DRAWN, seed=1)
    one = fates(first)
    fates(again, rcpt="b@y.test")
    assert fates(again) == one
    assert len(set(one)) == 5
    assert not set(fates(other)) & set(one)
    assert all(2 <= delay.value.low == delay.value.high < 5 for delay, _ in one)


def test_per_is_what_the_dice_go_by(book):
    keyed = book('  - {name: late, when: {rcpt: "*"}, delay: 2s..5s, per: [client]}\n')
    one = fates(keyed)
    assert fates(keyed, rcpt="b@y.test") != one


# Extensions.


def told(book, **more):
    decision = ask(book, Stage.HELO, reply=EHLO, **more)
    return None if decision.reply is None else decision.reply.lines[1:]


@pytest.mark.parametrize(
    ("extensions", "lines"),
    [
        ("{hide: [STARTTLS]}", ("PIPELINING", "SIZE 1000", "HELP")),
        ("{hide: [pipelining, HELP, CHUNKING]}", ("SIZE 1000", "STARTTLS")),
        ("{show: [AUTH LOGIN]}", ("PIPELINING", "SIZE 1000", "STARTTLS", "HELP", "AUTH LOGIN")),
        ("{hide: [STARTTLS], show: [SIZE 5, X-NEW]}", ("PIPELINING", "HELP", "SIZE 5", "X-NEW")),
    ],
)
def test_extensions_are_hidden_and_shown(book, extensions, lines):
    assert told(book(f'  - {{name: old, when: {{helo: "*"}}, extensions: {extensions}}}\n')) == lines


def test_rules_may_hide_one_after_the_other_and_another_may_decide(book):
    rules = """
  - {name: one, when: {helo: "*"}, extensions: {hide: [SIZE]}}
  - {name: other, when: {helo: "*"}, extensions: {hide: [HELP]}}
  - {name: last, when: {helo: "taken.*"}, reply: accept}
  - {name: refused, when: {helo: "bad.*"}, reply: "550 5.7.1 no"}
  - {name: closed, when: {helo: "closed.*"}, then: close}
"""
    assert told(book(rules)) == told(book(rules), helo="taken.test") == ("PIPELINING", "STARTTLS")
    assert ask(book(rules), Stage.HELO, reply=EHLO, helo="bad.test").reply.code == 550
    closed = ask(book(rules), Stage.HELO, reply=EHLO, helo="closed.test")
    assert (closed.close, closed.reply.lines[1:]) == (True, ("PIPELINING", "STARTTLS"))


def test_helo_is_told_of_nothing_anyway():
    assert Shown(show=("SIZE",)).applied(HELO := Reply(250, "mx.test")) is HELO


@pytest.mark.parametrize("wrong", [{}, {"hide": ("NOTHING",)}, {"show": ("SIZE ü",)}, {"show": ("",)}])
def test_what_cannot_be_told_is_a_mistake(wrong):
    with pytest.raises(ValueError):
        Shown(**wrong)

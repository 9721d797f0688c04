"""One look: where the rulebook is silent it decides as proposed; where only paths count, the reverse holds too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules.test_rules_rulebook import DOMAINS, LOCALS, PATTERNS, path, rule, scan_matches

from mocksmtp.config.conditions import read_when
from mocksmtp.rules.mailboxes import MailboxDomain, Mailboxes
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.template import ReplyTemplate
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import NULL_PATH, parse_path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.syntax import Addresses

NO = ReplyTemplate.parse("550 no")
BOB = Mailboxes({"example.com": MailboxDomain(exists=("bob",))})


def asked(address):
    return Outcome(replies.OK, path=path(address))


@given(st.lists(st.lists(PATTERNS, min_size=1, max_size=3), max_size=8), LOCALS, DOMAINS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_it_is_silent_just_where_it_decides_as_proposed(lists, local, domain, with_mailboxes):
    rules = [Rule(f"r{n}", read_when({"rcpt": patterns}), reply=NO) for n, patterns in enumerate(lists)]
    book = Rulebook(rules, Mailboxes({domain: MailboxDomain(exists=("bob",))}) if with_mailboxes else None)
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    who.envelope = Envelope("ID", NULL_PATH)
    outcome = Outcome(replies.OK, path=parse_path(f"{local}@{domain}".encode(), Addresses.LENIENT, True))
    matched = any(scan_matches(each, f"{local}@{domain}") for patterns in lists for each in patterns)
    decided = book.decide(Stage.RCPT, who, outcome) is not AS_PROPOSED
    assert book.silent(Stage.RCPT, outcome) is not decided
    assert decided or not matched


LOOKS = [
    # rules, mailboxes, address, whether one look is enough to see that nobody speaks
    ([], None, "x@y.test", True),
    (["{rcpt: z.test}"], None, "x@y.test", True),
    (["{rcpt: y.test}"], None, "x@y.test", False),
    (["{rcpt: z.test, client: 10.0.0.0/8}"], None, "x@y.test", True),
    (["{client: 10.0.0.0/8}"], None, "x@y.test", False),
    (["{not: {rcpt: z.test}}"], None, "x@y.test", False),
    (["{rcpt: z.test}", "{helo: h.test}"], None, "x@y.test", False),
    ([], BOB, "bob@example.com", True),
    ([], BOB, "eve@example.com", False),
    ([], BOB, "x@y.test", True),
    (["{rcpt: z.test}"], BOB, "bob@example.com", True),
]


@pytest.mark.parametrize(("whens", "mailboxes", "address", "silent"), LOOKS)
def test_one_look(whens, mailboxes, address, silent):
    rules = [rule(f"r{n}", when, stage=Stage.RCPT) for n, when in enumerate(whens)]
    assert Rulebook(rules, mailboxes).silent(Stage.RCPT, asked(address)) is silent


def test_at_a_stage_of_which_no_rule_speaks_it_is_silent():
    book = Rulebook([rule("r", "{rcpt: '*'}")], BOB)
    assert book.silent(Stage.DATA, Outcome(replies.START_MAIL_INPUT))
    assert book.silent(Stage.MAIL, asked("x@y.test"))
    assert not book.silent(Stage.RCPT, asked("x@y.test"))


def test_a_rule_that_is_given_at_runtime_is_not_overlooked():
    book = Rulebook([rule("file", "{rcpt: z.test}")])
    assert not book.beneath([rule("new", "{rcpt: y.test}")]).silent(Stage.RCPT, asked("x@y.test"))

"""Which rules are never reached: never one that decides something, and what covers what."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocksmtp.config.conditions import read_when
from mocksmtp.config.tree import Plain
from mocksmtp.rules.cover import covers, pattern_covers
from mocksmtp.rules.pattern import Kind
from mocksmtp.rules.reach import unreached
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.template import ReplyTemplate
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import parse_path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.syntax import Addresses

NO = ReplyTemplate.parse("550 no")

ADDRESSES = """
* covers a@b.test
* covers /x/
* covers <>
*@b.test covers a@b.test
b.test covers *@b.test
b.test covers B.TEST
b.test covers a*@b.test
bücher.test covers xn--bcher-kva.test
*.test covers b.test
*.b.test leaves b.test
a* leaves *
?@b.test covers ?@b.test
*@b.test covers ?@b.test
?@b.test leaves *@b.test
?*@b.test leaves *@b.test
??@b.test leaves ?@b.test
<> covers <>
"""
VALUES = """
a*b covers a?b
a*b covers axxb
a*b* covers a*b
a*b leaves a*b*
/^a/ covers abc
/^a/ leaves bca
/^a/ leaves a*
/^a/ covers /^a/
/a/ leaves /^a/
"""
COVERED = [
    (kind, *line.split())
    for kind, lines in ((Kind.ADDRESS, ADDRESSES), (Kind.VALUE, VALUES))
    for line in lines.strip().split("\n")
]


@pytest.mark.parametrize(("kind", "wide", "verb", "narrow"), COVERED)
def test_a_pattern_covers_another(kind, wide, verb, narrow):
    assert pattern_covers(wide, narrow, kind) is (verb == "covers")


CONDITIONS = [
    ({}, {"rcpt": "x"}, True),
    ({"rcpt": "x"}, {}, False),
    ({"rcpt": ["x.test", "y.test"]}, {"rcpt": "a@y.test", "mail": "z"}, True),
    ({"rcpt": "x.test"}, {"rcpt": ["a@x.test", "a@y.test"]}, False),
    ({"rcpt": "x.test"}, {"mail": "x.test"}, False),
    ({"rcpt": {"not": "x"}}, {"rcpt": {"not": "x"}}, True),
    ({"rcpt": {"not": "x"}}, {"rcpt": "y"}, False),
    ({"not": {"rcpt": "x"}}, {"not": {"rcpt": "x"}, "mail": "y"}, True),
    ([{"mail": "x"}, {"rcpt": "y"}], {"rcpt": "a@y", "helo": "z"}, True),
    ({"client": ["10.0.0.0/8"]}, {"client": ["10.1.2.3", "10.4.0.0/16"]}, True),
    ({"client": "10.0.0.0/8"}, {"client": "0.0.0.0/0"}, False),
    ({"client": "10.0.0.0/8"}, {"client": "2001:db8::1"}, False),
    ({"size": {"over": "5B"}}, {"size": {"over": "6B"}}, True),
    ({"size": {"over": "5B"}}, {"size": {"under": "6B"}}, False),
    ({"size": {"under": "5B"}}, {"size": {"under": "4B", "over": "1B"}}, True),
    ({"header": {"A": "*"}}, {"header": {"a": "x", "B": "y"}}, True),
    ({"header": {"A": "x"}}, {"header": {"B": "x"}}, False),
    ({"tls": "true"}, {"tls": {"version": "1.3"}}, True),
    ({"tls": {"version": "1.3"}}, {"tls": "true"}, False),
    ({"tls": "false"}, {"tls": "true"}, False),
]


def when_of(value):
    def plain(each):
        if isinstance(each, dict):
            return {name: plain(inner) for name, inner in each.items()}
        return [plain(inner) for inner in each] if isinstance(each, list) else Plain(each)

    return read_when(plain(value))


@pytest.mark.parametrize(("wide", "narrow", "whether"), CONDITIONS)
def test_conditions_cover_others(wide, narrow, whether):
    assert covers(when_of(wide), when_of(narrow).parts) is whether


LOCALS = st.sampled_from(["a", "b", "ab", "abc", "ba"])
DOMAINS = st.sampled_from(["x.test", "y.test", "s.x.test"])
PATTERNS = st.one_of(
    st.builds("{}@{}".format, LOCALS, DOMAINS),
    DOMAINS,
    st.builds("*.{}".format, DOMAINS),
    st.builds("{}*@{}".format, LOCALS, DOMAINS),
    st.builds("?{}@{}".format, LOCALS, DOMAINS),
    st.builds("/^{}/".format, st.sampled_from(["a", "b+@", "[ab]c?@x"])),
    st.just("*"),
)
LISTS = st.lists(PATTERNS, min_size=1, max_size=3)
WHENS = st.one_of(
    st.builds(lambda r: {"rcpt": r}, LISTS),
    st.builds(lambda r, m: {"rcpt": r, "mail": m}, LISTS, LISTS),
    st.builds(lambda r, m: [{"rcpt": r}, {"mail": m}], LISTS, LISTS),
    st.builds(lambda r, m: {"rcpt": r, "not": {"mail": m}}, LISTS, LISTS),
)


def path(text):
    return parse_path(text.encode(), Addresses.STRICT, True)


@given(st.lists(WHENS, max_size=8), st.lists(st.tuples(LOCALS, DOMAINS, LOCALS, DOMAINS), max_size=6))
@settings(max_examples=150, deadline=None)
def test_a_rule_that_is_never_reached_decides_nothing(whens, mails):
    rules = [Rule(f"r{n}", read_when(when), stage=Stage.RCPT, reply=NO) for n, when in enumerate(whens)]
    names = {rules[each.rule].name for each in unreached(rules)}
    book = Rulebook(rules)
    for local, domain, sender, at in mails:
        who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
        who.envelope = Envelope("ID", path(f"{sender}@{at}"))
        decision = book.decide(Stage.RCPT, who, Outcome(replies.OK, path=path(f"{local}@{domain}")))
        assert decision.rule not in names


@given(LISTS, LISTS)
def test_a_rule_that_says_the_same_as_an_earlier_one_is_never_reached(patterns, more):
    rules = [
        Rule(f"r{n}", read_when({"rcpt": each}), reply=NO) for n, each in enumerate([more, patterns, patterns])
    ]
    assert 2 in [each.rule for each in unreached(rules)]


def test_ten_thousand_rules_are_asked_of_the_index():
    rules = [Rule(f"r{n}", read_when({"rcpt": f"u{n}*@d{n % 97}.test"}), reply=NO) for n in range(10_000)]
    rules.append(Rule("last", read_when({"rcpt": "u77x@d77.test"}), reply=NO))
    began = time.process_time()
    assert [(each.rule, each.before) for each in unreached(rules)][-1] == (10_000, (77,))
    assert time.process_time() - began < 5

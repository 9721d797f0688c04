"""The rulebook decides: rules from the top, then mailboxes; the index finds what a scan finds."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocksmtp.config.conditions import read_when
from mocksmtp.config.tree import read
from mocksmtp.rules.mailboxes import MailboxDomain, Mailboxes
from mocksmtp.rules.pattern import Kind, PatternIndex, Patterns
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.template import ACCEPT, ReplyTemplate
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import NULL_PATH, parse_path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED, Decision
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.syntax import Addresses


def path(text):
    return parse_path(text.encode(), Addresses.STRICT, True)


def rule(name, when="{}", reply="550 5.0.0 no", **more):
    template = ACCEPT if reply == "accept" else ReplyTemplate.parse(reply) if reply else None
    return Rule(name, read_when(read(f"when: {when}", "t").value["when"]), reply=template, **more)


def ask(book, rcpt="x@y.test", stage=Stage.RCPT, content=None, params=None, recipients=(), size=None):
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    if stage is not Stage.MAIL:
        who.envelope = Envelope("ID", path("from@a.test"), {"SIZE": size} if size else {})
        who.envelope.recipients = [Recipient(path(each)) for each in recipients]
    who.content = content
    asked = path(rcpt) if stage in (Stage.RCPT, Stage.MAIL) else None
    return book.decide(stage, who, Outcome(replies.OK, path=asked, params=params or {}))


def test_the_first_that_matches_decides():
    book = Rulebook([rule("a", "{rcpt: other.test}"), rule("b", "{rcpt: y.test}"), rule("c", "{rcpt: x@y.test}")])
    assert ask(book).rule == "b"


def test_a_disabled_rule_is_not_asked():
    assert ask(Rulebook([rule("a", "{rcpt: y.test}", enabled=False)])) is AS_PROPOSED


def test_a_rule_without_reply_is_told_and_the_search_goes_on():
    book = Rulebook([rule("a", "{rcpt: y.test}", reply=None), rule("b", "{rcpt: y.test}")])
    assert ask(book).matched == ("a", "b")
    assert ask(Rulebook([rule("a", "{rcpt: y.test}", reply=None)])).matched == ("a",)


def test_accept_is_the_stages_own_answer_and_overrides_mailboxes():
    boxes = Mailboxes({"y.test": MailboxDomain(exists=())})
    assert ask(Rulebook([rule("a", "{rcpt: y.test}", "accept")], boxes)).reply is replies.OK
    assert ask(Rulebook([], boxes)).rule == "mailboxes/y.test/exists"


def test_keep_false_alone_accepts():
    decision = ask(Rulebook([rule("a", "{rcpt: y.test}", None, keep=False)]))
    assert (decision.reply, decision.keep) == (replies.OK, False)


@pytest.mark.parametrize(("then", "close"), [(None, None), ("close", True), ("continue", False)])
def test_then_says_whether_to_close(then, close):
    assert ask(Rulebook([rule("a", "{rcpt: y.test}", then=then)])).close is close


@pytest.mark.parametrize(
    ("when", "rule_name"),
    [
        ("{rcpt: x@y.test}", "r"),
        ("{mail: from@a.test}", "r"),
        ("{mail: x@y.test}", None),
        ("{mail: a.test, rcpt: y.test}", "r"),
        ("{mail: a.test, rcpt: z.test}", None),
    ],
)
def test_at_rcpt_a_rule_on_the_sender_is_held_against_the_sender(when, rule_name):
    assert ask(Rulebook([rule("r", when, stage=Stage.RCPT)])).rule == rule_name


def test_then_close_without_a_reply_closes_after_our_own():
    decision = ask(Rulebook([rule("a", "{rcpt: y.test}", None, then="close")]))
    assert (decision.reply, decision.close) == (None, True)


def test_at_message_the_text_names_the_first_recipient_that_matched():
    book = Rulebook([rule("a", "{rcpt: '*@z.test'}", "550 <{rcpt}> {mail} {id}", stage=Stage.MESSAGE)])
    decision = ask(book, stage=Stage.MESSAGE, content=b"", recipients=["a@x.test", "b@z.test"])
    assert decision.reply.lines == ("<b@z.test> from@a.test ID",)


@pytest.mark.parametrize(
    ("stage", "size", "content", "fires"),
    [
        (Stage.RCPT, "200", None, True),
        (Stage.RCPT, None, None, False),
        (Stage.MESSAGE, None, b"x" * 200, True),
        (Stage.MESSAGE, None, b"x", False),
    ],
)
def test_size_is_asked_where_it_is_known(stage, size, content, fires):
    book = Rulebook([rule("a", "{rcpt: '*', size: {over: 100B}}")])
    decision = ask(book, stage=stage, size=size, content=content, recipients=["a@x.test"])
    assert (decision.rule == "a") is fires


def test_size_counts_once_in_a_transaction():
    book = Rulebook([rule("a", "{rcpt: '*', size: {over: 100B}}", "accept")])
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    who.envelope = Envelope("ID", NULL_PATH, {"SIZE": "200"})
    assert book.decide(Stage.RCPT, who, Outcome(replies.OK, path=path("a@x.test"))).rule == "a"
    who.envelope.recipients = [Recipient(path("a@x.test"))]
    who.content = b"x" * 200
    assert book.decide(Stage.MESSAGE, who, Outcome(replies.OK)) is AS_PROPOSED


def lmtp(book, recipient, content=b"", size=None, recipients=("a@x.test", "b@z.test")):
    """Ask about one of the recipients of a message that came by LMTP."""
    who = Conversation("S", "lmtp", "mx.test", "192.0.2.7")
    who.envelope = Envelope("ID", path("from@a.test"), {"SIZE": size} if size else {})
    params = {"NOTIFY": f"for-{recipient}"}
    who.envelope.recipients = [Recipient(path(each), {"NOTIFY": f"for-{each}"}) for each in recipients]
    who.content = content
    return book.decide(Stage.MESSAGE, who, Outcome(replies.OK, path=path(recipient), params=params))


@pytest.mark.parametrize(
    ("when", "of_a", "of_b"),
    [
        ("{rcpt: '*@z.test'}", False, True),
        ("{not: {rcpt: '*@z.test'}}", True, False),
        ("{param: {NOTIFY: 'for-b@*'}}", False, True),
        ("{rcpt_count: {over: 1}}", True, True),
        ("{header: {Subject: x}}", True, True),
        ("{body: '*'}", True, True),
    ],
)
def test_over_lmtp_a_message_is_asked_about_for_each_recipient_alone(when, of_a, of_b):
    book = Rulebook([rule("a", when, "550 <{rcpt}>", stage=Stage.MESSAGE)])
    for recipient, expected in (("a@x.test", of_a), ("b@z.test", of_b)):
        decision = lmtp(book, recipient, b"Subject: x\r\n\r\nbody")
        assert (decision.rule == "a") is expected
        assert not expected or decision.reply.lines == (f"<{recipient}>",)


def test_over_lmtp_no_mailbox_is_asked_about_at_message():
    boxes = Mailboxes({"x.test": MailboxDomain(exists=())})
    assert lmtp(Rulebook([], boxes), "a@x.test") is AS_PROPOSED


def test_over_lmtp_size_counts_once_for_each_recipient():
    book = Rulebook([rule("a", "{rcpt: '*', size: {over: 100B}}", "accept")])
    who = Conversation("S", "lmtp", "mx.test", "192.0.2.7")
    who.envelope = Envelope("ID", NULL_PATH, {"SIZE": "200"})
    assert book.decide(Stage.RCPT, who, Outcome(replies.OK, path=path("a@x.test"))).rule == "a"
    who.envelope.recipients = [Recipient(path("a@x.test")), Recipient(path("b@x.test"))]
    who.content = b"x" * 200
    assert book.decide(Stage.MESSAGE, who, Outcome(replies.OK, path=path("a@x.test"))) is AS_PROPOSED
    assert book.decide(Stage.MESSAGE, who, Outcome(replies.OK, path=path("b@x.test"))).rule == "a"


def test_headers_are_looked_for_once_in_a_message():
    book = Rulebook([rule("a", "{header: {Subject: x}}")])
    who = Conversation("S", "lmtp", "mx.test", "192.0.2.7")
    who.envelope = Envelope("ID", NULL_PATH)
    who.content = b"Subject: x\r\n\r\n"
    assert book.decide(Stage.MESSAGE, who, Outcome(replies.OK, path=path("a@x.test"))).rule == "a"
    assert who.envelope.headers == {"subject": ["x"]}
    assert book.decide(Stage.MESSAGE, who, Outcome(replies.OK, path=path("b@x.test"))).rule == "a"


def test_size_alone_is_asked_at_mail():
    book = Rulebook([rule("a", "{size: {over: 100B}}")])
    assert ask(book, stage=Stage.MAIL, params={"SIZE": "200"}).rule == "a"


def test_a_large_body_is_searched_elsewhere():
    book = Rulebook([rule("a", "{body: '*needle'}")])
    search = ask(book, stage=Stage.MESSAGE, content=b"\r\n" + b"x" * 2**21 + b"needle", recipients=["a@x.test"])
    assert not isinstance(search, Decision)
    assert search().rule == "a"


@pytest.mark.parametrize(
    ("stage", "address", "rule"),
    [
        (Stage.RCPT, "alice@corp.test", None),
        (Stage.RCPT, "ALICE+tag@corp.test", None),
        (Stage.RCPT, "sales-eu@corp.test", None),
        (Stage.RCPT, "postmaster@corp.test", None),
        (Stage.RCPT, "<postmaster>", None),
        (Stage.RCPT, "carol@corp.test", "mailboxes/corp.test/exists"),
        (Stage.RCPT, "bob@corp.test", "mailboxes/corp.test/full"),
        (Stage.RCPT, "1st@corp.test", "mailboxes/corp.test/naming"),
        (Stage.MAIL, "1st@corp.test", "mailboxes/corp.test/naming"),
        (Stage.MAIL, "carol@corp.test", None),
        (Stage.RCPT, "any@sub.glob.test", "mailboxes/*.glob.test/exists"),
        (Stage.RCPT, "any@exact.glob.test", None),
        (Stage.RCPT, "any@elsewhere.test", None),
    ],
)
def test_mailboxes(stage, address, rule):
    boxes = Mailboxes(
        {
            "*.glob.test": MailboxDomain(exists=()),
            "exact.glob.test": MailboxDomain(),
            "corp.test": MailboxDomain(
                exists=("alice", "sales-*"),
                naming="/[a-z][a-z0-9.+-]*/",
                full={"bob": ReplyTemplate.parse("452 4.2.2 full")},
            ),
        }
    )
    address = "postmaster" if address == "<postmaster>" else address
    assert ask(Rulebook([], boxes), address, stage).rule == rule


def test_mailboxes_answer_also_where_a_rule_matched_without_reply():
    boxes = Mailboxes({"y.test": MailboxDomain(exists=())})
    decision = ask(Rulebook([rule("a", "{rcpt: y.test}", None)], boxes))
    assert (decision.rule, decision.matched) == ("mailboxes/y.test/exists", ("a",))


def test_what_is_no_mailbox_is_refused_in_the_words_of_syntax():
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    reply = Rulebook().malformed(Stage.MAIL, who, "a\r\n b@c", "a space")
    assert reply.wire == b"553 5.1.7 <a?? b@c>: sender address invalid: a space\r\n"


@pytest.mark.parametrize("naming", ["[a-z]+", "/(/", "//"])
def test_a_bad_naming_is_refused(naming):
    with pytest.raises(ValueError):
        MailboxDomain(naming=naming)


LOCALS = st.text("abcXY.1", min_size=1, max_size=4)
DOMAINS = st.sampled_from(["x.test", "y.test", "sub.x.test"])
PATTERNS = st.one_of(
    st.builds("{}@{}".format, LOCALS, DOMAINS),
    st.builds("*@{}".format, DOMAINS),
    DOMAINS,
    st.builds("{}*@{}".format, LOCALS, DOMAINS),
    st.builds("*{}?*".format, LOCALS),
    st.builds("/^{}/".format, st.sampled_from(["a", "b+@", "[ab]c?@x"])),
    st.just("*.test"),
)


def scan_matches(pattern: str, address: str) -> bool:
    if pattern.startswith("/"):
        return re.search(pattern[1:-1], address, re.IGNORECASE) is not None
    glob = pattern if "@" in pattern or pattern == "*" else f"*@{pattern}"
    return re.fullmatch(fnmatch.translate(glob.lower().replace("[", "[[]")), address.lower()) is not None


@given(st.lists(PATTERNS, max_size=12), LOCALS, DOMAINS)
@settings(max_examples=150, deadline=None)
def test_the_index_finds_what_a_plain_scan_finds(patterns, local, domain):
    address = f"{local}@{domain}".lower()
    index = PatternIndex(Kind.ADDRESS, list(zip(patterns, range(len(patterns)), strict=True)))
    assert sorted(index.find(address)) == [n for n, p in enumerate(patterns) if scan_matches(p, address)]


@given(st.lists(st.lists(PATTERNS, min_size=1, max_size=3), max_size=10), LOCALS, DOMAINS)
@settings(max_examples=100, deadline=None)
def test_the_rulebook_decides_as_a_scan_from_the_top(lists, local, domain):
    rules = []
    for number, patterns in enumerate(lists):
        when = read_when({"rcpt": patterns})
        rules.append(Rule(f"r{number}", when, reply=ReplyTemplate.parse("550 no")))
    address = f"{local}@{domain}".lower()
    expected = next((f"r{n}" for n, ps in enumerate(lists) if any(scan_matches(p, address) for p in ps)), None)
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    who.envelope = Envelope("ID", NULL_PATH)
    named = parse_path(address.encode(), Addresses.LENIENT, True)
    decision = Rulebook(rules).decide(Stage.RCPT, who, Outcome(replies.OK, path=named))
    assert decision.rule == expected


def test_networks_are_found_by_prefix():
    whens = ["{client: 10.0.0.0/8}", "{client: 192.0.2.0/24, rcpt: '*'}", "{client: '2001:db8::/32'}"]
    rules = [rule(f"n{n}", when, stage=Stage.RCPT) for n, when in enumerate(whens)]
    assert ask(Rulebook(rules)).rule == "n1"
    assert ask(Rulebook([rule("c", "{client: [192.0.2.0/24, 10.0.0.0/8]}", stage=Stage.NOOP)]), stage=Stage.NOOP)
    who = Conversation("S", "smtp", "mx.test", "")
    assert Rulebook([rules[0]]).decide(Stage.RCPT, who, Outcome(replies.OK)) is AS_PROPOSED


@pytest.mark.parametrize("value", ["", [], {"other": "x"}, 3, "/(?=x)/", "/a(/", "//"])
def test_bad_patterns_are_refused(value):
    with pytest.raises(ValueError):
        Patterns.parse(value)

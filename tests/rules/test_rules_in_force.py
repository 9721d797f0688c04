"""What is in force: runtime rules before those of the files, each replaced without the other."""

from __future__ import annotations

from mocksmtp.config.conditions import read_when
from mocksmtp.rules.in_force import InForce
from mocksmtp.rules.mailboxes import MailboxDomain, Mailboxes
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.template import ReplyTemplate
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import parse_path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.syntax import Addresses


def rule(name, rcpt="y.test", reply="550 no", **more):
    template = ReplyTemplate.parse(reply) if reply else None
    return Rule(name, read_when({"rcpt": rcpt} if rcpt else {}), reply=template, **more)


def ask(book, rcpt="x@y.test", stage=Stage.RCPT):
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")
    who.envelope = Envelope("ID", parse_path(b"from@a.test", Addresses.STRICT, True))
    return book.decide(stage, who, Outcome(replies.OK, path=parse_path(rcpt.encode(), Addresses.STRICT, True)))


def in_force(*rules, boxes=None):
    followed = []
    return InForce(Rulebook(rules, boxes), followed.append), followed


def test_runtime_rules_stand_before_those_of_the_files():
    both, followed = in_force(rule("file"), rule("other", "z.test"))
    assert ask(both.rulebook).rule == "file"
    both.replace_runtime([rule("runtime")])
    assert followed == [both.rulebook]
    assert ask(both.rulebook).rule == "runtime"
    assert ask(both.rulebook, "x@z.test").rule == "other"


def test_a_runtime_rule_without_a_reply_leaves_the_answer_to_the_files():
    both, _ = in_force(rule("file"))
    both.replace_runtime([rule("counts", reply=None)])
    assert ask(both.rulebook).matched == ("counts", "file")


def test_the_files_are_replaced_behind_the_runtime_rules():
    both, followed = in_force(rule("old"), rule("gone", "z.test"))
    both.replace_runtime([rule("runtime")])
    both.replace_files(Rulebook([rule("new"), rule("new-too", "w.test")]))
    assert [ask(both.rulebook, f"x@{d}.test").rule for d in ("y", "w", "z")] == ["runtime", "new-too", None]
    both.replace_runtime([])
    assert ask(both.rulebook).rule == "new"
    assert len(followed) == 3


def test_mailboxes_come_after_both():
    both, _ = in_force(boxes=Mailboxes({"y.test": MailboxDomain(exists=())}))
    both.replace_runtime([rule("counts", reply=None), rule("noop", None, stage=Stage.NOOP)])
    decision = ask(both.rulebook)
    assert (decision.rule, decision.matched) == ("mailboxes/y.test/exists", ("counts",))
    assert ask(both.rulebook, stage=Stage.NOOP).rule == "noop"


def test_a_rulebook_is_never_changed():
    both, _ = in_force(rule("file"))
    before = both.rulebook
    both.replace_runtime([rule("runtime")])
    assert ask(before).rule == "file"
    both.replace_files(Rulebook())
    both.replace_runtime([])
    assert ask(both.rulebook) is AS_PROPOSED

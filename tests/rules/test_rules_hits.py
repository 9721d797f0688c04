"""What rules did, from facts."""

from __future__ import annotations

from mocksmtp.rules.hits import Hits
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.facts import RuleMatched
from mocksmtp.smtp.stage import Stage

WHO = Conversation("S", "smtp", "mx.test", "::1")


def test_hits_and_the_last_of_them_are_known_by_rule():
    moments = iter([10.0, 20.0, 30.0])
    hits = Hits(lambda: next(moments))
    for rule in ("a", "b", "a"):
        hits.takes[RuleMatched](RuleMatched(WHO, Stage.RCPT, rule))
    assert [hits.of(rule) for rule in "abc"] == [(2, 30.0), (1, 20.0), (0, None)]
    assert hits.unused("dcba") == ["d", "c"]
    hits.forget("a")
    assert (hits.unused("ab"), hits.of("a")) == (["a"], (0, None))
    hits.forget()
    assert hits.unused("ab") == ["a", "b"]

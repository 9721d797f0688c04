"""Rules that remember, asked by hand: YAML to a rulebook with a clock that is held."""

from __future__ import annotations

from mocksmtp.config.rules import RuleModel
from mocksmtp.config.tree import read
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.smtp import replies
from mocksmtp.smtp.address import parse_path
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.syntax import Addresses

NOON = 1_767_268_800.0
"""2026-01-01 12:00 UTC."""


def path(text):
    return parse_path(text.encode(), Addresses.STRICT, True)


def rules(text):
    """Read a list of rules as a configuration file holds them."""
    return [RuleModel.model_validate(each).rule() for each in read(text, "t").value]


def book_of(text, seed=0, **more):
    """Return a rulebook of some rules, and its clock, which stands at noon."""
    clock = RuleClock(lambda: NOON)
    clock.hold()
    return Rulebook(rules(text), now=clock.now, seed=seed, **more), clock


def ask(
    book, rcpt="a@x.test", mail="m@y.test", client="192.0.2.7", stage=Stage.RCPT, session="S", helo="h.test",
    auth=None, listener="smtp", recipients=(), content=None, params=None, text=None,
):  # fmt: skip
    """Ask what is decided in a conversation that has come so far."""
    who = Conversation(session, listener, "mx.test", client)
    who.helo, who.auth, who.content = helo, auth, content
    if stage not in (Stage.MAIL, Stage.CONNECT, Stage.HELO, Stage.AUTH):
        who.envelope = Envelope("ID", path(mail) if mail else path(""), params or {})
        who.envelope.recipients = [Recipient(path(each)) for each in recipients]
    named = {Stage.RCPT: rcpt, Stage.MAIL: mail}.get(stage)
    outcome = Outcome(replies.OK, path=path(named) if named is not None else None, params=params or {}, text=text)
    return book.decide(stage, who, outcome)


def reply(decision):
    """Return what a decision answers, None where it leaves the protocol's own answer."""
    return decision.reply.text if decision.reply is not None else None

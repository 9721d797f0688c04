"""The rulebook: the rules and mailboxes of a configuration as the session's policy."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

from mocksmtp.rules.condition import Test
from mocksmtp.rules.conditions.rcpt import Rcpt
from mocksmtp.rules.context import Context
from mocksmtp.rules.index import Entry, Layers, StageIndex
from mocksmtp.rules.mailboxes import Mailboxes, Refusal
from mocksmtp.rules.pattern import Kind, PatternIndex
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.template import Accept, ReplyTemplate
from mocksmtp.rules.when import conditions_of
from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED, Decision, Search
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.reply import Reply

SEARCHED_ELSEWHERE = 1024 * 1024
"""Octets of content from which on a search of the body leaves the reactor."""

SYNTAX_REPLY = ReplyTemplate.parse("553 5.1.3 <{address}>: mailbox name invalid: {reason}")
SENDER_REPLY = ReplyTemplate.parse("553 5.1.7 <{address}>: sender address invalid: {reason}")

_NOTHING = Outcome(replies.OK)
CLOSE: dict[str | None, bool | None] = {None: None, "close": True, "continue": False}


class Rulebook:
    """Rules from the top, then mailboxes; the protocol's own answer where neither speaks."""

    def __init__(
        self,
        rules: Sequence[Rule] = (),
        mailboxes: Mailboxes | None = None,
        syntax_reply: ReplyTemplate = SYNTAX_REPLY,
        sender_reply: ReplyTemplate = SENDER_REPLY,
    ) -> None:
        """Compile; ``syntax_reply`` and ``sender_reply`` word what is no mailbox at RCPT and MAIL."""
        self._mailboxes = mailboxes or Mailboxes({})
        self._malformed = {Stage.RCPT: syntax_reply, Stage.MAIL: sender_reply}
        staged: dict[Stage, list[tuple[int, Rule]]] = {}
        for number, rule in enumerate(rules):
            if rule.enabled:
                for stage in rule.stages:
                    staged.setdefault(stage, []).append((number, rule))
        self._stages: dict[Stage, StageIndex | Layers] = {
            stage: StageIndex(stage, entries) for stage, entries in staged.items()
        }
        if self._mailboxes:
            for stage in (Stage.MAIL, Stage.RCPT):
                self._stages.setdefault(stage, StageIndex(stage, []))

    def beneath(self, rules: Sequence[Rule]) -> Rulebook:
        """Return a rulebook that asks these rules first; what is compiled here is not compiled again."""
        if not rules:
            return self
        both = copy(self)
        both._stages = dict(self._stages)
        for stage, upper in Rulebook(rules)._stages.items():
            lower = self._stages.get(stage)
            both._stages[stage] = Layers(upper, lower) if lower is not None else upper
        return both

    def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
        """Say what is answered; a search through a large body is handed back to be run elsewhere."""
        index = self._stages.get(stage)
        if index is None:
            return AS_PROPOSED
        find, path = index.of_path, outcome.path
        if find is not None and path is not None and not find(path.key) and not self._mailboxes:
            return AS_PROPOSED  # The way of nearly every command; mailboxes are the only others to ask.
        context = Context(stage, conversation, outcome)
        content = conversation.content
        if content is not None and index.speaks_of_body and len(content) > SEARCHED_ELSEWHERE:
            return lambda: self._decide(index, context)
        return self._decide(index, context)

    def malformed(self, stage: Stage, conversation: Conversation, address: str, reason: str) -> Reply:
        """Word the refusal of what is no mailbox."""
        template = self._malformed[stage]
        return template.render(Context(stage, conversation, _NOTHING), address=address, reason=reason)

    def _decide(self, index: StageIndex | Layers, context: Context) -> Decision:
        candidates = index.candidates(context)
        if candidates:
            decision = self._by_rules(candidates, context)
            if decision is not None:
                return decision
        if self._mailboxes:
            refusal = self._by_mailboxes(context)
            if refusal is not None:
                return Decision(refusal.reply.render(context), refusal.name)
        return AS_PROPOSED

    def _by_rules(self, candidates: list[Entry], context: Context) -> Decision | None:
        matched: list[str] = []
        keep = True
        for _, rule, test in candidates:
            if not _holds(rule, test, context):
                continue
            matched.append(rule.name)
            keep = keep and rule.keep
            answer = rule.answer
            if answer is not None:
                reply = _reply(answer, rule, context)
                return Decision(reply, rule.name, CLOSE[rule.then], keep, matched=tuple(matched))
            if rule.then == "close":
                return Decision(None, rule.name, True, keep, matched=tuple(matched))
        if not matched:
            return None
        return self._with_mailboxes(tuple(matched), context)

    def _with_mailboxes(self, matched: tuple[str, ...], context: Context) -> Decision:
        refusal = self._by_mailboxes(context)
        if refusal is None:
            return Decision(matched=matched)
        return Decision(refusal.reply.render(context), refusal.name, matched=matched)

    def _by_mailboxes(self, context: Context) -> Refusal | None:
        path = context.outcome.path
        if path is None:
            return None
        if context.stage is Stage.RCPT:
            return self._mailboxes.refuse_recipient(path)
        return self._mailboxes.refuse_sender(path) if context.stage is Stage.MAIL else None


def _holds(rule: Rule, test: Test, context: Context) -> bool:
    if not rule.of_size:
        return test(context)
    # Asked twice, it counts once: where SIZE= was declared, and at message if it has not fired there.
    envelope = context.conversation.envelope
    if context.stage is Stage.MESSAGE:
        if envelope is not None and rule.name in envelope.fired:
            return False
    elif context.declared_size is None:
        return False
    if not test(context):
        return False
    if envelope is not None:
        envelope.fired.add(rule.name)
    return True


def _reply(answer: ReplyTemplate | Accept, rule: Rule, context: Context) -> Reply:
    if isinstance(answer, Accept):
        return context.outcome.accept or context.outcome.reply
    if answer.constant is not None:
        return answer.constant
    return answer.render(context, **_first_match(rule, context))


def _first_match(rule: Rule, context: Context) -> dict[str, str]:
    """At data and message ``{rcpt}`` is the first recipient that the rule matched."""
    if context.stage not in (Stage.DATA, Stage.MESSAGE):
        return {}
    for condition in conditions_of(rule.when):
        if isinstance(condition, Rcpt):
            index = PatternIndex(Kind.ADDRESS, [(text, True) for text in condition.value.items])
            for path in context.rcpts:
                if index.find(path.key):
                    return {"rcpt": path.text}
    return {}

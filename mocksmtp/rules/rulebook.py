"""The rulebook: the rules and mailboxes of a configuration as the session's policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING

from mocksmtp.rules.chance import fraction
from mocksmtp.rules.context import Context
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.index import Entry, Layers, StageIndex
from mocksmtp.rules.mailboxes import Mailboxes, Refusal
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.template import Accept, ReplyTemplate
from mocksmtp.smtp import replies
from mocksmtp.smtp.conversation import NONE, Conversation
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED, Decision, Search
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.faults.fault import Fault
    from mocksmtp.rules.schedule import Hit
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.reply import Reply

SEARCHED_ELSEWHERE = 1024 * 1024
"""Octets of content from which on a search of the body leaves the reactor."""

SYNTAX_REPLY = ReplyTemplate.parse("553 5.1.3 <{address}>: mailbox name invalid: {reason}")
SENDER_REPLY = ReplyTemplate.parse("553 5.1.7 <{address}>: sender address invalid: {reason}")

RUNTIME, SCOPE = "runtime/", "scope/"
"""The spaces of counters of rules that are given while the server runs: their names are their own."""

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
        counters: Counters | None = None,
        now: Callable[[], float] = lambda: 0.0,
        seed: int = 0,
        space: str = "",
    ) -> None:
        """Compile; ``syntax_reply`` and ``sender_reply`` word what is no mailbox at RCPT and MAIL.

        ``counters`` are those that go on, of rules that kept their name in the same ``space``;
        ``now`` is the rule clock, in seconds since the epoch, and ``seed`` what chance begins with.
        """
        self.counters = Counters() if counters is None else counters
        self.now = now
        self.seed = seed
        self._mailboxes = mailboxes or Mailboxes({})
        self._malformed = {Stage.RCPT: syntax_reply, Stage.MAIL: sender_reply}
        staged: dict[Stage, list[tuple[int, Rule]]] = {}
        for number, rule in enumerate(rules):
            if rule.enabled:
                for stage in rule.stages:
                    staged.setdefault(stage, []).append((number, rule))
        self.stages: dict[Stage, StageIndex | Layers] = {
            stage: StageIndex(stage, entries, space) for stage, entries in staged.items()
        }
        if self._mailboxes:
            for stage in (Stage.MAIL, Stage.RCPT):
                self.stages.setdefault(stage, StageIndex(stage, []))

    def beneath(self, rules: Sequence[Rule], space: str = RUNTIME) -> Rulebook:
        """Return a rulebook that asks these rules first; what is compiled here is not compiled again."""
        if not rules:
            return self
        both = copy(self)
        both.stages = dict(self.stages)
        for stage, upper in Rulebook(rules, space=space).stages.items():
            lower = self.stages.get(stage)
            both.stages[stage] = Layers(upper, lower) if lower is not None else upper
        return both

    def in_scope(self, rules: Sequence[Rule], counters: Counters, now: Callable[[], float]) -> Rulebook:
        """Return one that asks these rules first, and counts all hits elsewhere and by another clock."""
        own = copy(self.beneath(rules, SCOPE))
        own.counters, own.now = counters, now
        return own

    @property
    def reads_slowly(self) -> bool:
        """Whether a rule takes mail data in slowly; clients then need to meet small windows."""
        return self.strikes("slow_read")

    def strikes(self, fault: str) -> bool:
        """Whether some rule has a fault of this name."""
        return any(fault in index.faults for index in self.stages.values())

    def silent(self, stage: Stage, outcome: Outcome) -> bool:
        """Say whether neither rules nor mailboxes speak of the path that is named; False where it is not plain."""
        index = self.stages.get(stage)
        if index is None:
            return True
        find, path = index.of_path, outcome.path
        if find is None or path is None or find(path.key):
            return False
        return not self._mailboxes or self._by_mailboxes(stage, path) is None

    def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
        """Say what is answered; a search through a large body is handed back to be run elsewhere."""
        index = self.stages.get(stage)
        if index is None:
            return AS_PROPOSED
        context = Context(stage, conversation, outcome)
        content = conversation.content
        if content is not None and index.speaks_of_body and len(content) > SEARCHED_ELSEWHERE:
            return lambda: self._search(index, context)
        candidates = index.candidates(context)
        return self._decide(_holding(candidates, context) if candidates else (), context)

    def entries(self, stage: Stage) -> list[Entry]:
        """Return the rules that are asked at a stage, in their order."""
        index = self.stages.get(stage)
        return index.entries if index is not None else []

    def rehearsal(self, now: Callable[[], float]) -> Rulebook:
        """Return one that decides alike, by another clock, and whose hits leave these counters as they are."""
        twin = copy(self)
        twin.counters, twin.now = Counters(under=self.counters), now
        return twin

    def malformed(self, stage: Stage, conversation: Conversation, address: str, reason: str) -> Reply:
        """Word the refusal of what is no mailbox."""
        template = self._malformed[stage]
        return template.render(Context(stage, conversation, _NOTHING), address=address, reason=reason)

    def _search(self, index: StageIndex | Layers, context: Context) -> Decision | Callable[[], Decision]:
        """Search off the reactor; counters are moved on it, so a decision that hangs on one is handed back."""
        held = list(_holding(index.candidates(context), context))
        if any(entry.recall is not None for entry in held):
            return partial(self._decide, held, context)
        return self._decide(held, context)

    def _decide(self, holding: Iterable[Entry], context: Context) -> Decision:
        decision = self._by_rules(holding, context)
        if decision is not None:
            return decision
        if self._mailboxes:
            refusal = self._by_mailboxes(context.stage, context.outcome.path)
            if refusal is not None:
                return Decision(refusal.reply.render(context), refusal.name)
        return AS_PROPOSED

    def _by_rules(self, holding: Iterable[Entry], context: Context) -> Decision | None:
        matched: list[str] = []
        faults: tuple[Fault, ...] = ()
        keep = True
        for entry in holding:
            rule, hit = entry.rule, None
            answer = rule.answer
            if entry.recall is not None:
                hit = entry.recall.hit(context, self.counters, self.now(), self.seed)
                if not entry.recall.due(hit):
                    continue
                answer = entry.recall.answer(hit)
            matched.append(rule.name)
            keep = keep and rule.keep
            if entry.faults:
                faults += _drawn(entry.faults, hit)
            if rule.extensions is not None:
                context.show(rule.extensions.applied(context.outcome.reply))
            if answer is not None:
                reply = _reply(answer, entry, hit, context)
                return Decision(reply, rule.name, CLOSE[rule.then], keep, faults, tuple(matched))
            if rule.then == "close":
                return Decision(context.shown, rule.name, True, keep, faults, tuple(matched))
        if not matched:
            return None
        return self._with_mailboxes(Decision(context.shown, faults=faults, matched=tuple(matched)), context)

    def _with_mailboxes(self, decision: Decision, context: Context) -> Decision:
        refusal = self._by_mailboxes(context.stage, context.outcome.path)
        if refusal is None:
            return decision
        return decision._replace(reply=refusal.reply.render(context), rule=refusal.name)

    def _by_mailboxes(self, stage: Stage, path: Path | None) -> Refusal | None:
        if path is None:
            return None
        if stage is Stage.RCPT:
            return self._mailboxes.refuse_recipient(path)
        return self._mailboxes.refuse_sender(path) if stage is Stage.MAIL else None


def _holding(candidates: Iterable[Entry], context: Context) -> Iterator[Entry]:
    """Yield the rules that hold, as far as it is sure that they are asked."""
    if context.stage is Stage.MAIL:
        context.conversation.counted = NONE
    for entry in candidates:
        if _holds(entry, context):
            yield entry
            if entry.recall is None and entry.rule.ends:
                return


def _holds(entry: Entry, context: Context) -> bool:
    rule = entry.rule
    if not rule.of_size:
        return entry.test(context)
    # Asked twice, it counts once: where SIZE= was declared, and at message if it was not counted there.
    conversation = context.conversation
    envelope, path = conversation.envelope, context.outcome.path
    name = rule.name if path is None else f"{rule.name} {path.key}"  # Over LMTP each recipient counts by itself.
    if context.stage is Stage.MESSAGE:
        if rule.name in conversation.counted or (envelope is not None and name in envelope.fired):
            return False
    elif context.declared_size is None:
        return False
    if not entry.test(context):
        return False
    if envelope is not None:
        envelope.fired |= {rule.name, name}
    else:
        conversation.counted |= {rule.name}
    return True


def _drawn(faults: tuple[Fault, ...], hit: Hit | None) -> tuple[Fault, ...]:
    """Throw the dice for each fault that needs them; their rule has a memory, so there are some."""
    dice = hit.dice if hit is not None else ()
    return tuple(
        [
            fault.drawn(fraction(*dice, fault.name, number)) if fault.by_chance else fault
            for number, fault in enumerate(faults)
        ]
    )


def _reply(answer: ReplyTemplate | Accept, entry: Entry, hit: Hit | None, context: Context) -> Reply:
    if isinstance(answer, Accept):
        return context.outcome.accept or context.outcome.reply
    if answer.constant is not None:
        return answer.constant
    names = answer.names
    special = entry.recall.special(names, hit) if entry.recall is not None and hit is not None else {}
    if "rcpt" in names and (path := entry.first_rcpt(context)) is not None:
        special["rcpt"] = path.text
    return answer.render(context, **special)

"""What a rule remembers: how its hits are counted, when it is due, and what it then answers.  Bound at load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mocksmtp.rules.context import Context
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.keys import SAID, FirstRcpt, key_of
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.schedule import Hit
from mocksmtp.rules.template import Accept, ReplyTemplate

Read = Callable[[Context], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Recall:
    """The memory of one rule; the counters themselves are kept elsewhere, under ``name``.

    ``luck`` reads what chance is keyed by, where there is any; ``luck_counts`` says
    whether it has a counter of its own.
    """

    rule: Rule
    name: str
    key: Read
    luck: Read | None
    luck_counts: bool
    tests: tuple[Callable[[Hit], bool], ...]
    times: int

    def hit(self, context: Context, counters: Counters, now: float, seed: int) -> Hit:
        """Move the rule's counter by one."""
        counter = counters.hit((self.name, *self.key(context)), now, self.times)
        dice: tuple[object, ...] = ()
        if self.luck is not None:
            key = self.luck(context)
            count = counters.hit((self.name, *key), now).hits if self.luck_counts else counter.hits
            dice = (seed, self.rule.name, *key, count)
        return Hit(counter.hits, now, counter.first, counter.times or (), dice)

    def last_hit(self, context: Context, counters: Counters, now: float, seed: int) -> Hit | None:
        """Return the hit that was counted last, None where there is none; no counter moves."""
        counter = counters.peek((self.name, *self.key(context)))
        if counter is None:
            return None
        dice: tuple[object, ...] = ()
        if self.luck is not None:
            key = self.luck(context)
            lucky = counters.peek((self.name, *key)) if self.luck_counts else counter
            dice = (seed, self.rule.name, *key, lucky.hits if lucky is not None else 0)
        return Hit(counter.hits, now, counter.first, counter.times or (), dice)

    def due(self, hit: Hit) -> bool:
        """Ask whether the rule acts this time."""
        return all(test(hit) for test in self.tests)

    def answer(self, hit: Hit) -> ReplyTemplate | Accept | None:
        """Return what it answers this time."""
        sequence = self.rule.sequence
        return self.rule.answer if sequence is None else sequence.answer(hit.number)

    def special(self, names: set[str], hit: Hit) -> dict[str, str]:
        """Return the placeholders that only a hit can fill in."""
        special = {"attempt": str(hit.number)} if "attempt" in names else {}
        if "retry_after" in names:
            special["retry_after"] = str(self.rule.schedule.retry_after(hit))
        return special


def recall(rule: Rule, first_rcpt: FirstRcpt, space: str) -> Recall | None:
    """Return the memory of a rule, None where it needs none.

    Chance goes by the rule's key.  Without ``per`` that is what was said so far, so that a
    conversation meets the same fate whatever else is connected; and as a session has
    another name each time, what was said stands for it too.
    """
    if not rule.counts:
        return None
    luck: Read | None = None
    if rule.by_chance:
        words = tuple(word for word in rule.per if word != "session")
        said = () if rule.per and "session" not in rule.per else SAID
        luck = key_of((*words, *said), first_rcpt)
    over = rule.schedule.over
    return Recall(
        rule,
        space + rule.name,
        key_of(rule.per, first_rcpt),
        luck,
        not rule.per,
        rule.schedule.tests(),
        over.number + 1 if over is not None else 0,
    )

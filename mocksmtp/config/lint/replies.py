"""Warnings about replies: codes that do not fit their stage, and enhanced codes that disagree with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mocksmtp.config.mistakes import Mistake
from mocksmtp.config.tree import Place, Tree
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.template import Accept, ReplyTemplate
from mocksmtp.smtp.stage import Stage


def replies_of(rule: Rule, tree: Tree, place: Place) -> Iterator[Mistake]:
    """Yield what is worth a look in the replies of a rule."""
    if rule.reply is not None:
        yield from _reply(rule.reply, rule.stages, tree, (*place, "reply"))
    for number, step in enumerate(rule.sequence.steps if rule.sequence is not None else ()):
        yield from _reply(step, rule.stages, tree, (*place, "sequence", number))


def _reply(reply: ReplyTemplate | Accept, stages: Sequence[Stage], tree: Tree, place: Place) -> Iterator[Mistake]:
    if isinstance(reply, Accept):
        return
    yield from disagreeing(reply, tree, place)
    for stage in stages:
        if reply.code < 400 and reply.code // 100 != stage.positive:
            text = f"{reply.code} is no reply of stage {stage}: it takes effect with {stage.positive}yz only"
            yield tree.mistake(place, text)
            return


def disagreeing(reply: ReplyTemplate, tree: Tree, place: Place) -> Iterator[Mistake]:
    """Tell enhanced codes whose class is not that of the code (RFC 2034 section 4)."""
    for number, head in enumerate(reply.heads):
        if head and int(head[0]) != reply.code // 100:
            line = (*place, "enhanced") if (*place, "enhanced") in tree.values else (*place, number)
            yield tree.mistake(line, f"{reply.code} disagrees with {head.strip()}: its class is {head[0]}")
            return


def refusing(reply: ReplyTemplate, tree: Tree, place: Place) -> Iterator[Mistake]:
    """Tell what is wrong with a reply that is to refuse."""
    yield from disagreeing(reply, tree, place)
    if reply.code < 400:
        yield tree.mistake(place, f"{reply.code} refuses nothing: 4yz and 5yz do")

"""Warnings: what a configuration may say and surely does not mean, each with its place.

Rules that can never be reached, replies that do not fit their stage, enhanced codes that
disagree with their code, and entries of mailboxes that cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mocksmtp.config.lint.mailboxes import mailbox_warnings
from mocksmtp.config.lint.replies import refusing, replies_of
from mocksmtp.config.mistakes import Mistake
from mocksmtp.config.models import Configuration, RuleFile
from mocksmtp.config.tree import Place, Tree
from mocksmtp.rules.conditions.listener import Listener
from mocksmtp.rules.pattern import Kind, PatternIndex
from mocksmtp.rules.reach import unreached
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.when import All

Files = Sequence[tuple[Tree, RuleFile]]


def warnings(files: Files, configuration: Configuration, rules: Sequence[Rule]) -> tuple[Mistake, ...]:
    """Return what is worth a look, in the order of the files; ``rules`` are those of the files, in order."""
    places = [(tree, ("rules", number)) for tree, file in files for number in range(len(file.rules))]
    found = [
        *_unreached(rules, places),
        *_unheard(rules, places, list(configuration.listeners)),
        *(
            each
            for rule, (tree, place) in zip(rules, places, strict=True)
            for each in replies_of(rule, tree, place)
        ),
        *_syntax(files[0][0], configuration),
        *mailbox_warnings(files, rules),
    ]
    return tuple(sorted(set(found)))


def _unreached(rules: Sequence[Rule], places: Sequence[tuple[Tree, Place]]) -> Iterator[Mistake]:
    for number, before in unreached(rules):
        tree, place = places[number]
        names = ", ".join(rules[each].name for each in before[:3]) + (" and others" if len(before) > 3 else "")
        decide = "decides" if len(before) == 1 else "decide"
        text = f"rule {rules[number].name} can never be reached: {names} always {decide} before it"
        yield tree.mistake((*place, "name"), text)


def _unheard(
    rules: Sequence[Rule], places: Sequence[tuple[Tree, Place]], listeners: Sequence[str]
) -> Iterator[Mistake]:
    """Tell rules that speak of listeners which are not there."""
    for rule, (tree, place) in zip(rules, places, strict=True):
        parts = rule.when.parts if isinstance(rule.when, All) else ()
        for part in parts:
            if not isinstance(part, Listener) or part.value.excluded or not rule.enabled:
                continue
            index = PatternIndex(Kind.VALUE, [(text, True) for text in part.value.items])
            if not any(index.find(name) for name in listeners):
                known = ", ".join(listeners)
                text = f"rule {rule.name} can never be reached: there is no such listener (there are {known})"
                yield tree.mistake((*place, "when", "listener"), text)


def _syntax(main: Tree, configuration: Configuration) -> Iterator[Mistake]:
    for name in ("reply", "sender_reply"):
        yield from refusing(getattr(configuration.syntax, name), main, ("syntax", name))

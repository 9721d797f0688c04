"""Warnings about mailboxes: entries that cannot matter, because another one comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mocksmtp.config.lint.replies import refusing
from mocksmtp.config.mistakes import Mistake
from mocksmtp.config.models import DomainModel, RuleFile
from mocksmtp.config.tree import Place, Tree
from mocksmtp.rules.conditions.rcpt import Rcpt
from mocksmtp.rules.cover import pattern_covers
from mocksmtp.rules.mailboxes import POSTMASTER, allows
from mocksmtp.rules.pattern import GLOB_SIGNS, Kind, Patterns, is_regex
from mocksmtp.rules.reach import Deciding, at_stage
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.when import All
from mocksmtp.smtp.stage import Stage


def mailbox_warnings(files: Sequence[tuple[Tree, RuleFile]], rules: Sequence[Rule]) -> Iterator[Mistake]:
    """Yield what is worth a look in the mailboxes of all files."""
    domains = [(tree, name, model) for tree, file in files for name, model in file.mailboxes.items()]
    deciding = Deciding(at_stage(Stage.RCPT, rules, [each.stages for each in rules])) if domains else None
    globs: list[str] = []
    for tree, name, model in domains:
        place = ("mailboxes", name)
        if GLOB_SIGNS.search(name):
            wide = next((each for each in globs if pattern_covers(each, name, Kind.VALUE)), None)
            if wide is not None:
                text = f"mailboxes {name}: cannot matter, {wide} comes first"
                yield tree.mistake(place, text, at_key=True)
            globs.append(name)
        if deciding is not None and model.naming is None:
            yield from _behind_rules(tree, place, name, deciding, rules)
        yield from _domain(tree, place, model)


def _behind_rules(
    tree: Tree, place: Place, name: str, deciding: Deciding, rules: Sequence[Rule]
) -> Iterator[Mistake]:
    found = deciding.before(len(rules), All((Rcpt(Patterns((f"*@{name}",))),)))
    if found:
        text = f"mailboxes {name}: cannot matter, rule {rules[found[0]].name} always decides before it"
        yield tree.mistake(place, text, at_key=True)


def _domain(tree: Tree, place: Place, model: DomainModel) -> Iterator[Mistake]:
    given = model.model_fields_set
    if "unknown" in given and model.exists is None:
        yield tree.mistake((*place, "unknown"), "unknown cannot matter without exists", at_key=True)
    for name in ("invalid", "sender_invalid"):
        if name in given and model.naming is None:
            yield tree.mistake((*place, name), f"{name} cannot matter without naming", at_key=True)
    for name in ("unknown", "invalid", "sender_invalid"):
        yield from refusing(getattr(model, name), tree, (*place, name))
    for user, reply in model.full.items():
        yield from refusing(reply, tree, (*place, "full", user))
        yield from _misnamed(tree, (*place, "full", user), user, model)
    yield from _exists(tree, (*place, "exists"), model)


def _exists(tree: Tree, place: Place, model: DomainModel) -> Iterator[Mistake]:
    several = isinstance(tree.value["mailboxes"][place[1]].get("exists"), list)
    names = model.exists or []
    for number, name in enumerate(names):
        here = (*place, number) if several else place
        others = [other for other in names[:number] + names[number + 1 :] if other.lower() != name.lower()]
        wide = next((each for each in others if pattern_covers(each, name, Kind.LOCAL_PART)), None)
        again = name.lower() in map(str.lower, names[:number])
        if wide is not None or again:
            why = "it stands there already" if wide is None else f"{wide} holds for it too"
            yield tree.mistake(here, f"exists: {name} cannot matter, {why}")
        yield from _misnamed(tree, here, name, model)


def _misnamed(tree: Tree, place: Place, name: str, model: DomainModel) -> Iterator[Mistake]:
    """Tell a mailbox that naming refuses before anything else is asked."""
    if model.naming is None or is_regex(name) or GLOB_SIGNS.search(name) or name.lower() == POSTMASTER:
        return
    if not allows(model.naming, name):
        yield tree.mistake(place, f"{place[2]}: {name} cannot matter, naming does not allow it", at_key=True)

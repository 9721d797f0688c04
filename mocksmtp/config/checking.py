"""A text of rules looked through without loading it: one rule, a list of them, or a file; YAML or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from mocksmtp.config.given import scalars_as_written
from mocksmtp.config.lint import warnings
from mocksmtp.config.loader import check_names
from mocksmtp.config.mistakes import Invalid, Mistake
from mocksmtp.config.models import Configuration, RuleFile
from mocksmtp.config.rules import RuleModel
from mocksmtp.config.tree import Place, Tree, read
from mocksmtp.config.validation import validate

ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|\t")


class Checked(NamedTuple):
    """What was found: the file of rules where it has no mistakes, and what is worth a look in it."""

    file: RuleFile | None
    mistakes: list[Mistake]
    warnings: tuple[Mistake, ...] = ()


def check(text: str, listeners: Iterable[str] = ()) -> Checked:
    """Look a text through; what is found is told with line and column.

    ``listeners`` are those that rules may speak of where the text names none itself.
    """
    try:
        tree = _as_file(_read(text))
    except Invalid as invalid:
        return Checked(None, invalid.mistakes)
    mistakes: list[Mistake] = []
    known = set(tree.value) <= set(RuleFile.model_fields)
    file = validate(tree, RuleFile if known else Configuration, mistakes)
    check_names([tree], mistakes)
    if mistakes or file is None:
        return Checked(None, sorted(set(mistakes)))
    whole = file if isinstance(file, Configuration) else Configuration()
    if "listeners" not in whole.model_fields_set:
        whole = whole.model_copy(update={"listeners": dict.fromkeys(listeners)})
    return Checked(file, [], warnings([(tree, file)], whole, [model.rule() for model in file.rules]))


def _read(text: str) -> Tree:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return read(text, "")
    # JSON is YAML but for its escapes; without them each thing stands where it stood.
    tree = read(ESCAPE.sub(lambda escape: "_" * len(escape[0]) if escape[0] != "\t" else " ", text), "")
    return tree._replace(value=scalars_as_written(value))


def _as_file(tree: Tree) -> Tree:
    value = tree.value
    if isinstance(value, list):
        return _put_under(tree, ("rules",), {"rules": value})
    if not isinstance(value, dict):
        raise Invalid([Mistake("", 1, 1, "a rule, a list of rules or a file of rules is wanted here")])
    if set(value) & set(RuleModel.model_fields) and not set(value) & set(RuleFile.model_fields):
        return _put_under(tree, ("rules", 0), {"rules": [value]})
    return tree


def _put_under(tree: Tree, place: Place, value: Any) -> Tree:
    keys = {(*place, *each): where for each, where in tree.keys.items()}
    values = {(*place, *each): where for each, where in tree.values.items()}
    above = {place[:length]: (1, 1) for length in range(len(place))}
    return Tree(tree.file, value, keys, above | values)

"""Rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "mocksmtp").rglob("*.py"))
VAGUE = re.compile(r"(handler|manager|engine|processor|helper|utils?|common|misc)", re.IGNORECASE)
OWED = "TO" + "DO"


def functions(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_thing_said_in_its_first_line(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(tree)
    assert OWED not in text
    long = [f.name for f in functions(tree) if f.end_lineno - f.lineno >= 40]
    assert long == []
    names = [n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))] + [path.stem]
    assert [name for name in names if VAGUE.search(name)] == []


def test_every_condition_fault_and_extension_has_its_heading_in_the_docs():
    rules = (ROOT / "docs/rules.md").read_text()
    from mocksmtp.rules.conditions import CONDITIONS
    from mocksmtp.smtp.extensions import EXTENSIONS

    assert [name for name in CONDITIONS if f"### {name}\n" not in rules] == []
    faults = (ROOT / "docs/faults.md").read_text()
    from mocksmtp.faults import FAULTS

    assert [name for name in FAULTS if f"### {name}\n" not in faults] == []
    extensions = (ROOT / "docs/extensions.md").read_text()
    assert [keyword for keyword in EXTENSIONS if f"## {keyword}\n" not in extensions] == []

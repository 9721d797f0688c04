"""Arrows point down: which room may import which (docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "mocksmtp"

MAY_IMPORT = {
    "smtp": {"idna"},
    "faults": {"smtp"},
    "rules": {"smtp", "faults", "re2", "idna"},
    "config": {"smtp", "faults", "rules", "pydantic", "yaml"},
    "stores": {"smtp"},
    "net": {"smtp", "stores", "twisted", "zope", "OpenSSL", "cryptography"},
    "web": {
        "smtp",
        "stores",
        "rules",
        "config",
        "journal",
        "report",
        "feed",
        "twisted",
        "prometheus_client",
        "pydantic",
    },
    "metrics": {"smtp", "stores", "journal", "prometheus_client"},
    "journal": {"smtp"},
    "report": {"smtp", "journal"},
    "terminal": {"smtp", "lines"},
    "lines": {"smtp"},
    "feed": {"smtp"},
    "notices": set(),
    "queue_ids": set(),
    "client": {"smtp", "cryptography"},
}
"""Beside the standard library and itself; the command line and app may import everything."""

PURE = {"smtp", "faults", "rules", "report"}
IMPURE = {"time", "random", "socket", "asyncio", "threading", "secrets"}
STANDARD = set(__import__("sys").stdlib_module_names) | {"__future__"}


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


FILES = [path for path in sorted(ROOT.rglob("*.py")) if room_of(path) in MAY_IMPORT]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path):
    room = room_of(path)
    wrong = []
    for name in imports(path):
        top, _, rest = name.partition(".")
        target = rest.partition(".")[0] if top == "mocksmtp" else top
        if top == "mocksmtp" and target in ("", room):
            continue
        if top != "mocksmtp" and top in STANDARD:
            if room in PURE and top in IMPURE:
                wrong.append(name)
            continue
        if target not in MAY_IMPORT[room]:
            wrong.append(name)
    assert wrong == []


def test_nobody_imports_the_composition_root_but_the_command_line():
    users = [p for p in ROOT.rglob("*.py") if "mocksmtp.app" in set(imports(p))]
    assert [room_of(p) for p in users] == ["cli"]

"""``make run``: where it keeps what lasts; ``make test``: which tests it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KEPT = 'MOCKSMTP_DATA="${MOCKSMTP_DATA-data}" '


def would_do(*words):
    """What make would do."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--dry-run", *words], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout


def told(*words):
    """What ``make run`` would do last."""
    return would_do("run", *words).splitlines()[-1]


def test_make_run_keeps_what_lasts_in_data():
    assert KEPT in told()
    assert KEPT in told("PORTS=high")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("hostname: a.test\n", True),
        ("data: null   # nothing lasts\n", True),
        ("rules: [{when: {rcpt: a}, description: 'data: /x', reply: '550 no'}]\n", True),
        ("hostname: a.test\ndata: /srv/mail\n", False),
        ('data: "elsewhere"\n', False),
    ],
)
def test_a_file_that_names_a_place_is_left_to_it(tmp_path, text, kept):
    for path in (tmp_path / "my.yaml", tmp_path / "folder" / "mocksmtp.yaml"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for config in ("my.yaml", "folder"):
        assert (KEPT in told(f"CONFIG={tmp_path / config}")) == kept


COLLECTED = """
import pytest

@pytest.mark.{mark}
def test_that_needs_it(): ...

def test_that_needs_nothing(): ...
"""
WITH = {
    # What the test needs, and what is there: programs by their names, and a folder.
    "container": ("docker", "chromedriver", "peers"),
    "browser": ("docker", "chromedriver", "peers"),
    "peers": ("docker", "chromedriver", "peers"),
    "e2e": (),
}
LACKING = {
    "container": ("chromedriver", "peers"), "browser": ("docker", "peers"), "peers": ("docker", "chromedriver"),
}  # fmt: skip
THERE = [(mark, there, 2) for mark, there in WITH.items()] + [(mark, there, 1) for mark, there in LACKING.items()]


@pytest.mark.parametrize(("mark", "there", "count"), [*THERE, ("peers", (), 1)])
def test_make_test_runs_what_can_be_run_here(tmp_path, mark, there, count):
    """The recipe itself, with pytest collecting a file of its own."""
    for name in there:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    (tmp_path / "test_it.py").write_text(COLLECTED.format(mark=mark))
    binaries = Path(sys.executable).parent
    recipe = "marks=" + would_do("test", f"BIN={binaries}").partition("marks=")[2]
    environ = {
        "PATH": f"{tmp_path / 'bin'}",
        "PEERS_DIR": str(tmp_path / "bin" / "peers" if "peers" not in there else tmp_path),
        "PYTEST_ADDOPTS": f"--collect-only -c {ROOT / 'pyproject.toml'} {tmp_path / 'test_it.py'}",
    }
    done = subprocess.run(["/bin/sh", "-c", recipe], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("::test_that_needs") == count
    assert done.stdout.count("without ") == 3 - len(there)

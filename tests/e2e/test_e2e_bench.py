"""The benchmarks still run: each in its smallest form, which says nothing about speed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

ROOT = Path(__file__).parents[2]
PATIENCE = 60
MEASURED = [
    ("keeping", ["--rounds", "1", "--messages", "2000"], ["| journal and store |", "| kept connections |"]),
    ("waiting", ["--messages", "20"], ["`POST /v1/wait`", "20 messages: median"]),
    ("durable", ["--rounds", "1", "--messages", "60"], ["| 50 senders |", "durable messages a second"]),
    ("schedules", ["--rounds", "1", "--messages", "20"], ["| rules that remember", "| a message |"]),
]


@pytest.mark.parametrize(("name", "options", "told"), MEASURED, ids=[name for name, _, _ in MEASURED])
def test_a_benchmark_prints_what_it_measures(name, options, told, tmp_path):
    command = [sys.executable, f"bench/{name}.py", *options]
    if name == "durable":
        command += ["--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, env=os.environ)
    assert done.returncode in (0, 1), done.stderr  # 1 is a bar that is missed.
    assert [text for text in told if text not in done.stdout] == []
    assert "Traceback" not in done.stderr


def test_the_whole_says_how_it_is_run():
    command = [sys.executable, "bench/run.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--quick" in done.stdout

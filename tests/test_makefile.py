"""``make run``: where it keeps what lasts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KEPT = 'MOCKSMTP_DATA="${MOCKSMTP_DATA-data}" '


def told(*words):
    """What ``make run`` would do last."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--dry-run", "run", *words], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


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

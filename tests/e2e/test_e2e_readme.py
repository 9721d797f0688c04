"""The README, played as it is printed, on free ports: its first ten minutes, and its test in Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"(?:`([\w.]+)`[^`]*?\n\n)?```(console|yaml|python)\n(.*?)```", re.DOTALL)
SERVE = re.compile(r"make run PORTS=high(?: CONFIG=(\S+))?")
PROGRAMS = {".venv/bin/mocksmtp": "./mocksmtp", "python -m": f"{sys.executable} -m"}
PRINTED = {"smtp": "2525", "smtps": "4650", "submission": "5870", "http": "8025"}


def commands(block):
    """Return pairs of a command and the lines that it prints."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def agrees(expected, printed):
    """Say whether lines came in their order; ``…`` is any text, and alone any lines."""
    lines = (
        "(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n" for line in expected
    )
    return re.fullmatch("".join(lines), printed.strip("\n") + "\n" if printed.strip() else "") is not None


class Reader:
    """Somebody who does what the page says: a folder, a server, and a shell."""

    def __init__(self, start, folder):
        self.start, self.folder, self.server = start, folder, None
        command = folder / "mocksmtp"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m mocksmtp "$@"\n')
        command.chmod(0o755)

    def serve(self, config):
        if self.server is not None:
            self.server.process.terminate()
            self.server.process.wait(30)
        own = self.folder / (config or "")
        path = own if own.is_file() else ROOT / (config or "config/mocksmtp.yaml")
        ports = {f"MOCKSMTP_LISTENERS__{name}__PORT": "0" for name in ("SMTP", "SMTPS", "SUBMISSION")}
        self.server = self.start(path.read_text(), **ports)

    def ported(self, text):
        for name, port in PRINTED.items():
            text = re.sub(rf"\b{port}\b", str(self.server.ports[name]), text)
        return text

    def run(self, command):
        command = self.ported(command)
        for printed, own in PROGRAMS.items():
            command = command.replace(printed, own)
        done = subprocess.run(
            command, shell=True, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=os.environ | {
                "PYTHONPATH": str(ROOT), "NO_COLOR": "1",
                "MOCKSMTP_URL": f"http://127.0.0.1:{self.server.ports['http']}",
            },
            timeout=120,
        )  # fmt: skip
        return done.stdout


def chapter(name):
    """Return name, kind and text of the blocks under a heading."""
    return BLOCK.findall(TEXT.partition(f"\n## {name}\n")[2].partition("\n## ")[0])


def play(reader, blocks):
    """Write the files and run the commands, and hold what they print against the page; return how many did."""
    played = 0
    for name, kind, block in blocks:
        if kind != "console":
            if name:
                (reader.folder / name).write_text(reader.ported(block))
            continue
        for command, expected in commands(block):
            if serves := SERVE.fullmatch(command):
                reader.serve(serves[1])
                continue
            printed = reader.run(command)
            assert agrees(expected, printed), f"{command}\nprinted\n{printed}\nand not\n" + "\n".join(expected)
            played += 1
    return played


def test_the_first_ten_minutes_are_as_the_page_says(start, tmp_path):
    assert play(Reader(start, tmp_path), chapter("The first ten minutes")) >= 12


@pytest.mark.parametrize(("name", "count"), [("A test in Python", 3), ("Many tests at once", 1)])
def test_a_test_in_python_passes_as_it_is_printed(start, tmp_path, name, count):
    reader = Reader(start, tmp_path)
    reader.serve(None)
    assert play(reader, chapter(name)) >= count

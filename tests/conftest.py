"""What tests share: a running server."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READY = re.compile(r"(\w+) on (?:\S*:)?(\d+)")
WAIT = 30


@dataclass
class Server:
    """A real process: its ports by listener, and what it printed."""

    process: subprocess.Popen[str]
    ports: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def line_with(self, text: str) -> str:
        """Wait until a line holds this text, and return it."""
        with self.changed:
            found = self.changed.wait_for(lambda: [line for line in self.lines if text in line], WAIT)
        assert found, f"no line with {text!r} in {self.lines}"
        return found[0]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start `mocksmtp serve` with a YAML text; every port is a free one."""
    with starting(tmp_path) as begin:
        yield begin


@pytest.fixture(scope="module")
def start_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """The same for a server that all tests of a module talk to."""
    with starting(tmp_path_factory.mktemp("once")) as begin:
        yield begin


@contextlib.contextmanager
def starting(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers in a folder of their own, and end them."""
    running: list[Server] = []

    def begin(yaml: str = "", **environ: str) -> Server:
        path = tmp_path / "mocksmtp.yaml"
        path.write_text(yaml)
        ports = {f"MOCKSMTP_LISTENERS__{name}__PORT": "0" for name in ("SMTP", "SMTPS", "SUBMISSION")}
        env = os.environ | (ports if "listeners:" not in yaml else {})
        env |= {"MOCKSMTP_HTTP__PORT": "0", "MOCKSMTP_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "mocksmtp", "serve", "--config", str(path)],
            env=env | environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        server = Server(process)
        thread = threading.Thread(target=server.read, daemon=True)
        thread.start()
        running.append(server)
        server.ports = {name: int(port) for name, port in READY.findall(server.line_with(" ready: "))}
        return server

    yield begin
    for server in running:
        server.process.terminate()
        server.process.wait(WAIT)
        server.process.stdout.close()

"""The three servers under test, each a process on a core of its own choosing."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rules import config

ROOT = Path(__file__).resolve().parent.parent
READY = re.compile(r"(\w+) on (?:\S*:)?(\d+)")
TOTAL = re.compile(r"^mocksmtp_messages_total(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
PATIENCE = 30.0
"""Seconds a server has to accept, or to end."""


class Unusable(Exception):
    """A server cannot be run; the text says why."""


@dataclass
class Server:
    """A running server; ``http`` is the port of its metrics, if it has them."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    http: int | None = None

    def counted(self) -> int | None:
        """Return how many messages the server says it took, or None if it does not count."""
        if self.http is None:
            return None
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=PATIENCE) as answer:
            return int(sum(float(value) for value in TOTAL.findall(answer.read().decode())))

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tool(name: str) -> str | None:
    """Return where a program is; Postfix's are in sbin, which is not on every PATH."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return the command that runs another on one core; the process id is that of the command."""
    return ["taskset", "-c", str(core), *command]


def start_mocksmtp(core: int, scratch: Path, text: str | None = None) -> Server:
    """Start mocksmtp with a configuration, a thousand rules where none is given; its terminal is a file."""
    rules, out = scratch / "rules.yaml", scratch / "mocksmtp.out"
    rules.write_text(config() if text is None else text)
    names = ("LISTENERS__SMTP", "LISTENERS__SMTPS", "LISTENERS__SUBMISSION", "HTTP")
    ports = {f"MOCKSMTP_{name}__PORT": "0" for name in names}
    command = [sys.executable, "-m", "mocksmtp", "serve", "--config", str(rules)]
    with out.open("wb") as file:
        process = subprocess.Popen(
            pinned(core, command), env=os.environ | ports | {"PYTHONPATH": str(ROOT)},
            cwd=scratch, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    server = Server("mocksmtp", process, 0)
    try:
        found = _ports(process, out)
        server.port, server.http = found["smtp"], found["http"]
    except BaseException:
        server.stop()
        raise
    return server


def start_smtp_sink(core: int, scratch: Path) -> Server:
    """Start Postfix's smtp-sink; as root it must change to another user."""
    program = tool("smtp-sink")
    if program is None:
        raise Unusable("smtp-sink is not installed; it is part of Postfix (apt-get install postfix)")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    port = free_port()
    return _accepting("smtp-sink", port, [program, *user, f"127.0.0.1:{port}", "1000"], core, scratch)


def start_aiosmtpd(core: int, scratch: Path) -> Server:
    """Start the sink made with aiosmtpd."""
    port = free_port()
    script = Path(__file__).with_name("aiosmtpd_server.py")
    return _accepting("aiosmtpd", port, [sys.executable, str(script), str(port)], core, scratch)


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


def _accepting(name: str, port: int, command: Sequence[str], core: int, scratch: Path) -> Server:
    out = scratch / f"{name}.out"
    with out.open("wb") as file:
        process = subprocess.Popen(pinned(core, command), stdout=file, stderr=subprocess.STDOUT)
    server = Server(name, process, port)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            time.sleep(0.05)
    server.stop()
    raise Unusable(f"{name} does not accept: {out.read_text(errors='replace').strip()}")


def _ports(process: subprocess.Popen[bytes], out: Path) -> dict[str, int]:
    """Wait for the line that says ready, and return the port of each listener."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        for line in out.read_text(errors="replace").splitlines(keepends=True):
            if " ready: " in line and line.endswith("\n"):
                return {name: int(port) for name, port in READY.findall(line)}
        time.sleep(0.05)
    raise Unusable(f"mocksmtp does not start: {out.read_text(errors='replace').strip()}")

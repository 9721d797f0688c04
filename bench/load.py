"""The load: smtpload where it can be compiled, or else Postfix's smtp-source."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from servers import ROOT, Server, Unusable, pinned, tool

SOURCE = ROOT.parent / "shared" / "bench" / "smtpload.c"
CONNECTIONS = 20
OCTETS = 1024
LIMIT = 400.0
"""Seconds that one run may last."""


@dataclass(frozen=True)
class Run:
    """What one run gave: messages sent and delivered, the server's CPU for each in microseconds, the time."""

    messages: int
    delivered: int
    cpu: float
    seconds: float


class Loader(ABC):
    """Sends messages to a server; ``modes`` is what it can do of new, reuse and pipeline."""

    name: str
    modes: tuple[str, ...]

    @abstractmethod
    def run(self, server: Server, mode: str, messages: int, core: int, connections: int = CONNECTIONS) -> Run:
        """Send so many messages from one core."""


class SmtpLoad(Loader):
    """Our own load generator; it says what was delivered and reads the server's CPU itself."""

    name = "smtpload"
    modes = ("new", "reuse", "pipeline")

    def __init__(self, compiler: str, scratch: Path) -> None:
        self._program = scratch / "smtpload"
        command = [compiler, "-O2", "-w", "-o", str(self._program), str(SOURCE)]
        subprocess.run(command, check=True, capture_output=True)

    def run(self, server: Server, mode: str, messages: int, core: int, connections: int = CONNECTIONS) -> Run:
        """Send so many messages from one core."""
        command = [
            str(self._program),
            "-p",
            str(server.port),
            "-c",
            str(min(connections, messages)),
            "-n",
            str(messages),
        ]
        command += ["-l", str(OCTETS), "-m", mode, "-P", str(server.process.pid)]
        done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=LIMIT)
        try:
            told = json.loads(done.stdout)
        except ValueError:
            raise Unusable(f"smtpload on {server.name}: {done.stderr.strip() or 'no answer'}") from None
        return Run(messages, told["delivered"], told["server_cpu_us_per_message"], told["seconds"])


class SmtpSource(Loader):
    """Postfix's load generator: it cannot pipeline, and ends with an error if a message is refused."""

    name = "smtp-source"
    modes = ("new", "reuse")

    def __init__(self, program: str) -> None:
        self._program = program

    def run(self, server: Server, mode: str, messages: int, core: int, connections: int = CONNECTIONS) -> Run:
        """Send so many messages from one core."""
        kept = ["-d"] if mode == "reuse" else []
        command = [self._program, *kept, "-s", str(connections), "-m", str(messages), "-l", str(OCTETS)]
        command += ["-f", "sender@example.org", "-t", "user@example.com", f"127.0.0.1:{server.port}"]
        before, began = cpu_seconds(server.process.pid), time.monotonic()
        done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=LIMIT)
        used = cpu_seconds(server.process.pid) - before
        took = time.monotonic() - began
        return Run(messages, 0 if done.returncode else messages, used * 1e6 / messages, took)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def loader(scratch: Path) -> Loader:
    """Return the best loader this machine has.  Raises Unusable."""
    compiler = shutil.which("cc")
    if compiler and SOURCE.exists():
        return SmtpLoad(compiler, scratch)
    program = tool("smtp-source")
    if program is None:
        raise Unusable(f"no load generator: neither cc and {SOURCE}, nor Postfix's smtp-source")
    return SmtpSource(program)

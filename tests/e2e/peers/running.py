"""A peer that runs beside the test: what it writes on its standard output is its log."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

WAIT = 30
"""Seconds for which a line is waited for."""


class Log:
    """The lines of a running process, read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def line_with(self, *texts: str) -> str:
        """Wait for a line that holds all these texts, and return it."""

        def find() -> str | None:
            return next((line for line in self.lines if all(text in line for text in texts)), None)

        with self._changed:
            found = self._changed.wait_for(find, WAIT)
        assert found, "\n".join([f"no line with {texts} in", *self.lines])
        return found

    def ended(self) -> int:
        """Wait for the end of the process and of its log; return the exit status."""
        status = self.process.wait(WAIT)
        self._reader.join(WAIT)
        self.process.stdout.close()
        return status


def run(command: list[str], **environ: str) -> Log:
    """Start a command whose standard output is a log; it may hold any octets that a server has said."""
    text = {"encoding": "utf-8", "errors": "backslashreplace"}
    out = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return Log(subprocess.Popen(command, env=os.environ | environ, **out, **text))


@contextlib.contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that other users may enter, as the daemons that give up root are."""
    with tempfile.TemporaryDirectory(prefix="peer-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]

"""A private Prometheus that scrapes the mock as our configuration says, and what it has learned."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.peers.installed import program
from e2e.peers.running import WAIT, Log, free_port, run

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config/prometheus"
TARGET = "localhost:8025"
"""What the committed configuration scrapes."""


@dataclass
class Prometheus:
    """A running instance."""

    port: int
    log: Log

    def get(self, path: str, **query: str) -> Any:
        """Ask its API."""
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=WAIT) as response:
            answer = json.load(response)
        assert answer["status"] == "success"
        return answer["data"]

    def value(self, expression: str) -> float | None:
        """Return the one value of an expression, None where there is none."""
        found = self.get("/api/v1/query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def await_value(self, expression: str, wanted: float) -> None:
        """Ask until an expression has this value; Prometheus tells nobody when it has scraped."""
        value = None
        for _ in range(WAIT * 10):
            value = self.value(expression)
            if value == wanted:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.log.process.wait(0.1)
        raise AssertionError(f"{expression} is {value}, not {wanted}")


@contextlib.contextmanager
def prometheus(folder: Path, http_port: int) -> Iterator[Prometheus]:
    """Run an instance with the committed configuration, but for the port of the mock and the pace."""
    shutil.copytree(CONFIG, folder / "config")
    main = folder / "config/prometheus.yml"
    text = main.read_text()
    assert TARGET in text
    main.write_text(text.replace(TARGET, f"127.0.0.1:{http_port}").replace("15s", "1s"))
    port = free_port()
    log = run(
        [program("prometheus"), f"--config.file={main}", f"--storage.tsdb.path={folder / 'data'}",
         f"--web.listen-address=127.0.0.1:{port}"]
    )  # fmt: skip
    try:
        log.line_with("Server is ready to receive web requests")
        yield Prometheus(port, log)
    finally:
        log.process.terminate()
        log.ended()

"""A private HAProxy in front of the mock: each of its ports passes connections on to one listener."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.peers.installed import program
from e2e.peers.running import Log, free_port, run

DEFAULTS = """
global
  log stdout format raw daemon
defaults
  mode tcp
  log global
  option tcplog
  option smtpchk EHLO haproxy.test
  option log-health-checks
  timeout connect 5s
  timeout client 60s
  timeout server 60s
"""
PORT = """
listen {name}
  bind 127.0.0.1:{own}
  bind [::1]:{own}
  server mock 127.0.0.1:{port} {options}
"""


@dataclass
class Haproxy:
    """A running instance: its own ports by name, and its log."""

    ports: dict[str, int]
    log: Log


@contextlib.contextmanager
def haproxy(folder: Path, servers: Mapping[str, tuple[int, str]]) -> Iterator[Haproxy]:
    """Run an instance; each name has the mock's port and what its ``server`` line says besides (send-proxy-v2)."""
    ports = {name: free_port() for name in servers}
    config = folder / "haproxy.cfg"
    config.write_text(
        DEFAULTS
        + "".join(
            PORT.format(name=name, own=ports[name], port=port, options=options)
            for name, (port, options) in servers.items()
        )
    )
    log = run([program("haproxy"), "-W", "-db", "-f", str(config)])
    try:
        log.line_with("Loading success")
        yield Haproxy(ports, log)
    finally:
        log.process.terminate()
        log.ended()

"""What end-to-end tests share: real peers, each ended with its test, and a look at what the mock has kept."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.peers import exim, haproxy, nginx, postfix


@pytest.fixture
def ending() -> Iterator[contextlib.ExitStack]:
    """What was entered here is left when the test ends."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def run_postfix(ending: contextlib.ExitStack) -> Callable[..., postfix.Postfix]:
    """Run a private Postfix with these lines of main.cf."""
    return lambda *args, **settings: ending.enter_context(postfix.postfix(*args, **settings))


@pytest.fixture
def make_exim(ending: contextlib.ExitStack) -> Callable[..., exim.Exim]:
    """Make a private Exim that delivers to a port."""
    return lambda *args, **named: ending.enter_context(exim.exim(*args, **named))


@pytest.fixture
def run_haproxy(ending: contextlib.ExitStack, tmp_path: Path) -> Callable[..., haproxy.Haproxy]:
    """Run a private HAProxy in front of ports."""
    return lambda servers: ending.enter_context(haproxy.haproxy(tmp_path, servers))


@pytest.fixture
def run_nginx(ending: contextlib.ExitStack, tmp_path: Path) -> Callable[..., nginx.Nginx]:
    """Run a private nginx as mail proxy in front of a port."""
    return lambda port, options: ending.enter_context(nginx.nginx(tmp_path, port, options))


@pytest.fixture
def fetch() -> Callable[..., bytes]:
    """GET a path of a server's HTTP port."""

    def get(server: Any, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.ports['http']}{path}", timeout=30) as response:
            return response.read()

    return get


@pytest.fixture
def kept(fetch: Callable[..., bytes]) -> Callable[..., list[dict[str, Any]]]:
    """What a server has kept, in the order in which it arrived, with all that it tells of each message."""

    def messages(server: Any) -> list[dict[str, Any]]:
        found = json.loads(fetch(server, "/v1/messages"))["messages"]
        return [json.loads(fetch(server, f"/v1/messages/{message['id']}")) for message in reversed(found)]

    return messages


@pytest.fixture
def ca(fetch: Callable[..., bytes]) -> Iterator[Callable[..., Path]]:
    """The CA of a server in a file that every user may read."""
    with contextlib.ExitStack() as stack:

        def write(server: Any) -> Path:
            path = stack.enter_context(postfix.public_folder()) / "ca.pem"
            path.write_bytes(fetch(server, "/ca.pem"))
            return path

        yield write

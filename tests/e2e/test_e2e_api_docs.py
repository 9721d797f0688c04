"""Every curl line of docs/api.md, run against the real process."""

from __future__ import annotations

import json
import os
import re
import smtplib
import subprocess
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

DOCS = Path(__file__).parents[2] / "docs/api.md"
CURLS = re.findall(r"^    (curl (?:.*\\\n)*.*)$", DOCS.read_text(), re.MULTILINE)
TIME_UP = 28
"""The exit status of curl when --max-time has passed."""

MAIL = "From: me@example.org\r\nSubject: hi\r\n\r\nHello\r\n"


@pytest.fixture
def server(start):
    return start("")


@pytest.fixture
def known(server):
    """Send a message, and give the rule `full`; return what the examples call by a variable."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("me@example.org", ["you@example.com"], MAIL)
    base = f"http://127.0.0.1:{server.ports['http']}"
    with urllib.request.urlopen(f"{base}/v1/messages", timeout=30) as answer:
        message = json.load(answer)["messages"][0]
    rule = json.dumps({"name": "full", "when": {"rcpt": "bob@*"}, "reply": "452 4.2.2 full"}).encode()
    request = urllib.request.Request(f"{base}/v1/rules", rule, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()
    scope = urllib.request.Request(f"{base}/v1/scopes", b"{}", {"Content-Type": "application/json"})
    with urllib.request.urlopen(scope, timeout=30) as answer:
        token = json.load(answer)["token"]
    return {"ID": message["id"], "SESSION": message["session"], "TOKEN": token}


@pytest.mark.parametrize("line", CURLS)
def test_a_curl_line_gives_what_it_promises(server, known, line, tmp_path):
    command = line.replace("localhost:8025", f"localhost:{server.ports['http']}")
    endless = "/v1/events" in line
    command = command.replace("curl ", f"curl -sS --fail-with-body {'--max-time 1 ' * endless}", 1)
    done = subprocess.run(
        ["bash", "-euc", command], env=os.environ | known, cwd=tmp_path, capture_output=True, timeout=60
    )
    assert done.returncode == (TIME_UP if endless else 0), done.stdout + done.stderr


def asked(line):
    """Return method and path of a curl line."""
    method = re.search(r"-X (\w+)", line)
    path = re.search(r"localhost:8025([^\s?']*)", line)
    return (method[1] if method else "POST" if " -d " in line else "GET"), path[1]


def test_every_operation_that_the_server_describes_has_its_curl_line(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.ports['http']}/openapi.json", timeout=30) as answer:
        paths = json.load(answer)["paths"]
    lines = list(map(asked, CURLS))
    assert [
        (method, path)
        for path, operations in paths.items()
        for method in operations
        if not any(
            method.upper() == each and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), to) for each, to in lines
        )
    ] == []

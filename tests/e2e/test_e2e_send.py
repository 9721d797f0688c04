"""``mocksmtp send`` against the real server, over every port."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parent.parent.parent
RULES = """
auth: {users: {alice: wonderland}}
rules:
  - name: no
    when: {rcpt: "no@*"}
    reply: "553 5.1.3 <{rcpt}>: mailbox name not allowed"
"""


def send(*words, **environ):
    return subprocess.run(
        [sys.executable, "-m", "mocksmtp", "send", *words], capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
    )  # fmt: skip


@pytest.fixture
def server(start):
    return start(RULES)


def test_send_goes_over_all_three_ports(server):
    how = {"smtp": ("--tls", "off"), "smtps": ("--tls", "implicit"), "submission": ("--tls", "starttls")}
    for name, words in how.items():
        done = send(f"127.0.0.1:{server.ports[name]}", "--to", f"{name}@example.com", "--insecure", *words)
        assert done.returncode == 0, done.stderr
        assert "S: 250 2.0.0 OK queued as " in done.stdout
        assert ("=: TLS 1.3" in done.stdout) == (name != "smtp")
        server.line_with(f"to=<{name}@example.com> 250")


def test_send_says_what_was_refused(server):
    port = server.ports["smtp"]
    done = send(f"127.0.0.1:{port}", "--to", "no@example.com", "--to", "yes@example.com", "--tls", "off")
    assert done.returncode == 1
    assert "S: 553 5.1.3 <no@example.com>: mailbox name not allowed" in done.stdout
    assert "accepted for 1 of 2 recipients" in done.stderr


def test_send_logs_in_and_hides_the_password(server):
    words = (f"127.0.0.1:{server.ports['submission']}", "--to", "a@example.com", "--insecure", "--user", "alice")
    done = send(*words, MOCKSMTP_SEND_PASSWORD="wonderland")
    assert done.returncode == 0, done.stderr
    assert "C: AUTH PLAIN ********" in done.stdout
    done = send(*words, "--password", "wrong")
    assert done.returncode == 1
    assert "refused: 535" in done.stderr


def test_send_says_that_a_certificate_is_not_trusted(server):
    done = send(f"localhost:{server.ports['submission']}", "--to", "a@example.com", "--tls", "starttls")
    assert done.returncode == 1
    assert "--cafile" in done.stderr


def test_send_says_that_nothing_listens():
    done = send("127.0.0.1:1", "--to", "a@example.com", "-q")
    assert done.returncode == 1
    assert "refused: nothing listens here" in done.stderr

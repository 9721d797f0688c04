"""Starting: what is said when it works, and when it does not."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e


def serve(*arguments, **environ):
    import os

    command = [sys.executable, "-m", "mocksmtp", "serve", *arguments]
    return subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, timeout=60)


def test_a_bad_file_gives_its_mistakes_and_exit_status_2(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("hostnme: x\n")
    done = serve("--config", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{path}:1:1: unknown key 'hostnme' (allowed: ")
    assert "did you mean hostname?" in done.stderr


def test_a_taken_port_is_told_in_one_line_with_the_cure():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        inline = f"listeners: {{smtp: {{port: {port}, interface: 127.0.0.1}}}}"
        done = serve(MOCKSMTP_CONFIG_YAML=inline)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"mocksmtp: listener smtp: port {port}: ")
    assert "MOCKSMTP_LISTENERS__SMTP__PORT" in line


def test_check_says_ok():
    done = subprocess.run(
        [sys.executable, "-m", "mocksmtp", "check", "config/mocksmtp.yaml"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "OK: 4 rules; smtp on 25, smtps on 465, submission on 587\n")

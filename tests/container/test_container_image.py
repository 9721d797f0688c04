"""The image, built and run by compose: mail from a second container, read back over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.container
ROOT = Path(__file__).parent.parent.parent
PROJECT = "mocksmtptest"
PORTS = {"SMTP_PORT": "20025", "SMTPS_PORT": "20465", "SUBMISSION_PORT": "20587", "HTTP_PORT": "28025"}
SEND = (
    "import smtplib; s = smtplib.SMTP('mocksmtp', 25, timeout=30);"
    "print(s.sendmail('a@b.test', ['x@ok.test', 'x@bad.example.com'], 'Subject: from a container\\r\\n\\r\\nhi'))"
)


def run(*command: str, check: bool = True) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | PORTS, capture_output=True, text=True, timeout=900, check=False
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def compose(*arguments: str) -> str:
    return run("docker-compose", "-p", PROJECT, *arguments)


def http(path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORTS['HTTP_PORT']}{path}", timeout=30) as response:
        return response.read()


def wait_until_healthy(name: str) -> None:
    # The engine itself waits: a container on the same network asks until the server is ready.
    run(
        "docker", "run", "--rm", "--network", f"{PROJECT}_default", "--entrypoint", "python", "mocksmtp", "-c",
        "import socket, time\n"
        "for _ in range(300):\n"
        "    try: socket.create_connection(('mocksmtp', 25), 1).recv(100); break\n"
        "    except OSError: time.sleep(0.1)\n"
        "else: raise SystemExit('never ready')",
    )  # fmt: skip
    run("docker", "exec", name, "python", "-m", "mocksmtp.client.health")


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    arguments = [f"--build-arg={n}={os.environ[n]}" for n in ("PIP_INDEX_URL", "PIP_CERT") if n in os.environ]
    run("docker", "build", "--network=host", *arguments, "-t", "mocksmtp", ".")
    compose("up", "-d", "--no-build")
    name = compose("ps", "-q", "mocksmtp")
    wait_until_healthy(name)
    yield name
    compose("down", "-v")


def test_mail_from_a_second_container_is_read_back(container: str) -> None:
    network = f"{PROJECT}_default"
    sent = run("docker", "run", "--rm", "--network", network, "--entrypoint", "python", "mocksmtp", "-c", SEND)
    assert "553" in sent
    (message,) = json.loads(http("/v1/messages"))["messages"]
    assert (message["rcpt"], message["subject"]) == (["x@ok.test"], "from a container")


def test_it_runs_without_rights(container: str) -> None:
    assert run("docker", "exec", container, "id", "-u") == "10001"
    assert run("docker", "inspect", "-f", "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}", container) == (
        "true [ALL]"
    )


def test_a_restart_keeps_the_authority_and_ends_with_status_0(container: str) -> None:
    before = http("/ca.pem")
    run("docker", "stop", container)
    assert run("docker", "inspect", "-f", "{{.State.ExitCode}}", container) == "0"
    run("docker", "start", container)
    wait_until_healthy(container)
    assert http("/ca.pem") == before


def test_a_mounted_directory_is_read_again_when_it_changes(container: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    rules = tmp_path / "mocksmtp.yaml"
    rules.write_text("seed: 1\n")
    name = run(
        "docker", "run", "-d", "--read-only", "--tmpfs", "/tmp", "-v", f"{tmp_path}:/etc/mocksmtp:ro", "mocksmtp"
    )
    try:
        with subprocess.Popen(
            ["docker", "logs", "-f", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as logs:
            assert any(" ready: " in line for line in logs.stdout)
            rules.with_name("new").write_text("seed: 2\n")
            rules.with_name("new").rename(rules)  # As editors save.
            assert next(iter(logs.stdout)) == "mocksmtp: reloaded: seed changed\n"
            logs.kill()
    finally:
        run("docker", "rm", "-f", "-v", name)

"""Real clients over every port: in clear, by STARTTLS, under implicit TLS, with a login; and refused."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from e2e.peers.installed import program, unpacked
from e2e.peers.running import WAIT

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

SERVER = """
auth: {users: {alice: wonderland}}
listeners:
  plain: {port: 0, tls: "off"}
  smtp: {port: 0, tls: starttls, require_tls: true}
  smtps: {port: 0, tls: implicit}
  submission: {port: 0, tls: starttls, auth: required, require_tls: true}
rules:
  - name: bad-mailbox
    when: {rcpt: "*@bad.example.com"}
    reply: "553 5.1.3 <{rcpt}>: mailbox name not allowed"
"""
LISTENERS = ("plain", "smtp", "smtps", "submission")
MAIL = b"From: a@b.test\r\nTo: y@ok.test\r\nSubject: hi\r\n\r\nHello\r\n.\r\nend\r\n"
BODY = b"Hello\r\n.\r\nend"
SCRIPT = Path(__file__).parent / "peers" / "nodemailer.js"


def run(command, content=b""):
    command = [program(command[0]), *command[1:]]
    done = subprocess.run(command, input=content, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WAIT)
    return done.returncode, done.stdout.decode()


def swaks(port, listener, ca, recipient):
    tls = {
        "plain": [],
        "smtp": ["--tls"],
        "smtps": ["--tls-on-connect"],
        "submission": ["--tls", "--auth", "LOGIN", "--auth-user", "alice", "--auth-password", "wonderland"],
    }[listener]
    verify = ["--tls-verify", "--tls-ca-path", ca] if tls else []
    address = ["--server", "localhost", "--port", str(port), "--from", "a@b.test", "--to", recipient]
    return run(["swaks", *address, *tls, *verify, "--data", "-"], MAIL)


def msmtp(port, listener, ca, recipient):
    tls = {
        "plain": ["--tls=off"],
        "smtp": ["--tls=on", "--tls-starttls=on"],
        "smtps": ["--tls=on", "--tls-starttls=off"],
        "submission": ["--tls=on", "--auth=plain", "--user=alice", "--passwordeval=echo wonderland"],
    }[listener]
    base = ["msmtp", "-C", "/dev/null", "--host=localhost", f"--port={port}", "--from=a@b.test"]
    return run([*base, *tls, f"--tls-trust-file={ca}", "--", recipient], MAIL)


def curl(port, listener, ca, recipient):
    scheme = "smtps" if listener == "smtps" else "smtp"
    options = ["--ssl-reqd"] if listener in ("smtp", "submission") else []
    options += ["--user", "alice:wonderland"] if listener == "submission" else []
    base = ["curl", "-sS", "-v", f"{scheme}://localhost:{port}", "--cacert", ca, "-T", "-"]
    return run([*base, *options, "--mail-from", "a@b.test", "--mail-rcpt", recipient], MAIL)


def nodemailer(port, listener, ca, recipient):
    options = {
        "host": "localhost",
        "port": port,
        "secure": listener == "smtps",
        "ignoreTLS": listener == "plain",
        "requireTLS": listener in ("smtp", "submission"),
    }
    if listener == "submission":
        options["auth"] = {"user": "alice", "pass": "wonderland"}
    if listener != "plain":
        options["tls"] = {"ca": Path(ca).read_text()}
    module = unpacked("node_modules/nodemailer")
    return run(["node", str(SCRIPT), str(module), json.dumps(options), recipient])


CLIENTS = {"swaks": swaks, "msmtp": msmtp, "curl": curl, "nodemailer": nodemailer}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_delivers_over_every_port_and_is_told_the_553(start, ca, kept, fetch, client):
    server = start(SERVER)
    send, trusted = CLIENTS[client], str(ca(server))
    for listener in LISTENERS:
        status, said = send(server.ports[listener], listener, trusted, "y@ok.test")
        assert status == 0, said
        status, said = send(server.ports[listener], listener, trusted, "y@bad.example.com")
        assert status != 0, said
        assert "553" in said
        assert "5.1.3 <y@bad.example.com>: mailbox name not allowed" in said
    found = kept(server)
    assert [m["listener"] for m in found] == list(LISTENERS)
    assert [bool(m["tls"]) for m in found] == [False, True, True, True]
    assert [m["auth"] for m in found] == [None, None, None, "alice"]
    for message in found:
        content = fetch(server, f"/v1/messages/{message['id']}/raw")
        assert content.partition(b"\r\n\r\n")[2].startswith(BODY)

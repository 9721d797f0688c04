"""Real clients log in by every mechanism they know: in clear, by STARTTLS and under implicit TLS."""

from __future__ import annotations

import asyncio
import contextlib
import json
import smtplib
import ssl
import subprocess
from pathlib import Path

import aiosmtplib
import pytest
from e2e.peers.installed import program, unpacked
from e2e.peers.running import WAIT

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

SERVER = """
auth:
  users: {alice: wonderland}
  allow_without_tls: true
  mechanisms: [PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256-PLUS, SCRAM-SHA-256, XOAUTH2, OAUTHBEARER]
listeners:
  clear: {port: 0, tls: "off", auth: required}
  starttls: {port: 0, tls: starttls, auth: required, require_tls: true}
  implicit: {port: 0, tls: implicit, auth: required}
"""
LISTENERS = ("clear", "starttls", "implicit")
MAIL = b"From: a@b.test\r\nTo: y@ok.test\r\nSubject: hi\r\n\r\nHello\r\n"


def run(command, content=b""):
    command = [program(command[0]), *command[1:]]
    done = subprocess.run(command, input=content, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WAIT)
    return done.returncode, done.stdout.decode()


def swaks(port, listener, ca, mechanism, password):
    tls = {"clear": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[listener]
    verify = ["--tls-verify", "--tls-ca-path", ca] if tls else []
    login = ["--auth", mechanism, "--auth-user", "alice", "--auth-password", password]
    address = ["--server", "localhost", "--port", str(port), "--from", "a@b.test", "--to", "y@ok.test"]
    return run(["swaks", *address, *tls, *verify, *login, "--data", "-"], MAIL)


def msmtp(port, listener, ca, mechanism, password):
    tls = {
        "clear": ["--tls=off"],
        "starttls": ["--tls=on", "--tls-starttls=on"],
        "implicit": ["--tls=on", "--tls-starttls=off"],
    }[listener]
    base = ["msmtp", "-C", "/dev/null", "--host=localhost", f"--port={port}", "--from=a@b.test"]
    login = [f"--auth={mechanism.lower()}", "--user=alice", f"--passwordeval=echo {password}"]
    return run([*base, *tls, f"--tls-trust-file={ca}", *login, "--", "y@ok.test"], MAIL)


def curl(port, listener, ca, mechanism, password):
    scheme = "smtps" if listener == "implicit" else "smtp"
    options = ["--ssl-reqd"] if listener == "starttls" else []
    login = ["--user", "alice", "--oauth2-bearer", password, "--login-options", f"AUTH={mechanism}"]
    base = ["curl", "-sS", "-v", f"{scheme}://localhost:{port}", "--cacert", ca, "-T", "-"]
    return run([*base, *options, *login, "--mail-from", "a@b.test", "--mail-rcpt", "y@ok.test"], MAIL)


def nodemailer(port, listener, ca, _mechanism, password):
    options = {
        "host": "localhost",
        "port": port,
        "secure": listener == "implicit",
        "ignoreTLS": listener == "clear",
        "tls": {"ca": Path(ca).read_text()},
        "auth": {"type": "OAuth2", "user": "alice", "accessToken": password},
    }
    script, module = Path(__file__).parent / "peers" / "nodemailer.js", unpacked("node_modules/nodemailer")
    return run(["node", str(script), str(module), json.dumps(options), "y@ok.test"])


PAIRS = [
    *((swaks, mechanism) for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5")),
    *((msmtp, mechanism) for mechanism in ("CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER")),
    (curl, "OAUTHBEARER"),
    (curl, "XOAUTH2"),
    (nodemailer, "XOAUTH2"),
]


@pytest.fixture
def server(start):
    return start(SERVER)


@pytest.fixture
def trust(server, fetch):
    return ssl.create_default_context(cadata=fetch(server, "/ca.pem").decode())


def test_each_mechanism_lets_in_whoever_knows_the_password(server, ca, kept):
    trusted = str(ca(server))
    for client, mechanism in PAIRS:
        for listener in LISTENERS:
            status, said = client(server.ports[listener], listener, trusted, mechanism, "wonderland")
            assert status == 0, said
        status, said = client(server.ports["implicit"], "implicit", trusted, mechanism, "looking-glass")
        assert status != 0
        assert "535" in said, said
    found = kept(server)
    assert [m["listener"] for m in found] == list(LISTENERS) * len(PAIRS)
    assert {m["auth"] for m in found} == {"alice"}


@pytest.mark.parametrize("versions", ["NORMAL", "NORMAL:-VERS-TLS1.3"])
def test_scram_is_bound_to_the_channel(server, ca, versions):
    """By tls-exporter in TLS 1.3, by tls-unique in TLS 1.2."""
    base = ["gsasl", "--client", "--smtp", f"--connect=localhost:{server.ports['starttls']}"]
    options = ["--mechanism=SCRAM-SHA-256-PLUS", "--authentication-id=alice", f"--priority={versions}"]
    for password, code in (("wonderland", "235"), ("looking-glass", "535")):
        said = run([*base, *options, f"--password={password}", f"--x509-ca-file={ca(server)}"])[1]
        assert f"\n{code} " in said, said


def test_smtplib_signs_the_challenge(server, trust):
    with contextlib.ExitStack() as stack:
        clear = stack.enter_context(smtplib.SMTP("localhost", server.ports["clear"], timeout=WAIT))
        tls = stack.enter_context(smtplib.SMTP("localhost", server.ports["starttls"], timeout=WAIT))
        tls.starttls(context=trust)
        implicit = smtplib.SMTP_SSL("localhost", server.ports["implicit"], context=trust, timeout=WAIT)
        stack.enter_context(implicit)
        for client in (clear, tls, implicit):
            client.ehlo()
            client.user, client.password = "alice", "wonderland"
            assert client.auth("CRAM-MD5", client.auth_cram_md5)[0] == 235
            client.sendmail("a@b.test", ["y@ok.test"], MAIL)


@pytest.mark.parametrize("listener", LISTENERS)
def test_aiosmtplib_brings_a_token(server, trust, kept, listener):
    async def send(token):
        client = aiosmtplib.SMTP(
            hostname="localhost",
            port=server.ports[listener],
            timeout=WAIT,
            tls_context=trust,
            use_tls=listener == "implicit",
            start_tls=listener == "starttls",
        )
        async with client:
            await client.auth_xoauth2("alice", token)
            await client.sendmail("a@b.test", ["y@ok.test"], MAIL)

    asyncio.run(send("wonderland"))
    assert [(m["auth"], m["listener"]) for m in kept(server)] == [("alice", listener)]
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
        asyncio.run(send("expired"))
    assert refused.value.code == 535


def test_parameters_are_kept_and_matched(start, kept):
    server = start(
        "extensions: [DSN, MT-PRIORITY, FUTURERELEASE]\n"
        'rules: [{name: no-reports, when: {param: {NOTIFY: "*success*"}}, reply: "550 5.7.1 no reports"}]\n'
    )
    with smtplib.SMTP("localhost", server.ports["smtp"], timeout=WAIT) as client:
        refused = client.sendmail(
            "a@b.test", ["y@ok.test"], MAIL, ["RET=HDRS", "ENVID=q+2B1", "MT-PRIORITY=3", "HOLDFOR=60"],
            ["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;Y@ok.test"],
        )  # fmt: skip
        assert refused == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@b.test", ["y@ok.test"], MAIL, rcpt_options=["NOTIFY=SUCCESS"])
    (message,) = kept(server)
    assert message["params"] == {"RET": "HDRS", "ENVID": "q+2B1", "MT-PRIORITY": "3", "HOLDFOR": "60"}
    assert message["recipients"][0]["params"] == {"NOTIFY": "FAILURE,DELAY", "ORCPT": "rfc822;Y@ok.test"}


def test_swaks_names_a_client(start, kept):
    server = start(
        "trusted: [127.0.0.0/8]\nauth: {users: {alice: wonderland}}\n"
        "rules: [{name: no, stage: connect, when: {client: 192.0.2.0/24}, "
        "reply: '554 5.7.1 no service for {client}'}]"
    )
    base = ["swaks", "--server", "127.0.0.1", "--port", str(server.ports["smtp"]), "--from", "a@b.test"]
    base += ["--to", "y@ok.test", "--xclient-name", "spike.test", "--xclient-login", "alice"]
    status, said = run([*base, "--xclient-addr", "203.0.113.9"])
    assert status == 0, said
    assert [(m["client"], m["auth"]) for m in kept(server)] == [("203.0.113.9", "alice")]
    status, said = run([*base, "--xclient-addr", "192.0.2.7"])
    assert status != 0
    assert "554 5.7.1 no service for 192.0.2.7" in said
    assert "192.0.2.7 connect 554 5.7.1" in server.line_with("rule=no")

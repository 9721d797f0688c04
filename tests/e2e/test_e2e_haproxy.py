"""Behind a real HAProxy: the client is the real one, whatever the port and the version of the header."""

from __future__ import annotations

import smtplib
import socket
import ssl

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

SERVER = """
auth: {{users: {{alice: wonderland}}}}
trusted: [127.0.0.1]
listeners:
  smtp: {{port: 0, proxy_protocol: {0}}}
  smtps: {{port: 0, tls: implicit, proxy_protocol: {0}}}
  submission: {{port: 0, auth: required, require_tls: true, proxy_protocol: {0}}}
rules:
  - name: not-from-there
    when: {{client: 127.0.0.66, rcpt: "*"}}
    reply: "550 5.7.1 nothing for {{client}}"
"""
LISTENERS = ("smtp", "smtps", "submission")
VERSIONS = ("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id")
CLIENT, UNWANTED = ("127.0.0.9", 0), ("127.0.0.66", 0)
MAIL = "Subject: hi\r\n\r\nHello\r\n"


@pytest.fixture
def deliver(fetch):
    def send(server, port, listener, source=CLIENT, host="127.0.0.1"):
        trust = ssl.create_default_context(cadata=fetch(server, "/ca.pem").decode())
        trust.check_hostname = False
        if listener == "smtps":
            client = smtplib.SMTP_SSL(host, port, context=trust, source_address=source, timeout=30)
        else:
            client = smtplib.SMTP(host, port, source_address=source, timeout=30)
        with client:
            if listener == "submission":
                client.starttls(context=trust)
                client.login("alice", "wonderland")
            return client.sendmail("a@b.test", ["y@ok.test"], MAIL)

    return send


@pytest.mark.parametrize("version", VERSIONS)
def test_on_every_port_the_client_is_the_real_one(start, run_haproxy, kept, deliver, version):
    server = start(SERVER.format("required"))
    front = run_haproxy({name: (server.ports[name], version) for name in LISTENERS})
    for name in LISTENERS:
        deliver(server, front.ports[name], name)
    deliver(server, front.ports["smtp"], "smtp", None, "::1")
    assert [(m["listener"], m["client"]) for m in kept(server)] == [
        *((name, "127.0.0.9") for name in LISTENERS),
        ("smtp", "::1"),
    ]
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(server, front.ports["smtp"], "smtp", UNWANTED)
    assert "127.0.0.66 from=<a@b.test>" in server.line_with("550 5.7.1 nothing for 127.0.0.66")


def test_its_health_check_is_greeted_too(start, run_haproxy):
    server = start(SERVER.format("required"))
    front = run_haproxy({"smtp": (server.ports["smtp"], "send-proxy-v2 check inter 100ms rise 2")})
    front.log.line_with("Health check for server smtp/mock succeeded", "Layer7 check passed")


def test_where_a_header_is_required_others_are_closed_without_a_word(start, fetch):
    server = start(SERVER.format("required").replace("[127.0.0.1]", "[127.0.0.2]"))
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), 30) as stranger:
        assert stranger.recv(100) == b""
    server.line_with("smtp 127.0.0.1 connect closed: a PROXY header is required")
    source = ("127.0.0.2", 0)
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), 30, source_address=source) as wrong:
        wrong.sendall(b"EHLO me.test\r\n")
        assert wrong.recv(100) == b""
    server.line_with("smtp 127.0.0.2 connect closed: what came first is no PROXY header")
    assert b'mocksmtp_connections_refused_total{listener="smtp"} 2.0' in fetch(server, "/metrics")


def test_where_it_is_optional_both_are_served(start, run_haproxy, kept, deliver):
    server = start(SERVER.format("optional"))
    front = run_haproxy({name: (server.ports[name], "send-proxy") for name in LISTENERS})
    for name in LISTENERS:
        deliver(server, front.ports[name], name)
        deliver(server, server.ports[name], name, None)
    assert [(m["listener"], m["client"]) for m in kept(server)] == [
        (name, client) for name in LISTENERS for client in ("127.0.0.9", "127.0.0.1")
    ]

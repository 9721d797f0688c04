"""XCLIENT from those who really speak it, and as Postfix answers it."""

from __future__ import annotations

import re
import smtplib
import subprocess

import pytest
from e2e.peers.installed import program

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

SERVER = """
trusted: 127.0.0.1
auth: {users: {alice: wonderland}}
extensions: [PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES, XCLIENT]
listeners: {smtp: {port: 0, auth: required}}
rules:
  - name: not-from-there
    when: {client: 192.0.2.0/24, rcpt: "*"}
    reply: "550 5.7.1 nothing for {client}"
"""
MAIL = "Subject: hi\r\n\r\nHello\r\n"


def test_nginx_tells_of_its_client_and_of_the_login(start, run_nginx, kept):
    server = start(SERVER)
    front = run_nginx(server.ports["smtp"], "xclient on;")
    source = ("127.0.0.9", 0)
    with smtplib.SMTP("127.0.0.1", front.port, "client.test", source_address=source, timeout=30) as client:
        client.login("alice", "wonderland")
        assert client.sendmail("a@b.test", ["y@ok.test"], MAIL) == {}
    (message,) = kept(server)
    assert (message["client"], message["helo"], message["auth"]) == ("127.0.0.9", "client.test", "alice")


INTRODUCTIONS = [
    ["--xclient-addr", "203.0.113.7", "--xclient-name", "client.test", "--xclient-helo", "helo.test"],
    ["--xclient-addr", "203.0.113.7", "--xclient-port", "4711", "--xclient-proto", "ESMTP"],
    ["--xclient-addr", "IPV6:2001:db8::7", "--xclient-login", "alice"],
    ["--xclient", "ADDR=203.0.113.7 NAME=[UNAVAILABLE] LOGIN=[UNAVAILABLE]"],
    ["--xclient", "ADDR=[TEMPUNAVAIL] PORT=[UNAVAILABLE]"],
    ["--xclient", "ADDR=nowhere"],
    ["--xclient", "PROTO=UUCP"],
    ["--xclient", "PORT=seven"],
    ["--xclient", "COLOUR=blue"],
    ["--xclient", "ADDR"],
]


def codes(port, options):
    """The replies of a conversation by their codes."""
    address = ["--server", f"127.0.0.1:{port}", "--from", "a@b.test", "--to", "y@ok.test", "--quit-after", "RCPT"]
    command = [program("swaks"), *address, "--helo", "proxy.test", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return re.findall(r"^<.. +(\d{3}) ", done.stdout, re.MULTILINE), done.stdout


def test_swaks_is_answered_as_by_postfix(start, run_postfix):
    server = start(SERVER.replace("auth: required", "auth: optional"))
    open_relay = {"mynetworks": "0.0.0.0/0 [::]/0", "inet_protocols": "all"}
    peer = run_postfix(relayhost="[127.0.0.1]:1", smtpd_authorized_xclient_hosts="127.0.0.1", **open_relay)
    for options in INTRODUCTIONS:
        ours, transcript = codes(server.ports["smtp"], options)
        assert ours == codes(peer.port, options)[0], transcript
    codes(server.ports["smtp"], ["--xclient-addr", "192.0.2.7"])
    assert "192.0.2.7 from=<a@b.test>" in server.line_with("550 5.7.1 nothing for 192.0.2.7")

"""The real process, real clients: what a user sees."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.e2e

RULES = """
auth: {users: {alice: wonderland}}
limits: {message_size: 100KiB}
mailboxes:
  corp.example: {exists: [alice, "sales-*"], naming: "/[a-z][a-z0-9.-]{0,31}/", full: {bob: "452 4.2.2 full"}}
rules:
  - name: bad-mailbox
    when: {rcpt: "*@bad.example.com"}
    reply: "553 5.1.3 <{rcpt}>: mailbox name not allowed"
  - name: spam
    when: {header: {Subject: "*viagra*"}}
    reply: "554 5.7.1 spam (queue id {id})"
  - name: virus
    when: {body: "/X5O!P%@AP/"}
    reply: "554 5.7.0 virus found"
  - name: bye
    when: {mail: "*@bye.test"}
    reply: "421 4.3.2 {hostname} going down"
"""
MAIL = "From: a@b.test\r\nSubject: {}\r\n\r\nHello\r\n"


def get(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.ports['http']}{path}", timeout=30) as response:
        return response.read()


def messages(server):
    return json.loads(get(server, "/v1/messages"))["messages"]


@pytest.fixture
def server(start):
    return start(RULES)


@pytest.fixture
def trust(server):
    return ssl.create_default_context(cadata=get(server, "/ca.pem").decode())


def test_a_rule_refuses_one_recipient_and_the_other_gets_the_mail(server):
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        refused = client.sendmail("a@b.test", ["x@bad.example.com", "y@ok.test"], MAIL.format("hi"))
    assert refused == {"x@bad.example.com": (553, b"5.1.3 <x@bad.example.com>: mailbox name not allowed")}
    (message,) = messages(server)
    assert (message["mail"], message["rcpt"], message["subject"]) == ("a@b.test", ["y@ok.test"], "hi")
    assert get(server, f"/v1/messages/{message['id']}/raw") == MAIL.format("hi").encode()
    assert "250 2.0.0 OK queued as " + message["id"] in server.line_with("from=<a@b.test>")


def test_starttls_and_implicit_tls_and_login_are_trusted_by_the_ca(server, trust):
    with smtplib.SMTP("localhost", server.ports["submission"], timeout=30) as client:
        client.starttls(context=trust)
        client.login("alice", "wonderland")
        client.sendmail("a@b.test", ["y@ok.test"], MAIL.format("one"))
    with smtplib.SMTP_SSL("localhost", server.ports["smtps"], context=trust, timeout=30) as client:
        client.sendmail("a@b.test", ["y@ok.test"], MAIL.format("two"))
    newest = messages(server)[0]
    told = json.loads(get(server, f"/v1/messages/{newest['id']}"))
    assert told["tls"]["sni"] == "localhost"
    assert [m["subject"] for m in messages(server)] == ["two", "one"]


def test_a_large_message_under_tls_arrives_whole(start):
    server = start("")
    trust = ssl.create_default_context(cadata=get(server, "/ca.pem").decode())
    body = "Subject: big\r\n\r\n" + ("x" * 70 + "\r\n.\r\n") * 30000
    with smtplib.SMTP_SSL("localhost", server.ports["smtps"], context=trust, timeout=30) as client:
        client.sendmail("a@b.test", ["y@ok.test"], body)
    assert get(server, f"/v1/messages/{messages(server)[0]['id']}/raw") == body.encode()


def test_a_wrong_password_and_a_password_in_clear_are_refused(server, trust):
    with smtplib.SMTP("localhost", server.ports["smtp"], timeout=30) as client:
        client.ehlo()
        assert client.docmd("AUTH", "PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")[0] == 538
        client.starttls(context=trust)
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login("alice", "looking-glass")
    assert refused.value.smtp_code == 535


@pytest.mark.parametrize(
    ("sender", "recipient", "subject", "code"),
    [
        ("a@b.test", "carol@corp.example", "x", 550),
        ("a@b.test", "bob@corp.example", "x", 452),
        ("a@b.test", "1st@corp.example", "x", 553),
        ("9@corp.example", "alice@corp.example", "x", 553),
        ("a@bye.test", "y@ok.test", "x", 421),
        ("a@b.test", "two..dots@ok.test", "x", 553),
    ],
)
def test_addresses_meet_their_replies(server, sender, recipient, subject, code):
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.ehlo()
        first = client.mail(sender)[0]
        assert (first if first >= 400 else client.rcpt(recipient)[0]) == code


@pytest.mark.parametrize(
    ("text", "code"), [("Subject: cheap viagra\r\n\r\nx", 554), ("S: x\r\n\r\nX5O!P%@AP", 554)]
)
def test_content_meets_its_replies(server, text, code):
    with (
        smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client,
        pytest.raises(smtplib.SMTPDataError) as refused,
    ):
        client.sendmail("a@b.test", ["y@ok.test"], text)
    assert refused.value.smtp_code == code
    assert messages(server) == []


def test_a_body_over_a_mebibyte_is_searched_elsewhere(start):
    server = start(RULES.replace("100KiB", "25MiB"))
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        with pytest.raises(smtplib.SMTPDataError):
            client.sendmail("a@b.test", ["y@ok.test"], "S: x\r\n\r\n" + "a\r\n" * 600_000 + "X5O!P%@AP")
        assert client.noop()[0] == 250


def test_ipv6_and_ipv4_are_both_served_and_mapped_addresses_are_shown_as_ipv4(server):
    for host in ("127.0.0.1", "::1"):
        with smtplib.SMTP(host, server.ports["smtp"], timeout=30) as client:
            client.sendmail("a@b.test", ["y@ok.test"], MAIL.format(host))
    assert [m["client"] for m in messages(server)] == ["::1", "127.0.0.1"]


def test_what_is_pipelined_behind_starttls_is_thrown_away(server, trust):
    with socket.create_connection(("localhost", server.ports["smtp"]), 30) as plain:
        plain.recv(1000)
        plain.sendall(b"EHLO x\r\n")
        plain.recv(1000)
        plain.sendall(b"STARTTLS\r\nNOOP injected\r\n")
        assert plain.recv(1000).startswith(b"220 ")
        with trust.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"MAIL FROM:<a@b.test>\r\n")
            assert secure.recv(1000).startswith(b"503 ")


def test_a_termination_says_421_to_idle_sessions_and_ends_well(server):
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), 30) as idle:
        idle.recv(1000)
        server.process.terminate()
        assert idle.recv(1000).startswith(b"421 4.3.2 ")
        assert idle.recv(1000) == b""
    assert server.process.wait(30) == 0


def test_a_running_transaction_may_end_first(server):
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), 30) as client:
        client.recv(1000)
        client.sendall(b"HELO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
        seen = b""
        while b"354" not in seen:
            seen += client.recv(1000)
        server.process.terminate()
        client.sendall(b"Subject: late\r\n\r\nx\r\n.\r\n")
        seen = b""
        while data := client.recv(1000):
            seen += data
    assert seen.startswith(b"250 2.0.0 ")
    assert b"421 4.3.2 " in seen
    assert server.process.wait(30) == 0


def test_health_metrics_and_the_guard_of_the_host_name(server):
    assert get(server, "/livez") == get(server, "/readyz") == b"ok\n"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("a@b.test", ["y@ok.test"], MAIL.format("x"))
    metrics = get(server, "/metrics").decode()
    assert 'mocksmtp_messages_total{listener="smtp"} 1.0' in metrics
    assert 'mocksmtp_replies_total{code="354",listener="smtp",stage="data"} 1.0' in metrics
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.ports['http']}/", headers={"Host": "evil.example.com"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 421
    refused.value.close()


def test_too_many_connections_are_turned_away(start):
    server = start("limits: {connections: 1}")
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), 30) as first:
        assert first.recv(100).startswith(b"220 ")
        with socket.create_connection(("127.0.0.1", server.ports["smtp"]), 30) as second:
            assert second.recv(100).startswith(b"421 4.3.2 ")


def test_silence_ends_with_421(start):
    server = start("limits: {idle_timeout: 300ms}")
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), 30) as client:
        client.recv(1000)
        assert client.recv(1000).startswith(b"421 4.4.2 ")

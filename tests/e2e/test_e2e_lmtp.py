"""Real mail servers hand mail over by LMTP, and each recipient gets its own answer (RFC 2033)."""

from __future__ import annotations

import smtplib

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

SERVER = """
listeners:
  smtp: {port: 0, tls: starttls}
  delivery: {port: 0, protocol: lmtp}
rules:
  - name: over-quota
    stage: message
    when: {listener: delivery, rcpt: "*@full.test"}
    reply: "452 4.2.2 <{rcpt}>: mailbox full"
  - name: no-spam
    when: {rcpt: "*@strict.test", header: {Subject: "*viagra*"}}
    reply: "554 5.7.1 <{rcpt}>: no spam here"
  - name: nobody
    when: {rcpt: "nobody@*"}
    reply: "550 5.1.1 <{rcpt}>: user unknown"
"""
MAIL = "From: a@b.test\r\nSubject: cheap viagra\r\n\r\nHello\r\n.\r\nend\r\n"
RECIPIENTS = ["x@ok.test", "y@full.test", "z@strict.test", "nobody@ok.test", "w@ok.test"]


def told(server, recipient):
    """The line about one recipient."""
    return server.line_with(f"to=<{recipient}>").partition(f"to=<{recipient}> ")[2]


def test_postfix_hands_over_by_lmtp_and_hears_of_each_recipient(start, run_postfix, fetch, kept):
    server = start(SERVER)
    peer = run_postfix(default_transport=f"lmtp:inet:[127.0.0.1]:{server.ports['delivery']}")
    queue_id = peer.send("a@b.test", RECIPIENTS, MAIL)
    for recipient in ("x@ok.test", "w@ok.test"):
        assert "(250 2.0.0 OK queued as " in peer.outcome(queue_id, recipient, "sent")
    deferred = peer.outcome(queue_id, "y@full.test", "deferred")
    assert "said: 452 4.2.2 <y@full.test>: mailbox full (in reply to end of DATA command)" in deferred
    bounced = peer.outcome(queue_id, "z@strict.test", "bounced")
    assert "said: 554 5.7.1 <z@strict.test>: no spam here (in reply to end of DATA command)" in bounced
    unknown = peer.outcome(queue_id, "nobody@ok.test", "bounced")
    assert "said: 550 5.1.1 <nobody@ok.test>: user unknown (in reply to RCPT TO command)" in unknown
    bounce = peer.log.line_with(f" {queue_id}: sender non-delivery notification: ").rsplit(" ", 1)[1]
    peer.outcome(bounce, "a@b.test", "sent")
    first = kept(server)[0]
    assert (first["listener"], sorted(first["rcpt"])) == ("delivery", ["w@ok.test", "x@ok.test"])
    assert fetch(server, f"/v1/messages/{first['id']}/raw").endswith(b"\r\nHello\r\n.\r\nend\r\n")
    assert told(server, "x@ok.test").startswith("250 2.0.0 OK queued as ")
    assert told(server, "y@full.test") == "452 4.2.2 <y@full.test>: mailbox full rule=over-quota"
    assert told(server, "z@strict.test") == "554 5.7.1 <z@strict.test>: no spam here rule=no-spam"
    assert told(server, "nobody@ok.test") == "550 5.1.1 <nobody@ok.test>: user unknown rule=nobody"


def test_postfix_hands_over_under_tls(start, run_postfix, ca, kept):
    server = start(SERVER)
    peer = run_postfix(
        default_transport=f"lmtp:inet:localhost:{server.ports['delivery']}",
        lmtp_dns_support_level="disabled",
        lmtp_host_lookup="native",
        lmtp_tls_security_level="verify",
        lmtp_tls_CAfile=str(ca(server)),
        lmtp_tls_loglevel="1",
    )
    queue_id = peer.send("a@b.test", ["x@ok.test", "w@ok.test"], MAIL)
    peer.log.line_with(f"Verified TLS connection established to localhost[127.0.0.1]:{server.ports['delivery']}")
    peer.removed(queue_id)
    (message,) = kept(server)
    assert (sorted(message["rcpt"]), message["tls"]["version"]) == (["w@ok.test", "x@ok.test"], "1.3")


def test_exim_hands_over_by_lmtp(start, make_exim, kept):
    server = start(SERVER)
    peer = make_exim(server.ports["delivery"], "  protocol = lmtp\n")
    message = peer.send("a@b.test", RECIPIENTS, MAIL.replace("\r", ""))
    assert peer.line_with(f"{message} => x@ok.test")
    assert "452 4.2.2 <y@full.test>: mailbox full" in peer.line_with(f"{message} == y@full.test")
    assert "554 5.7.1 <z@strict.test>: no spam here" in peer.line_with(f"{message} ** z@strict.test")
    assert "550 5.1.1 <nobody@ok.test>: user unknown" in peer.line_with(f"{message} ** nobody@ok.test")
    assert kept(server)[0]["rcpt"] == ["x@ok.test", "w@ok.test"]


def test_pythons_lmtp_client_and_the_metrics(start, fetch, kept):
    server = start(SERVER)
    with smtplib.LMTP("127.0.0.1", server.ports["delivery"]) as client:
        client.ehlo_or_helo_if_needed()
        assert client.mail("a@b.test")[0] == client.rcpt("x@ok.test")[0] == client.rcpt("y@full.test")[0] == 250
        assert client.data(MAIL)[0] == 250
        assert client.getreply() == (452, b"4.2.2 <y@full.test>: mailbox full")
        assert client.docmd("EHLO", "me.test")[0] == 500
    assert [message["rcpt"] for message in kept(server)] == [["x@ok.test"]]
    metrics = fetch(server, "/metrics").decode()
    assert 'mocksmtp_messages_total{listener="delivery"} 1.0' in metrics
    assert 'mocksmtp_replies_total{code="250",listener="delivery",stage="message"} 1.0' in metrics
    assert 'mocksmtp_replies_total{code="452",listener="delivery",stage="message"} 1.0' in metrics
    assert fetch(server, "/readyz") == b"ok\n"

"""A real Postfix delivers to the mock: what a mail server makes of the replies."""

from __future__ import annotations

import urllib.request

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

SERVER = """
auth: {users: {alice: wonderland}}
listeners:
  smtp: {port: 0, tls: starttls}
  smtps: {port: 0, tls: implicit}
  submission: {port: 0, tls: starttls, auth: required, require_tls: true}
rules:
  - name: bad-mailbox
    when: {rcpt: "*@bad.example.com"}
    reply: "553 5.1.3 <{rcpt}>: mailbox name not allowed"
  - name: later
    when: {rcpt: "*@later.example.com"}
    reply: "451 4.7.1 come back later"
"""
MAIL = "From: a@b.test\r\nSubject: {}\r\n\r\nHello\r\n.\r\nend\r\n"


def test_it_delivers_over_all_three_ports_and_trusts_our_ca(start, run_postfix, ca, kept):
    server = start(SERVER)
    peer = run_postfix(
        "smtps unix - - n - - smtp -o smtp_tls_wrappermode=yes\n",
        transport_maps="inline:{"
        f" {{smtp.test = smtp:[localhost]:{server.ports['smtp']}}}"
        f" {{smtps.test = smtps:[localhost]:{server.ports['smtps']}}}"
        f" {{submission.test = smtp:[localhost]:{server.ports['submission']}}} }}",
        smtp_tls_security_level="verify",
        smtp_tls_CAfile=str(ca(server)),
        smtp_sasl_auth_enable="yes",
        smtp_sasl_security_options="noanonymous",
        smtp_sasl_password_maps=f"inline:{{ {{[localhost]:{server.ports['submission']} = alice:wonderland}} }}",
    )
    for listener in ("smtp", "smtps", "submission"):
        queue_id = peer.send("a@b.test", [f"x@{listener}.test"], MAIL.format(listener))
        assert "(250 2.0.0 OK queued as " in peer.outcome(queue_id, f"x@{listener}.test", "sent")
        peer.log.line_with(f"Verified TLS connection established to localhost[127.0.0.1]:{server.ports[listener]}")
    assert peer.queue() == []
    found = kept(server)
    assert [m["listener"] for m in found] == ["smtp", "smtps", "submission"]
    assert [m["auth"] for m in found] == [None, None, "alice"]
    assert all(m["tls"] for m in found)


def test_a_553_comes_back_to_the_sender_and_a_4xx_is_tried_again(start, run_postfix, fetch, kept):
    server = start(SERVER)
    peer = run_postfix(relayhost=f"[127.0.0.1]:{server.ports['smtp']}")
    queue_id = peer.send(
        "a@b.test", ["x@bad.example.com", "y@ok.test", "z@later.example.com"], MAIL.format("three")
    )
    assert "(250 2.0.0 OK queued as " in peer.outcome(queue_id, "y@ok.test", "sent")
    told = peer.outcome(queue_id, "x@bad.example.com", "bounced")
    assert "dsn=5.1.3" in told
    assert "said: 553 5.1.3 <x@bad.example.com>: mailbox name not allowed (in reply to RCPT TO command)" in told
    told = peer.outcome(queue_id, "z@later.example.com", "deferred")
    assert "dsn=4.7.1" in told
    assert "said: 451 4.7.1 come back later (in reply to RCPT TO command)" in told
    bounce = peer.log.line_with(f" {queue_id}: sender non-delivery notification: ").rsplit(" ", 1)[1]
    peer.outcome(bounce, "a@b.test", "sent")
    report = next(m for m in kept(server) if m["mail"] == "")
    assert report["rcpt"] == ["a@b.test"]
    assert b"Status: 5.1.3" in fetch(server, f"/v1/messages/{report['id']}/raw")
    assert [each["queue_id"] for each in peer.queue()] == [queue_id]


def test_it_passes_on_what_the_envelope_says(start, run_postfix, kept, fetch):
    server = start("")
    peer = run_postfix(relayhost=f"[127.0.0.1]:{server.ports['smtp']}")
    notify = ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;or+2Big@x.test"]
    first = peer.send("a@b.test", ["y@ok.test"], MAIL.format("DSN"), ["RET=HDRS", "ENVID=QQ314159"], notify)
    peer.outcome(first, "y@ok.test", "sent")
    body = "Grüße\r\n"
    second = peer.send(
        "ü@b.test", ["ö@ok.test"], (MAIL.format("Ä") + body).encode(), ["SMTPUTF8", "BODY=8BITMIME"]
    )
    peer.outcome(second, "ö@ok.test", "sent")
    dsn, utf8 = kept(server)
    assert (dsn["params"]["RET"], dsn["params"]["ENVID"]) == ("HDRS", "QQ314159")
    (recipient,) = dsn["recipients"]
    assert recipient["params"] == {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": "rfc822;or+2Big@x.test"}
    assert (recipient["address"], recipient["notify"]) == ("y@ok.test", ["SUCCESS", "FAILURE"])
    assert (utf8["mail"], utf8["rcpt"], utf8["subject"]) == ("ü@b.test", ["ö@ok.test"], "Ä")
    assert utf8["params"]["BODY"] == "8BITMIME"
    assert "SMTPUTF8" in utf8["params"]
    assert fetch(server, f"/v1/messages/{utf8['id']}/raw").endswith(body.encode())


def test_it_gets_through_when_the_rule_has_had_its_refusals(start, run_postfix, kept):
    server = start("""
rules:
  - name: third-time-lucky
    when: {rcpt: "*@retry.example.com"}
    sequence: ["450 4.2.0 try later", "451 4.3.0 try later still", accept]
    per: [rcpt]
""")
    peer = run_postfix(relayhost=f"[127.0.0.1]:{server.ports['smtp']}")
    queue_id = peer.send("a@b.test", ["x@retry.example.com"], MAIL.format("third"))
    for said in ("450 4.2.0 try later (in reply", "451 4.3.0 try later still (in reply"):
        peer.log.line_with(f" {queue_id}: to=<x@retry.example.com>", "status=deferred", said)
        peer.try_again()
    peer.outcome(queue_id, "x@retry.example.com", "sent")
    (message,) = kept(server)
    assert message["rcpt"] == ["x@retry.example.com"]


def test_it_gets_through_greylisting_once_its_time_is_over(start, run_postfix, kept):
    server = start("""
rules:
  - name: greylist
    when: {rcpt: "*@grey.example.com"}
    schedule: {within: 5m}
    per: [client, mail, rcpt]
    reply: "451 4.7.1 greylisted, come back in {retry_after}s"
""")
    peer = run_postfix(relayhost=f"[127.0.0.1]:{server.ports['smtp']}")
    queue_id = peer.send("a@b.test", ["x@grey.example.com"], MAIL.format("grey"))
    peer.log.line_with(
        f" {queue_id}: to=<x@grey.example.com>", "status=deferred", "451 4.7.1 greylisted, come back in"
    )
    # Five minutes pass on the rule clock; nobody waits for them.
    passed = urllib.request.Request(
        f"http://127.0.0.1:{server.ports['http']}/v1/clock", b'{"advance": "5m"}',
        {"Content-Type": "application/json"},
    )  # fmt: skip
    urllib.request.urlopen(passed, timeout=30).close()
    peer.try_again()
    peer.outcome(queue_id, "x@grey.example.com", "sent")
    (message,) = kept(server)
    assert message["rcpt"] == ["x@grey.example.com"]

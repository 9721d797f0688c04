"""What a client did, asserted over HTTP: a real Postfix that retries, and a script that should not have."""

from __future__ import annotations

import json
import smtplib
import threading
import urllib.request

import pytest

pytestmark = pytest.mark.e2e

RULES = """
rules:
  - name: third-time-lucky
    when: {rcpt: "*@retry.example.com"}
    sequence: ["450 4.2.0 try later", "451 4.3.0 try later still", accept]
    per: [rcpt]
  - name: gone
    when: {rcpt: "gone@*"}
    reply: "550 5.1.1 <{rcpt}>: no such user"
"""
MAIL = "From: a@b.test\r\nSubject: hi\r\n\r\nHello\r\n"


def verify(server, *assertions, within="0s"):
    """Return the answer."""
    document = json.dumps({"assertions": assertions, "within": within}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.ports['http']}/v1/verify", document, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=90) as answer:
        return json.load(answer)


@pytest.mark.peers
def test_a_real_postfix_retries_what_is_temporary_and_nothing_else(start, run_postfix):
    server = start(RULES)
    peer = run_postfix(relayhost=f"[127.0.0.1]:{server.ports['smtp']}")
    peer.send("a@b.test", ["x@retry.example.com", "gone@example.com"], MAIL)
    # Postfix looks through its queue each second by itself.
    retried = {"rcpt": "x@retry.example.com"}
    answer = verify(
        server,
        {"where": retried, "codes": [450, 451, 250], "gap": {"min": "500ms", "max": "30s"}},
        {"where": {"rcpt": "gone@*"}, "count": {"at_least": 1}, "codes": ["5*"]},
        within="60s",
    )
    assert answer["ok"], answer
    told = answer["assertions"][0]["says"]
    assert told.startswith("answered 450, 451, 250; wanted: 450, 451, 250. 2 gaps of ")
    after = verify(server, {"none_after_5xx": True}, {"where": retried, "count": {"exactly": 3}})
    assert after["ok"], after


def test_a_script_that_tries_again_after_a_550_is_found_while_somebody_waits(start):
    server = start(RULES)
    answers = []
    asserted = {"name": "gives up", "where": {"rcpt": "gone@*"}, "none_after_5xx": True}
    waits = threading.Thread(target=lambda: answers.append(verify(server, asserted, within="60s")))
    waits.start()
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        for _ in range(2):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("a@b.test", ["gone@example.com"], MAIL)
    waits.join(30)
    (answer,) = answers
    (judged,) = answer["assertions"]
    assert (answer["ok"], judged["name"], judged["failed"]) == (False, "gives up", ["none_after_5xx"])
    assert judged["says"].startswith("<gone@example.com> was tried again ")
    assert " after 550 5.1.1 <gone@example.com>: no such user, at " in judged["says"]


def test_the_nearest_miss_names_what_was_different(start):
    server = start(RULES)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("a@b.test", ["bob@example.com"], MAIL)
    answer = verify(server, {"where": {"mail": "a@b.test", "rcpt": "rob@example.com"}, "count": {"exactly": 1}})
    (near,) = answer["assertions"][0]["nearest"]
    assert (near["failed"], near["wanted"], near["found"]) == ("rcpt", "rob@example.com", "bob@example.com")


def test_what_was_delivered_twice_is_found(start, fetch):
    server = start(RULES)
    text = "Message-ID: <one@b.test>\r\n" + MAIL
    for _ in range(2):
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
            client.sendmail("a@b.test", ["bob@example.com"], text)
    found = json.loads(fetch(server, "/v1/duplicates"))
    assert {(each["by"], each["count"], *each["again"]) for each in found["groups"]} == {
        ("message_id", 2, "bob@example.com"),
        ("body", 2, "bob@example.com"),
    }
    first, second = found["groups"][0]["messages"]
    assert first["session"] != second["session"]
    assert first["received_at"] < second["received_at"]

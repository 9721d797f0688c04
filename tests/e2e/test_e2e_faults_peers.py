"""A real Postfix and a real Exim meet the faults, and make of them what docs/faults.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

PAGE = (Path(__file__).parents[2] / "docs/faults.md").read_text()
ROW = re.compile(r"^\| (rcpt|data|message) \| `(.*?)` \| (\w+): (.*?) \| (\w+): (.*?) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
NAMES = [f"{stage}{fault}" for stage, fault, *_ in ROWS]

RULES = "rules:\n" + "".join(
    f"  - {{name: rule-{number}, stage: {stage}, when: {{rcpt: n{number}.test}}, fault: {fault}"
    + ("}\n" if stage == "data" else ", reply: accept}\n")
    for number, (stage, fault, *_) in enumerate(ROWS)
)
LOST = """
rules:
  - name: lost-ack
    stage: message
    when: {rcpt: "*@lost.test"}
    schedule: {first: 1}
    per: [mail, rcpt]
    reply: accept
    fault: {reset: before}
"""
MAIL = "From: a@b.test\nSubject: {}\n\n" + ("x" * 70 + "\n") * 30
PATIENCE = {f"smtp_{step}_timeout": "3s" for step in ("rcpt", "data_init", "data_xfer", "data_done")}
ALONE = {
    # Each delivery is one of its own: nothing is put off because another one failed.
    "default_destination_concurrency_failed_cohort_limit": "0",
    "smtp_connection_cache_on_demand": "no",
    "smtp_tls_security_level": "none",
    "minimal_backoff_time": "1h",
    "maximal_backoff_time": "1h",
}


def words(cell):
    return re.findall(r"`(.*?)`", cell)


def test_the_page_has_its_rows():
    assert len(ROWS) == 17
    assert len([line for line in PAGE.splitlines() if re.match(r"\| (rcpt|data|message) \|", line)]) == 17


def test_postfix(start, run_postfix):
    server = start(RULES)
    peer = run_postfix(relayhost=f"[127.0.0.1]:{server.ports['smtp']}", **PATIENCE, **ALONE)
    sent = [peer.send("a@b.test", [f"x@n{number}.test"], MAIL.format(number)) for number in range(len(ROWS))]
    made = {}
    for name, queue_id, (*_, status, told, _, _) in zip(NAMES, sent, ROWS, strict=True):
        line = peer.outcome(queue_id)
        made[name] = f"status={status} " in line and all(each in line for each in words(told)), line
    assert {name: line for name, (as_told, line) in made.items() if not as_told} == {}


@pytest.fixture(scope="module")
def server(start_once):
    return start_once(RULES)


EXIM = {"sent": "=>", "deferred": "==", "bounced": "**"}
IN_3_S = "  hosts_avoid_tls = *\n  command_timeout = 3s\n  data_timeout = 3s\n  final_timeout = 3s\n"


@pytest.mark.parametrize("number", range(len(ROWS)), ids=NAMES)
def test_exim_by_bdat(server, make_exim, number):
    *_, status, told = ROWS[number]
    peer = make_exim(server.ports["smtp"], IN_3_S)
    message = peer.send("a@b.test", [f"x@n{number}.test"], MAIL.format(number))
    line = peer.line_with(f"{message} {EXIM[status]} x@n{number}.test")
    assert all(each in line for each in words(told)), line


def test_postfix_delivers_twice_when_the_acknowledgement_is_lost(start, run_postfix, kept):
    server = start(LOST)
    peer = run_postfix(relayhost=f"[127.0.0.1]:{server.ports['smtp']}")
    queue_id = peer.send("a@b.test", ["x@lost.test"], MAIL.format("twice"))
    told = peer.outcome(queue_id, "x@lost.test", "deferred")
    assert "lost connection with 127.0.0.1[127.0.0.1] while sending end of data" in told
    assert "message may be sent more than once" in told
    peer.try_again()
    assert "(250 2.0.0 OK queued as " in peer.outcome(queue_id, "x@lost.test", "sent")
    first, second = kept(server)
    assert first["subject"] == second["subject"] == "twice"
    assert message_id(first) == message_id(second) is not None


def test_exim_delivers_twice_by_bdat_when_the_acknowledgement_is_lost(start, make_exim, kept):
    server = start(LOST)
    peer = make_exim(server.ports["smtp"])
    message = peer.send("a@b.test", ["x@lost.test"], MAIL.format("twice"))
    assert "Remote host closed connection in response to" in peer.line_with(f"{message} == x@lost.test", "defer")
    peer.try_again()
    assert " K " in peer.line_with(f"{message} => x@lost.test", "250 2.0.0 OK queued as ")
    first, second = kept(server)
    assert first["subject"] == second["subject"] == "twice"
    assert message_id(first) == message_id(second) is not None


def message_id(message):
    return next((each["value"] for each in message["headers"] if each["name"].lower() == "message-id"), None)


TLS = """
rules:
  - {name: expired, stage: starttls, when: {listener: expired}, fault: {certificate: expired}}
  - {name: wrong, stage: starttls, when: {listener: wrong}, fault: {certificate: wrong_name}}
  - {name: unknown, stage: starttls, when: {listener: unknown}, fault: {certificate: unknown_ca}}
  - {name: abort, stage: starttls, when: {listener: abort}, fault: {tls: abort}}
  - {name: refused, stage: starttls, when: {listener: refused}, reply: "454 4.7.0 TLS not available"}
  - {name: stripped, stage: helo, when: {listener: stripped}, extensions: {hide: [STARTTLS]}}
tls: {names: [localhost]}
listeners:
"""
UNDER_TLS = {
    "expired": "Server certificate not verified",
    "wrong": "Server certificate not verified",
    "unknown": "Server certificate not verified",
    "abort": "Cannot start TLS: handshake failure",
    "refused": "454 4.7.0 TLS not available",
    "stripped": "TLS is required, but was not offered by host localhost",
}
UNTRUSTED = {
    "expired": "certificate has expired",
    "wrong": "num=62:hostname mismatch",
    "unknown": "untrusted issuer /CN=mocksmtp unknown authority",
}
TLS += "".join(f"  {name}: {{port: 0}}\n" for name in UNDER_TLS)


def routes(server):
    lines = [f" {{{name}.test = smtp:[localhost]:{server.ports[name]}}}" for name in UNDER_TLS]
    return f"inline:{{{''.join(lines)} }}"


def test_a_postfix_that_verifies_keeps_its_mail(start, run_postfix, ca, kept):
    server = start(TLS)
    peer = run_postfix(
        transport_maps=routes(server), smtp_tls_security_level="secure", smtp_tls_secure_cert_match="hostname",
        smtp_tls_CAfile=str(ca(server)),
    )  # fmt: skip
    sent = {name: peer.send("a@b.test", [f"x@{name}.test"], MAIL.format(name)) for name in UNDER_TLS}
    for name, queue_id in sent.items():
        assert UNDER_TLS[name] in peer.outcome(queue_id, f"x@{name}.test", "deferred")
    for name, reason in UNTRUSTED.items():
        peer.log.line_with("certificate verification failed", f":{server.ports[name]}: {reason}")
    assert kept(server) == []


def test_a_postfix_that_does_not_mind_goes_on_encrypted_or_in_clear(start, run_postfix, kept):
    server = start(TLS)
    peer = run_postfix(transport_maps=routes(server), smtp_tls_security_level="may")
    sent = {name: peer.send("a@b.test", [f"x@{name}.test"], MAIL.format(name)) for name in UNDER_TLS}
    for name, queue_id in sent.items():
        peer.outcome(queue_id, f"x@{name}.test", "sent")
    tls = {message["listener"]: message["tls"] is not None for message in kept(server)}
    assert tls == {name: name in ("expired", "wrong", "unknown") for name in UNDER_TLS}

"""A real Exim delivers to the mock: another mail server, another TLS library (GnuTLS)."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

RULES = """
auth: {users: {alice: wonderland}}
rules:
  - name: bad-mailbox
    when: {rcpt: "*@bad.example.com"}
    reply: "553 5.1.3 <{rcpt}>: mailbox name not allowed"
  - name: later
    when: {mail: "later@*"}
    reply: "451 4.7.1 come back later"
  - name: spam
    when: {header: {Subject: "*viagra*"}}
    reply: "554 5.7.1 looks like spam"
"""
MAIL = "From: a@b.test\nSubject: {}\n\nHello\n.\nend\n"
VERIFIED = """
  hosts_require_tls = *
  tls_verify_certificates = {ca}
  tls_verify_hosts = *
  tls_verify_cert_hostnames = *
"""


@pytest.mark.parametrize(("listener", "protocol"), [("smtp", ""), ("smtps", "  protocol = smtps\n")])
def test_it_delivers_under_verified_tls(start, make_exim, ca, kept, listener, protocol):
    server = start(RULES)
    options = VERIFIED.format(ca=ca(server)) + protocol
    peer = make_exim(server.ports[listener], options, host="localhost")
    message = peer.send("a@b.test", ["x@ok.test", "y@ok.test"], MAIL.format("hi"))
    told = peer.line_with(f"{message} =>", "CV=yes")
    assert "250 2.0.0 OK queued as " in told
    (found,) = kept(server)
    assert (found["listener"], found["rcpt"], found["tls"]["version"]) == (
        listener,
        ["x@ok.test", "y@ok.test"],
        "1.3",
    )
    assert peer.queue() == []


def test_refusals_are_final_and_a_4xx_is_tried_again(start, make_exim, kept):
    server = start(RULES)
    peer = make_exim(server.ports["smtp"])
    refused = peer.send("a@b.test", ["x@bad.example.com", "y@ok.test"], MAIL.format("hi"))
    assert "553 5.1.3 <x@bad.example.com>: mailbox name not allowed" in peer.line_with(f"{refused} ** x@bad")
    assert peer.line_with(f"{refused} => y@ok.test")
    spam = peer.send("a@b.test", ["y@ok.test"], MAIL.format("cheap viagra"))
    assert "554 5.7.1 looks like spam" in peer.line_with(f"{spam} ** y@ok.test")
    later = peer.send("later@b.test", ["y@ok.test"], MAIL.format("later"))
    assert "451 4.7.1 come back later" in peer.line_with(f"{later} == y@ok.test", "defer")
    assert peer.queue() == [later]
    assert [m["mail"] for m in kept(server)] == ["a@b.test", "", ""]

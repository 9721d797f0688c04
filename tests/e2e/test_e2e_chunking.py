"""Exim uses BDAT wherever it is offered: what it meets by BDAT is what it meets by DATA."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

MAIL = "From: a@b.test\nSubject: {}\n\nHello\n.\nend\n"

CHUNKED = """
listeners:
  smtp: {port: 0, tls: starttls}
  old: {port: 0, tls: starttls, extensions: [PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES]}
limits: {message_size: 300KiB}
rules:
  - name: no-data
    stage: data
    when: {mail: "no-data@*"}
    reply: "451 4.3.2 no data now"
  - name: open
    stage: data
    when: {mail: "open@*"}
    reply: "354 go ahead"
  - name: by-header
    when: {header: {Subject: "*viagra*"}}
    reply: "554 5.7.1 looks like spam"
  - name: by-body
    when: {body: "*needle*"}
    reply: "550 5.7.0 found it"
  - name: by-size
    when: {rcpt: "*@small.test", size: {over: 100KiB}}
    reply: "552 5.2.2 mailbox full"
"""
LINES = "0123456789 and so on, line after line, so that it takes many chunks\n" * 3000


@pytest.mark.parametrize("listener", ["smtp", "old"])
def test_rules_meet_exim_by_bdat_as_by_data(start, make_exim, fetch, kept, listener):
    """Each row is a sender, a recipient, a subject, a text, and what Exim is told."""
    server = start(CHUNKED)
    peer = make_exim(server.ports[listener])
    chunks = " K " if listener == "smtp" else ""
    for sender, recipient, subject, text, mark, words in (
        ("a@b.test", "x@ok.test", "hi", "hello\n.\nend\n", "=>", "250 2.0.0 OK queued as"),
        ("open@b.test", "x@ok.test", "large", LINES, "=>", "250 2.0.0 OK queued as"),
        ("no-data@b.test", "x@ok.test", "hi", "hello\n", "==", "451 4.3.2 no data now"),
        ("a@b.test", "x@ok.test", "viagra", LINES, "**", "554 5.7.1 looks like spam"),
        ("a@b.test", "x@ok.test", "hi", LINES + "needle\n", "**", "550 5.7.0 found it"),
        ("a@b.test", "x@small.test", "hi", LINES, "**", "552 5.2.2 mailbox full"),
        ("a@b.test", "x@ok.test", "hi", LINES * 2, "**", "552 5.3.4 Message exceeds fixed maximum"),
    ):
        message = peer.send(sender, [recipient], MAIL.format(subject) + text, "-oi")
        line = peer.line_with(f"{message} {mark} {recipient}")
        assert words in line
        assert mark != "=>" or chunks in line
    first, second = (m for m in kept(server) if m["mail"])
    raw = fetch(server, f"/v1/messages/{first['id']}/raw")
    assert raw.endswith(b"\r\n\r\nHello\r\n.\r\nend\r\nhello\r\n.\r\nend\r\n")
    assert fetch(server, f"/v1/messages/{second['id']}/raw").endswith(LINES.replace("\n", "\r\n").encode())

"""Each mistake is provoked in a real session and reported; what looks like one and is none is not."""

from __future__ import annotations

import pytest
from report.reported import Reports

from mocksmtp.report.findings import TABLE
from mocksmtp.smtp.syntax import BareNewlines

EHLO, MAIL, RCPT, QUIT = r"EHLO me.test\r\n", r"MAIL FROM:<a@x.test>\r\n", r"RCPT TO:<b@y.test>\r\n", r"QUIT\r\n"
DATA, HEAD = r"DATA\r\n", r"Date: Wed, 25 Nov 2026 00:00:00 +0000\r\nFrom: a@x.test\r\nMessage-ID: <1@x.test>\r\n"
BODY = HEAD + r"\r\nhi\r\n.\r\n"
BEGIN, NAMED = (EHLO, MAIL), (EHLO, MAIL, RCPT)
SENT = (*NAMED, DATA, BODY)
GROUP = MAIL + RCPT + DATA
NO = ("rcpt * -> 550 5.1.1 no",)
LATER = ("rcpt * -> 451 4.7.1 later",)


def bad(head=HEAD, body="hi", mail=MAIL):
    return (EHLO, mail, RCPT, DATA, head + r"\r\n" + body + r"\r\n.\r\n", QUIT)


PROVOKED = [
    # finding, what the server is, what the client sends (a read each)
    ("bare-newline", {}, (EHLO, r"MAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\r\n", QUIT)),
    ("bare-newline", {}, (r"EHLO me.test\n",)),
    ("bare-newline", {}, (r"QUIT\n",)),
    ("bare-newline", {}, bad(body=r"one\ntwo")),
    ("bare-newline", {"bare_newlines": BareNewlines.AS_CRLF}, bad(body=r"one\ntwo")),
    ("bare-newline", {"bare_newlines": BareNewlines.AS_CRLF}, (EHLO, r"NOOP\n", QUIT)),
    ("pipelining-before-ehlo", {}, (EHLO + MAIL, RCPT, QUIT)),
    ("pipelining-not-offered", {"without": {"PIPELINING"}}, (EHLO, MAIL + RCPT, QUIT)),
    ("pipelining-not-offered", {}, (r"HELO me.test\r\n", MAIL + RCPT, QUIT)),
    ("not-last-in-group", {}, (EHLO, r"NOOP\r\n" + MAIL, QUIT)),
    ("not-last-in-group", {}, (EHLO, GROUP + BODY, QUIT)),
    ("not-last-in-group", {}, (EHLO, QUIT + MAIL)),
    ("not-last-in-group", {}, (EHLO, r"STARTTLS\r\n" + MAIL)),
    ("after-421", {"policy": ("mail * -> 421 4.3.2 closing",)}, (EHLO, MAIL, RCPT)),
    ("after-421", {"policy": ("mail * -> continue 421 4.3.2 closing",)}, (EHLO, MAIL, RCPT, QUIT)),
    ("mail-data-after-refusal", {"policy": ("data -> 554 5.3.0 no",)}, (*SENT, QUIT)),
    ("data-without-recipient", {"policy": NO}, (*NAMED, DATA, QUIT)),
    ("dot-not-stuffed", {}, (*NAMED, DATA, HEAD + r"\r\nhi\r\n.\r\nmore\r\n", QUIT)),
    ("dot-not-stuffed", {}, (EHLO, GROUP, HEAD + r"\r\nhi\r\n.\r\nmore\r\n.\r\n" + QUIT)),
    ("dot-not-stuffed", {}, bad(body=r"hi\r\n.profile")),
    ("no-quit", {}, SENT),
    ("no-quit", {}, (*NAMED, DATA, HEAD)),
    ("auth-in-clear", {}, (EHLO, r"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n", QUIT)),
    ("auth-in-clear", {}, (EHLO, r"AUTH LOGIN\r\n", r"YWxpY2U=\r\n", r"c2VjcmV0\r\n", QUIT)),
    ("command-too-long", {}, (EHLO, r"NOOP \{a*9000}\r\n", QUIT)),
    ("size-ignored", {"limits": {"message_size": 1000}}, bad(body=r"\{x\r\n*500}")),
    ("size-ignored", {"limits": {"message_size": 1000}}, (EHLO, r"MAIL FROM:<a@x.test> SIZE=1001\r\n", QUIT)),
    ("limits-ignored", {"limits": {"recipients": 2}}, (*NAMED, RCPT, RCPT, QUIT)),
    ("limits-ignored", {"limits": {"transactions": 1}}, (*SENT, MAIL, QUIT)),
    ("limits-ignored", {"limits": {"recipient_domains": 1}}, (*NAMED, r"RCPT TO:<c@z.test>\r\n", QUIT)),
    ("retry-of-5xx", {"policy": NO}, (*NAMED, RCPT, QUIT)),
    ("retry-too-soon", {"policy": LATER}, (*NAMED, RCPT, QUIT)),
    ("line-too-long", {}, bad(body=r"\{x*999}")),
    ("8bit-not-declared", {}, bad(body=r"gr\xfc\xdfe")),
    ("8bit-header", {}, bad(head=HEAD + r"Subject: gr\xc3\xbc\xc3\x9fe\r\n")),
    ("no-date", {}, bad(head=r"From: a@x.test\r\nMessage-ID: <1@x.test>\r\n")),
    ("no-from", {}, bad(head=r"Date: now\r\nMessage-ID: <1@x.test>\r\n")),
    ("no-message-id", {}, bad(head=r"Date: now\r\nFrom: a@x.test\r\n")),
]


@pytest.mark.parametrize(("name", "server", "reads"), PROVOKED)
def test_a_mistake_is_reported_and_nothing_else(name, server, reads):
    reports = Reports(**server)
    reports.have(*reads)
    assert reports.names() == [name]


def test_mail_data_that_never_ends_because_of_its_line_ends_is_told_with_the_break():
    reports = Reports()
    reports.have(*NAMED, DATA, HEAD + r"\r\nhi\n.\n")
    assert reports.names() == ["no-quit", "bare-newline"]


def test_a_handshake_on_a_plain_port_is_no_line():
    reports = Reports()
    reports.have(r"\x16\x03\x01\n\x00\x0a")
    assert reports.names() == []


def test_every_finding_of_the_table_is_provoked():
    assert {name for name, _, _ in PROVOKED} == {kind.name for kind in TABLE}


WELL = [
    # what the server is, what a client may well do
    ({}, (*SENT, QUIT)),
    ({}, (EHLO, GROUP, BODY, QUIT)),
    ({}, (EHLO, GROUP, BODY + GROUP, BODY + QUIT)),
    ({"policy": NO}, (EHLO, GROUP, r"RSET\r\n", QUIT)),
    ({"policy": NO}, (*NAMED, r"RSET\r\n", QUIT)),
    ({}, (EHLO, r"BDAT 1 LAST\r\nx", QUIT)),
    ({}, (EHLO, MAIL + RCPT + r"BDAT 95 LAST\r\n" + HEAD + r"\r\n" + QUIT)),
    ({"policy": ("mail * -> 421 4.3.2 closing",)}, (EHLO, MAIL, QUIT)),
    ({"policy": ("mail * -> close 550 5.7.1 no",)}, (EHLO, MAIL)),
    ({"faults": ("rcpt garble",)}, (EHLO, MAIL, RCPT)),
    ({"faults": ("mail repeat",)}, (EHLO, MAIL, RCPT, QUIT)),
    ({"limits": {"recipients": 1}}, (*SENT, MAIL, RCPT, r"RSET\r\n", QUIT)),
    ({}, ()),
    ({}, bad(body=r"gr\xfc\xdfe", mail=r"MAIL FROM:<a@x.test> BODY=8BITMIME\r\n")),
    ({}, bad(head=HEAD + r"Subject: gr\xc3\xbc\xc3\x9fe\r\n", mail=r"MAIL FROM:<a@x.test> SMTPUTF8\r\n")),
    ({}, bad(body=r"..\r\n..profile\r\n\{x*998}")),
    ({}, (EHLO, r"RCPT TO:<\"a\\n\"@y.test>\r\n", QUIT)),
    ({}, (EHLO, r"AUTH SCRAM-SHA-256\r\n", r"*\r\n", QUIT)),
]


@pytest.mark.parametrize(("server", "reads"), WELL)
def test_what_is_no_mistake_is_not_reported(server, reads):
    reports = Reports(**server)
    reports.have(*reads)
    assert reports.names() == []

"""Attempts after a refusal: which are too soon, which should not be, and what is told of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report.reported import Reports, Wire
from report.test_report_table import EHLO, MAIL, QUIT, RCPT, SENT

from mocksmtp.journal import transcript
from mocksmtp.report.findings import TABLE
from mocksmtp.report.retries import found

TRY = (EHLO, MAIL, RCPT, QUIT)


def again(policy, seconds, second=TRY):
    """Have two sessions with so many seconds between their RCPT; return what is found in the second."""
    reports = Reports(policy=policy)
    reports.have(*TRY)
    reports.clock.advance(seconds - 4)
    reports.have(*second)
    return reports.names()


TRIED = [
    # the first reply, seconds until the next try, findings
    ("451 4.7.1 later", 1799, ["retry-too-soon"]),
    ("451 4.7.1 later", 1800, []),
    ("452 4.2.2 full", 60, ["retry-too-soon"]),
    ("421 4.3.2 closing", 60, ["retry-too-soon"]),
    ("550 5.1.1 unknown", 86400, ["retry-of-5xx"]),
    ("552 5.2.2 full", 86400, ["retry-of-5xx"]),
    ("552 5.3.4 too big", 60, []),
    ("530 5.7.0 login", 60, []),
    ("555 5.5.4 parameter", 60, []),
]


@pytest.mark.parametrize(("reply", "seconds", "names"), TRIED)
def test_when_a_client_may_come_back(reply, seconds, names):
    second = TRY[:3] if reply.startswith("421") else TRY
    assert again((f"rcpt * -> {reply}",), seconds, second) == names


OTHERS = [
    (EHLO, MAIL, r"RCPT TO:<c@y.test>\r\n", QUIT),
    (EHLO, r"MAIL FROM:<b@x.test>\r\n", RCPT, QUIT),
    (EHLO, r"MAIL FROM:<>\r\n", RCPT, QUIT),
]


@pytest.mark.parametrize("second", OTHERS)
def test_another_sender_or_recipient_is_no_retry(second):
    assert again(("rcpt b@y.test -> 550 5.1.1 unknown", "rcpt c@y.test -> 550 5.1.1 unknown"), 60, second) == []


def test_addresses_are_the_same_whatever_their_case():
    second = (EHLO, r"MAIL FROM:<A@X.test>\r\n", r"RCPT TO:<B@Y.test>\r\n", QUIT)
    assert again(("rcpt * -> 550 5.1.1 unknown",), 60, second) == ["retry-of-5xx"]


def test_what_was_accepted_in_between_begins_anew():
    reports = Reports(policy=("rcpt * -> 451 4.7.1 later",))
    reports.have(*TRY)
    policy, reports.listener.policy = reports.listener.policy, Reports().listener.policy
    reports.clock.advance(1800)
    reports.have(*SENT, QUIT)
    assert reports.names() == []
    reports.listener.policy = policy
    reports.have(*TRY)
    assert reports.names() == []


def test_recipients_that_were_too_many_follow_in_the_same_session():
    reports = Reports(policy=("rcpt * -> 452 4.5.3 too many",))
    reports.have(EHLO, MAIL, RCPT, r"RSET\r\n", MAIL, RCPT, QUIT)
    assert reports.names() == []


def test_what_happens_often_is_told_once_with_a_count():
    reports = Reports(policy=("rcpt * -> 550 5.1.1 unknown",))
    reports.have(EHLO, MAIL, RCPT, RCPT, RCPT, QUIT)
    (finding,) = reports.findings()
    assert (finding.name, finding.times, finding.at) == ("retry-of-5xx", 2, 104.0)
    assert finding.did == "<a@x.test> to <b@y.test> was tried again 1 s after 550"


def test_a_finding_names_its_line_and_message():
    reports = Reports()
    reports.have(*SENT[:-1], r"From: a@x.test\r\nDate: now\r\n\r\nhi\r\n.\r\n", QUIT)
    (finding,) = reports.findings()
    lines = transcript_of(reports)
    assert lines[finding.line - 1].kind == "data"
    assert finding.message == "0002"


def test_a_line_is_counted_as_the_transcript_counts_it():
    reports = Reports(without={"PIPELINING"})
    reports.have(EHLO, r"NOOP\r\n", MAIL + RCPT, QUIT)
    (finding,) = reports.findings()
    assert transcript_of(reports)[finding.line - 1].text == "RCPT TO:<b@y.test>"


def test_where_the_beginning_is_gone_nothing_is_held_against_the_client():
    reports = Reports()
    protocol = reports.listener.welcome("", 0)
    protocol.makeConnection(Wire())
    protocol.dataReceived(b"EHLO me.test\r\n")
    reports.journal.clear()
    protocol.dataReceived(b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n")
    protocol.dataReceived(b"QUIT\r\n")
    protocol.connectionLost(None)
    reports.last = protocol.session.conversation.id
    assert reports.names() == []


def transcript_of(reports):
    return list(transcript(reports.journal.session(reports.last).notes))


def test_the_page_has_the_table_of_the_code():
    page = (Path(__file__).parents[2] / "docs/report.md").read_text()
    rows = re.findall(r"^\| `(\S+)` \| (\w+) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert rows == [tuple(kind) for kind in TABLE]


def test_over_lmtp_each_recipient_has_its_reply():
    reports = Reports(lmtp=True)
    reports.have(EHLO.replace("EHLO", "LHLO"), MAIL, RCPT, r"RCPT TO:<c@y.test>\r\n", *SENT[3:], MAIL, QUIT)
    assert reports.names() == []


def test_what_was_tried_in_another_scope_is_no_attempt_of_this_one():
    reports = Reports(policy=("rcpt * -> 550 5.1.1 unknown",))
    reports.have(*TRY)
    reports.have(*TRY)
    first, second = reports.journal.attempts.after(0)
    assert [each.name for each in found(second.session, [first, second])] == ["retry-of-5xx"]
    assert list(found(second.session, [first._replace(scopes=("T",)), second])) == []

"""Whatever a client sends, and whatever is left of a transcript, a report can be made."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from report.reported import Reports

from mocksmtp.journal import transcript
from mocksmtp.report.exchange import exchange

LINES = st.sampled_from(
    [
        r"EHLO me\r\n", r"HELO me\r\n", r"MAIL FROM:<a@x.test>\r\n", r"MAIL FROM:<a@x.test> SIZE=99999999\r\n",
        r"RCPT TO:<b@y.test>\r\n", r"RCPT TO:<no@y.test>\r\n", r"DATA\r\n", r"BDAT 5 LAST\r\nhello", r"BDAT 3\r\n",
        r"hi\r\n", r"..\r\n", r".x\r\n", r".\r\n", r"a\nb\r\n", r"AUTH LOGIN\r\n", r"AUTH PLAIN AAAA\r\n",
        r"*\r\n", r"NOOP\r\n", r"RSET\r\n", r"QUIT\r\n", r"\xff\xfe\r\n", r"\r\n", r"\{x*9000}", "NOOP",
    ]
)  # fmt: skip
READS = st.lists(st.lists(LINES, min_size=1, max_size=5).map("".join), max_size=12)
POLICY = ("rcpt no@y.test -> 550 5.1.1 no", "noop -> continue 421 4.3.2 busy")


@settings(max_examples=150, deadline=None)
@given(READS, st.sampled_from([(), ("mail garble",), ("rcpt repeat",), ("data repeat",)]))
def test_a_report_can_always_be_made(reads, faults):
    """Each finding stands at a line of the transcript, or at none."""
    reports = Reports(policy=POLICY, faults=faults, limits={"message_size": 20})
    reports.have(*reads)
    lines = len(list(transcript(reports.journal.session(reports.last).notes)))
    assert all(each.line is None or 1 <= each.line <= lines for each in reports.findings())


@settings(max_examples=100, deadline=None)
@given(READS, st.integers(0, 40))
def test_the_rest_of_a_transcript_can_be_read(reads, gone):
    """Lines are counted as the transcript counts them, wherever it begins."""
    reports = Reports(policy=POLICY)
    reports.have(*reads)
    left = list(reports.journal.session(reports.last).notes)[gone:]
    made = exchange(left, whole=False)
    lines = list(transcript(left))
    assert all(lines[turn.number - 1].kind in ("client", "data", "overlong") for turn in made.turns)

"""The journal: a session and its facts in, records out."""

from __future__ import annotations

import gc
from unittest import mock

import pytest
from dialogue import Player, TablePolicy, parse
from hypothesis import given
from hypothesis import strategies as st
from journal.played import DATA, EHLO, MAIL, RCPT, Sessions

from mocksmtp.faults.delay import Delay, Uniform
from mocksmtp.journal import Kept, transcript
from mocksmtp.journal.attempts import NOBODYS, TOGETHER, Attempts
from mocksmtp.journal.chunks import LONG, cost
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.facts import CommandAnswered, Publisher, SessionClosed, SessionOpened
from mocksmtp.smtp.policy import Decision
from mocksmtp.smtp.profile import Profile
from mocksmtp.smtp.record import PLAINLY
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.session import Session
from mocksmtp.smtp.state import State

A, B, C = "a@x.test", "b@y.test", "c@y.test"
ATTEMPTS = [
    # Accepted, and refused at each stage.
    (EHLO + MAIL + RCPT + DATA, [(A, B, "message", 250, None, "accepted", 4)]),
    ("policy: mail -> 550 5.1.0 no\n" + EHLO + MAIL, [(A, None, "mail", 550, "table", "refused", None)]),
    (
        "policy: rcpt b@y.test -> 550 5.1.1 no\n" + EHLO + MAIL + RCPT + "C: RCPT TO:<c@y.test>\n" + DATA,
        [(A, B, "rcpt", 550, "table", "refused", None), (A, C, "message", 250, None, "accepted", 4)],
    ),
    (
        "policy: data -> 451 4.3.0 no\n" + EHLO + MAIL + RCPT + "C: DATA",
        [(A, B, "data", 451, "table", "refused", None)],
    ),
    (
        "policy: message -> 554 5.7.1 no\n" + EHLO + MAIL + RCPT + DATA,
        [(A, B, "message", 554, "table", "refused", 4)],
    ),
    # The protocol refuses by itself.
    ("C: MAIL FROM:<a@x.test>", [(None, None, "mail", 503, None, "refused", None)]),
    (EHLO + "C: MAIL FROM:a", [(None, None, "mail", 501, None, "refused", None)]),
    (EHLO + RCPT, [(None, None, "rcpt", 503, None, "refused", None)]),
    (EHLO + MAIL + RCPT + "C: DATA\nC> a\\nb\\r\\n.\\r\\n", [(A, B, "message", 554, None, "refused", 5)]),
    # Given up.
    (EHLO + MAIL + "C: RSET", [(A, None, "mail", 250, None, "abandoned", None)]),
    (EHLO + MAIL + RCPT + "C: QUIT", [(A, B, "rcpt", 250, None, "abandoned", None)]),
    (EHLO + MAIL + RCPT + "C: DATA\nC: hi", [(A, B, "rcpt", 250, None, "abandoned", None)]),
    # Two recipients of one message share its end; a refused DATA may be said again.
    (
        EHLO + MAIL + RCPT + "C: RCPT TO:<c@y.test>\n" + DATA,
        [(A, B, "message", 250, None, "accepted", 4), (A, C, "message", 250, None, "accepted", 4)],
    ),
    (
        EHLO + MAIL + RCPT + "C: DATA x\n" + DATA,
        [(A, B, "data", 501, None, "refused", None), (A, B, "message", 250, None, "accepted", 4)],
    ),
    (EHLO + MAIL + RCPT + "C: DATA x\nC: RSET", [(A, B, "data", 501, None, "refused", None)]),
    ("policy: rcpt b@y.test -> 550 5.1.1 no\n" + EHLO + MAIL + RCPT + "C: DATA\nC: QUIT", [
        (A, B, "rcpt", 550, "table", "refused", None),
    ]),
    # Parameters of several recipients.
    (
        EHLO + MAIL + "C: RCPT TO:<b@y.test> NOTIFY=NEVER\nC: RCPT TO:<c@y.test>\n" + DATA,
        [(A, B, "message", 250, None, "accepted", 4), (A, C, "message", 250, None, "accepted", 4)],
    ),
    (EHLO + (MAIL + RCPT + DATA) * 2, [(A, B, "message", 250, None, "accepted", 4)] * 2),
    # By BDAT: accepted, refused at the first chunk and at the last, too much, given up between chunks.
    (EHLO + MAIL + RCPT + "C> BDAT 1\\r\\naBDAT 1 LAST\\r\\nb", [(A, B, "message", 250, None, "accepted", 2)]),
    (
        "policy: data -> 451 4.3.0 no\n" + EHLO + MAIL + RCPT + "C> BDAT 1\\r\\naBDAT 1 LAST\\r\\nb",
        [(A, B, "data", 451, "table", "refused", None)],
    ),
    (
        "policy: message -> 554 5.7.1 no\n" + EHLO + MAIL + RCPT + "C> BDAT 2 LAST\\r\\nab",
        [(A, B, "message", 554, "table", "refused", 2)],
    ),
    (
        "profile: limits.message_size=1\n" + EHLO + MAIL + RCPT + "C> BDAT 2 LAST\\r\\nab",
        [(A, B, "message", 552, None, "refused", None)],
    ),
    (EHLO + MAIL + RCPT + "C> BDAT 1\\r\\naRSET\\r\\n", [(A, B, "rcpt", 250, None, "abandoned", None)]),
    # By LMTP each recipient has its own end; one behind a reply that closes has none.
    (
        "profile: lmtp\npolicy: message c@y.test -> 452 4.2.2 full\n"
        + "C: LHLO me.test\n" + MAIL + RCPT + "C: RCPT TO:<c@y.test>\n" + RCPT + DATA,
        [
            (A, C, "message", 452, "table", "refused", 4),
            (A, B, "message", 250, None, "accepted", 4),
            (A, B, "message", 250, None, "accepted", 4),
        ],
    ),
    (
        "profile: lmtp\npolicy: message b@y.test -> 421 4.3.2 bye\n"
        + "C: LHLO me.test\n" + MAIL + RCPT + "C: RCPT TO:<c@y.test>\n" + DATA,
        [(A, B, "message", 421, "table", "refused", 4), (A, C, "rcpt", 250, None, "abandoned", None)],
    ),
    (
        "profile: lmtp\npolicy: message c@y.test -> 421 4.3.2 bye\n"
        + "C: LHLO me.test\n" + MAIL + RCPT + "C: RCPT TO:<c@y.test>\nC: RCPT TO:<d@y.test>\n" + DATA,
        [
            (A, C, "message", 421, "table", "refused", 4),
            (A, B, "message", 250, None, "accepted", 4),
            (A, "d@y.test", "rcpt", 250, None, "abandoned", None),
        ],
    ),
    # The null reverse-path.
    (EHLO + "C: MAIL FROM:<>\n" + RCPT, [("", B, "rcpt", 250, None, "abandoned", None)]),
    # No transaction.
    (EHLO + "C: NOOP\nC: VRFY x", []),
    ("policy: connect -> 554 5.7.1 no\n" + EHLO, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ATTEMPTS)
def test_every_attempt_is_kept(text, expected):
    assert Sessions().told(text) == expected


@pytest.mark.parametrize(("text", "expected"), ATTEMPTS)
def test_attempts_are_the_same_where_facts_that_may_wait_come_late(text, expected):
    assert Sessions(late=True).told(text) == expected


@pytest.mark.parametrize(("text", "expected"), ATTEMPTS)
def test_refused_attempts_may_be_left_out(text, expected):
    assert Sessions(refused=False).told(text) == [each for each in expected if each[5] != "refused"]


def test_what_a_reply_has_told_is_there_before_the_transaction_ends():
    played = Sessions()
    policy = "policy: rcpt b@y.test -> 550 5.1.1 no\n"
    player = played.play(policy + EHLO + MAIL + RCPT + "C: RCPT TO:<c@y.test>", close=False)
    assert played.outcomes() == [("refused", B), ("open", C)]
    (open_now,) = played.journal.open_attempts()
    assert (open_now.number, open_now.stage, open_now.reply) == (None, "rcpt", b"250 2.1.5 Recipient OK\r\n")
    player.perform(player.session.receive_data(b"DATA\r\nhi\r\n.\r\n"))
    assert played.outcomes() == [("refused", B), ("accepted", C)]
    assert [a.outcome for a in played.journal.attempts.newest()] == ["accepted", "refused"]


def test_an_attempt_knows_its_session_its_transaction_and_its_parameters():
    played = Sessions()
    played.play(EHLO + "C: MAIL FROM:<a@x.test> SIZE=4\n" + RCPT + DATA)
    (attempt,) = played.journal.attempts.newest()
    assert (attempt.number, attempt.at, attempt.session, attempt.transaction) == (1, 100.0, "S01", "Q1")
    assert (attempt.listener, attempt.client, attempt.helo, attempt.auth) == ("smtp", "192.0.2.1", "me.test", None)
    assert (attempt.mail_params, attempt.rcpt_params) == ((("SIZE", "4"),), ())
    assert attempt.reply == b"250 2.0.0 OK queued as Q1\r\n"


class Meddling:
    """A policy with a rule at every stage that only delays it; the recipient c is refused."""

    stages = ("mail", "rcpt", "data", "message")

    def silent(self, stage, outcome):
        return False

    def decide(self, stage, conversation, outcome):
        delay = Delay(Uniform(2.0, 2.0))
        refused = stage.value == "rcpt" and outcome.path.text.startswith("c")
        reply = Reply(550, "no", "5.1.1") if refused else None
        return Decision(reply, "no-c" if refused else None, faults=(delay,), matched=(f"at-{stage}",))


def meddled(text):
    """Play a session against it; return what struck each attempt, the open ones last."""
    played = Sessions()
    (dialogue,) = parse("# x\n" + text)
    player = Player(dialogue.profile, Meddling())
    player.session.publish = Publisher.to(played.publish)
    for turn in dialogue.turns:
        player.take(turn)
    attempts = [*played.journal.attempts.after(0), *played.journal.open_attempts()]
    return [(a.outcome, a.rule, a.matched, len(a.faults), a.delay) for a in attempts]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (MAIL + RCPT, [("open", None, ("at-mail", "at-rcpt"), 2, 4.0)]),
        (MAIL + RCPT + DATA, [("accepted", None, ("at-mail", "at-rcpt", "at-data", "at-message"), 4, 8.0)]),
        (MAIL + RCPT + "C: RSET", [("abandoned", None, ("at-mail", "at-rcpt"), 2, 4.0)]),
        (MAIL + "C: RCPT TO:<c@y.test>", [("refused", "no-c", ("at-mail", "at-rcpt"), 2, 4.0)]),
        (MAIL + "C: RSET", [("abandoned", None, ("at-mail",), 1, 2.0)]),
        # What struck one transaction says nothing of the next.
        (MAIL + RCPT + "C: RSET\n" + MAIL + "C: RSET", [
            ("abandoned", None, ("at-mail", "at-rcpt"), 2, 4.0), ("abandoned", None, ("at-mail",), 1, 2.0),
        ]),
    ],
)  # fmt: skip
def test_every_rule_and_fault_on_the_way_is_named(said, expected):
    assert meddled(EHLO + said) == expected


@pytest.mark.parametrize(
    ("chunks", "octets"), [("BDAT 2\\r\\nabBDAT 1 LAST\\r\\nc", [2, 1]), ("BDAT 0 LAST\\r\\n", [])]
)
def test_a_transcript_tells_of_chunks_and_of_rules_at_the_first_one(chunks, octets):
    sessions = Sessions()
    sessions.play("policy: data -> accept\n" + EHLO + MAIL + RCPT + "C> " + chunks)
    told = [(entry.kind, entry.text) for entry in transcript(sessions.journal.session("S01").notes)]
    assert [text for kind, text in told if kind == "data"] == [f"{n} octets of mail data" for n in octets]
    assert ("decided", "data: table decided") in told


def test_a_session_is_kept_with_its_transcript():
    played = Sessions()
    played.play(EHLO + MAIL + RCPT + DATA + "C: STARTTLS\n")
    record = played.journal.session("S01")
    assert record[:10] == (
        "S01", 100.0, 100.0, "smtp", "192.0.2.1", 1234, None, None, ("1.3", "TLS_AES_256_GCM_SHA384", None), 1,
    )  # fmt: skip
    assert (record.accepted, record.dropped) == (1, 0)
    assert [text for _, _, text in transcript(record.notes)] == [
        "EHLO me.test", "MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA", "4 octets of mail data", "STARTTLS",
        "TLS 1.3, TLS_AES_256_GCM_SHA384",
    ]  # fmt: skip


def test_an_open_session_is_there_too():
    played = Sessions()
    player = played.play(EHLO, close=False)
    assert played.journal.session("S01").closed_at is None
    assert list(played.journal.session("S01").notes) == [b"EHLO me.test"]
    player.session.connection_lost()
    assert played.journal.session("S01").closed_at == 100.0
    assert played.journal.session("S02") is None


def test_sessions_are_read_newest_first_the_open_ones_among_them():
    played = Sessions()
    player = played.play(EHLO, close=False)
    for _ in range(3):
        played.play(EHLO)
    assert [each.id for each in played.journal.sessions()] == ["S04", "S03", "S02", "S01"]
    assert [each.id for each in played.journal.sessions("S03")] == ["S02", "S01"]
    player.session.connection_lost()
    assert [each.id for each in played.journal.sessions("S02")] == ["S01"]


def test_sessions_and_attempts_are_bounded_by_their_number_and_the_rest_is_counted():
    played = Sessions(sessions=2)
    for _ in range(5):
        played.play(EHLO + (MAIL + RCPT + "C: RSET\n") * 5)
    assert [each.id for each in played.journal.sessions()] == ["S05", "S04"]
    assert [a.number for a in played.journal.attempts.after(0)] == list(range(6, 26))
    assert [a.number for a in played.journal.attempts.newest((8, 0))] == [7, 6]
    usage = played.journal.usage()
    assert usage[:2] == (2, 20)
    assert usage[3:] == (3, 5, 0)


def test_transcripts_are_bounded_by_their_octets():
    played = Sessions(octets=1_000)
    for _ in range(10):
        played.play(EHLO + MAIL + RCPT + DATA)
    played.journal.tidy(100.0)
    usage = played.journal.usage()
    assert usage.octets <= 1_000
    assert 0 < usage.sessions == 10 - usage.sessions_dropped < 10


def test_a_long_open_session_loses_its_beginning_first():
    played = Sessions(octets=8_000)
    player = played.play(EHLO, close=False)
    for _ in range(4):
        player.perform(player.session.receive_data(b"NOOP\r\n" * 300))
        played.journal.tidy(100.0)
    record = played.journal.session("S01")
    assert record.dropped > 0
    assert record.dropped + len(list(record.notes)) == 1 + 1200
    assert played.journal.usage().octets <= 8_000
    assert played.journal.usage().notes_dropped == record.dropped
    player.session.connection_lost()
    assert played.journal.session("S01").dropped == record.dropped


def test_notes_of_an_open_session_are_put_away_as_its_messages_are_accepted():
    played, told = Sessions(), []
    player = played.play(EHLO, close=False)
    for _ in range(LONG):
        for piece in (b"MAIL FROM:<a@x.test>\r\n", b"RCPT TO:<b@y.test>\r\n", b"DATA\r\n", b"hi\r\n.\r\n"):
            player.perform(player.session.receive_data(piece))
            told += [4] if piece.startswith(b"hi") else [piece[:-2]]
        (session,) = played.journal.open_sessions()
        assert len(session.notes) < LONG
    assert len(session.chunks) == len(told) // LONG
    assert [*played.journal.session("S01").notes][-len(told) :] == told
    assert played.journal.usage().octets == session.octets == sum(cost(chunk) for chunk in session.chunks)


def test_what_is_too_old_goes():
    played = Sessions(age=60.0)
    for now in (100.0, 130.0, 150.0):
        played.now = now
        played.play(EHLO + MAIL + RCPT)
    played.journal.tidy(195.0)
    assert [each.id for each in played.journal.sessions()] == ["S03"]
    assert [a.at for a in played.journal.attempts.after(0)] == [150.0]
    played.journal.tidy(9999.0)
    assert played.journal.usage() == Kept(0, 0, 0, 3, 3, 0)


def test_nothing_grows_old_without_an_age():
    played = Sessions()
    played.play(EHLO + MAIL + RCPT)
    played.journal.tidy(1e12)
    assert played.journal.usage()[:2] == (1, 1)


def test_a_journal_that_was_cleared_goes_on():
    played = Sessions()
    played.play(EHLO + MAIL + RCPT)
    player = played.play(EHLO + MAIL + RCPT, close=False)
    played.journal.clear()
    assert played.journal.usage()[:3] == (1, 0, 0)
    player.perform(
        player.session.receive_data(b"DATA\r\nhi\r\n.\r\n" + b"MAIL FROM:<a@x.test>\r\nRCPT TO:<c@y.test>\r\n")
    )
    assert [(a.number, a.rcpt) for a in played.journal.attempts.after(0)] == [(2, "b@y.test")]
    assert [a.rcpt for a in played.journal.open_attempts()] == ["c@y.test"]
    assert next(iter(played.journal.session("S02").notes)) == b"DATA"


def test_a_journal_of_which_some_was_cleared_goes_on_and_numbers_have_no_gaps():
    played = Sessions()
    for scopes in ((), ("a",), ("a", "b"), ("a",)):
        player = played.play(EHLO, close=False)
        player.session.conversation.scopes = player.session.conversation.scopes_seen = scopes
        player.perform(player.session.receive_data(b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n"))
        player.perform(player.session.receive_data(b"RCPT TO:<c@y.test>\r\nDATA\r\nhi\r\n.\r\n"))
        if len(list(played.journal.sessions())) < 4:
            player.session.connection_lost()
    octets = played.journal.usage().octets
    played.journal.clear_where(("a",).__eq__)
    assert [(each.id, each.attempts) for each in played.journal.sessions()] == [("S04", 0), ("S03", 2), ("S01", 2)]
    assert played.journal.usage().octets < octets
    seen = [(each.number, each.session, each.scopes) for each in played.journal.attempts.after(0)]
    assert seen == [
        (1, "S01", ()), (1, "S01", ()), (2, "", ("",)), (2, "", ("",)), (3, "S03", ("a", "b")),
        (3, "S03", ("a", "b")), (4, "", ("",)), (4, "", ("",)),
    ]  # fmt: skip
    player.perform(player.session.receive_data(b"MAIL FROM:<a@x.test>\r\nRSET\r\n"))
    assert next(played.journal.attempts.newest()).number == 5
    attempts, last = played.journal.attempts, played.journal.attempts.last
    played.journal.clear()
    assert [each.scopes for each in attempts.after(0) if each.scopes != NOBODYS] == [
        ("a", "b"),
        ("a", "b"),
        ("a",),
    ]
    assert next(attempts.after(0)).number == 3  # What nobody has at the beginning is let go of.
    assert (list(attempts.after(last)), attempts.dropped) == ([], 0)  # Who waits for what comes meets none twice.


def test_the_collector_does_not_look_at_closed_sessions_and_attempts():
    played = Sessions()
    for _ in range(3):
        played.play(EHLO + "C: MAIL FROM:<a@x.test> SIZE=4\n" + RCPT + DATA)
    for _ in range(6):  # A tuple is let go of once all that it holds is.
        gc.collect()
    flats = [*played.journal._closed.values(), *played.journal.attempts._row]
    assert not [flat for flat in flats if gc.is_tracked(flat)]


@given(st.lists(st.sampled_from([EHLO, MAIL, RCPT, DATA, "C: RSET\n", "C: DATA x\n", "C: QUIT\n"]), max_size=12))
def test_no_attempt_stays_open_once_its_session_is_closed(said):
    played = Sessions()
    played.play("C: HELO x\n" + "".join(said))
    assert not [a for a in played.journal.attempts.after(0) if a.outcome == "open"]


def test_a_session_that_says_nothing_is_a_session():
    played = Sessions()
    who = Conversation("S1", Profile().name, "mx.test", "::1")
    played.publish(SessionOpened(who, 0.0))
    played.publish(SessionClosed(who))
    assert list(played.journal.session("S1").notes) == []


@pytest.mark.parametrize("rcpt", ["<b@y.test>", "<b@y.test> NOTIFY=NEVER\r\nRCPT TO:<c@y.test>"])
def test_a_message_told_late_belongs_to_whom_it_came_from(rcpt):
    played, who = Sessions(), Conversation("S1", "smtp", "mx.test", "192.0.2.1")
    publish = Publisher.to(played.publish)
    publish = Publisher(publish.takers, soon=lambda _settle: None)
    publish.takers[CommandAnswered].clear()
    profile = Profile(extensions=tuple(EXTENSIONS.values()))
    session = Session(profile, TablePolicy(()), who, publish, lambda: "A1", lambda: 0.0)
    session.open()
    who.esmtp = True
    who.at, who.helo, who.auth, who.scopes, session.state = 5.0, "first.test", "alice", ("a",), State.READY
    session.receive_data(b"MAIL FROM:<a@x.test>\r\nRCPT TO:" + rcpt.encode() + b"\r\nDATA\r\nhi\r\n.\r\n")
    session.stored(None)
    who.at, who.helo, who.auth, who.scopes, who.client = 9.0, "second.test", None, (), "::1"
    publish.settle()
    for each in played.journal.attempts.after(0):
        told = (each.at, each.client, each.helo, each.auth, each.scopes, each.outcome)
        assert told == (5.0, "192.0.2.1", "first.test", "alice", ("a",), "accepted")
    assert next(played.journal.attempts.newest()).transaction == "A1"


def flat(count=1, at=0.0, scopes=()):
    """Make a record of so many attempts that were decided together."""
    whose = ("S", "smtp", "::1", None, None, scopes)
    return at, whose, "A", "a", (), tuple("bcde"[:count]), (), b"250 ok\r\n", 1, PLAINLY


LOOKS = {
    "count": lambda attempts: len(attempts),
    "newest": lambda attempts: len(list(attempts.newest())),
    "after": lambda attempts: len(list(attempts.after(0))),
    "where": lambda attempts: len([each for each in attempts.where(lambda _: True) if each]),
    "since": lambda attempts: len(attempts.since(0, 10_000)),
    "dropped": lambda attempts: 500 - attempts.dropped,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("often", [1, 63, 500])
def test_what_is_too_much_goes_together_and_nobody_sees_it_before(look, often):
    attempts = Attempts(10)
    for number in range(1, 501):
        attempts.add(flat(1))
        if number % often == 0:
            look(attempts)
            assert len(attempts) == min(number, 10)
    assert look(attempts) == 10
    assert len([each for each in attempts._row if each]) <= 10 + TOGETHER


def test_what_is_too_old_goes_and_what_belongs_to_a_scope_stays():
    attempts = Attempts(100)
    for number in range(1, 11):
        attempts.add(flat(2, at=float(number), scopes=("a",) if number > 7 else ()), 2)
    attempts.expire(4.0)
    assert (len(attempts), attempts.dropped, next(attempts.after(0)).at) == (14, 6, 4.0)
    attempts.clear()
    assert (len(attempts), attempts.dropped, attempts.last) == (6, 6, 10)
    assert [each.at for each in attempts.after(0)] == [8.0, 8.0, 9.0, 9.0, 10.0, 10.0]


@given(st.lists(st.integers(1, 4), max_size=60), st.integers(1, 12))
def test_the_newest_attempts_are_kept_in_a_row_whatever_goes_from_its_front(parts, most):
    attempts = Attempts(most)
    expected = []
    with mock.patch("mocksmtp.journal.attempts.MOST_GONE", 3):
        for number, count in enumerate(parts, 1):
            attempts.add(flat(count), count)
            expected.append((number, count))
            while sum(parts for _, parts in expected) > most:
                del expected[0]
            assert (len(attempts), attempts.last) == (sum(parts for _, parts in expected), number)
    places = [(number, part) for number, count in expected for part in range(count)]
    assert [(a.number, a.part) for a in attempts.after(0)] == places
    assert [(a.number, a.part) for a in attempts.newest()] == places[::-1]
    assert [(a.number, a.part) for a in attempts.where(lambda _: True) if a] == places
    for number, _ in expected:
        assert [a.number for a in attempts.after(number)] == [n for n, _ in places if n > number]
        assert [n for n, _ in attempts.since(number, 2)] == [n for n, _ in expected if n > number][:2]
    assert attempts.dropped == sum(parts) - len(places)

"""What was said before is answered at once, and as if it had not been."""

from __future__ import annotations

import pytest
from dialogue import Player, TablePolicy, Turn, profile_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mocksmtp.smtp import facts
from mocksmtp.smtp.conversation import Tls
from mocksmtp.smtp.remembered import MOST, Remembered
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import State

PIECES = [
    b"EHLO c\r\n", b"HELO c\r\n", b"LHLO c\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n",
    b"RCPT TO:<e@d>\r\n",
    b"MAIL FROM:<a@b> BODY=BINARYMIME\r\n", b"MAIL FROM:<a@b> SMTPUTF8\r\n", b"RCPT TO:<\xc3\xbc@d>\r\n",
    b"RCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\n", b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"DATA\r\n",
    b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\nRCPT TO:<f@d>\r\nDATA\r\n", b"hello\r\n.\r\n",
    b"RSET\r\n", b"NOOP\r\n", b"NOOP", b"\r\n", b"RCPT TO:<later@d>\r\n", b"RCPT TO:<no@d>\r\n",
    b"BDAT 2 LAST\r\nhi",
    b"AUTH LOGIN\r\n", b"AUTH PLAIN AGEAYg==\r\n", b"STARTTLS\r\n", b"VRFY x\r\n", b"QUIT\r\n",
    b"XCLIENT ADDR=203.0.113.9\r\n", b"MAIL FROM:<a@b>\r\nRSET\r\n", b"DATA\r\nRSET\r\n", b"BDAT 6\r\n",
]  # fmt: skip
WORDS = [
    "show=BINARYMIME", "limits.recipients=2 limits.transactions=2", "limits.recipients=1 without_tls users=any",
    "lmtp", "without_tls auth=required users=a:b", "limits.recipient_domains=1 hide=ENHANCEDSTATUSCODES",
    "trusted=192.0.2.0/24",
]  # fmt: skip
ENVELOPE = [b"EHLO c\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n", b"hello\r\n.\r\n"]
POLICY = TablePolicy(("rcpt later@d -> later accept", "rcpt no@d -> 550 no"))

IN_CLEAR = (False, False, False)
"""The standing of a client in clear that nobody trusts."""

sessions = st.lists(st.lists(st.sampled_from(PIECES), max_size=14), min_size=2, max_size=4)


class Forgetful(Remembered):
    """Remembers nothing."""

    def add(self, known, state, data, what):
        """Forget it at once."""


def talk(words, pieces, remembered):
    """Say pieces, one after the other; return what happened and what was told of it."""
    player = Player(profile_of(words.split()), POLICY, remembered=remembered)
    events = list(player.take(Turn()))
    for piece in pieces:
        events += player.take(Turn(piece))
    plain = [[each for each in fact[1:] if isinstance(each, (str, bool))] for fact in player.facts]
    return events, [type(fact) for fact in player.facts], plain, [each.content for each in player.stored]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WORDS), sessions)
def test_what_others_said_before_changes_nothing(words, sessions):
    """Neither what is answered nor what is told of it depends on what earlier sessions said."""
    remembered = Remembered()
    for pieces in sessions * 2:
        said = [b"LHLO c\r\n" if "lmtp" in words else b"EHLO c\r\n", *pieces]
        assert talk(words, said, remembered) == talk(words, said, Forgetful())


def begun(remembered, policy=POLICY, words=""):
    """Return a session that said EHLO, with what others said before it."""
    player = Player(profile_of(words.split()), policy, remembered=remembered)
    player.take(Turn())
    player.take(Turn(b"EHLO c\r\n"))
    return player


def whole(remembered, words=""):
    """Play a whole transaction."""
    player = begun(remembered, words=words)
    for piece in ENVELOPE[1:]:
        player.take(Turn(piece))
    return player


def remembering(words=""):
    """Return what is remembered of a whole transaction."""
    remembered = Remembered()
    whole(remembered, words)
    return remembered


def test_a_whole_transaction_is_answered_at_once_but_for_its_message():
    session = begun(remembering()).session
    answers = [session.answer_at_once(piece) for piece in ENVELOPE[1:4]]
    assert [answer[:3] for answer in answers] == [b"250", b"250", b"354"]
    assert session.answer_at_once(ENVELOPE[4]) is None


def test_each_answer_is_counted_and_told():
    remembered = Remembered()
    first, second = whole(remembered), whole(remembered)
    stages = [Stage.CONNECT, Stage.HELO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE]
    told = [fact for fact in second.facts if isinstance(fact, facts.CommandAnswered)]
    assert [fact.stage for fact in told] == stages
    # Sessions of a listener count together: what is remembered knows where.
    counted = {stage: tally.number for (_, stage, _), tally in first.session.publish.tallies.items()}
    assert counted == dict.fromkeys(stages, 1) | dict.fromkeys((Stage.HELO, Stage.MAIL, Stage.RCPT, Stage.DATA), 2)


@pytest.mark.parametrize(
    "before",
    [b"AUTH LOGIN\r\n", b"NOOP", b"DATA\r\n", b"RCPT TO:<later@d>\r\n", b"BDAT 6\r\n"],
    ids=[
        "within an exchange",
        "within a line",
        "within mail data",
        "after a recipient that took long",
        "in a chunk",
    ],
)
def test_what_is_no_command_is_not_taken_for_one(before):
    words = "without_tls users=any"
    remembered = Remembered()
    for _ in range(2):
        player = begun(remembered, words=words)
        for piece in (b"RSET\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"RSET\r\n", *ENVELOPE[1:3]):
            player.take(Turn(piece))
    if before.startswith(b"AUTH"):
        player.take(Turn(b"RSET\r\n"))
    player.take(Turn(before))
    taken_at_once = player.session.answer_at_once(b"RSET\r\n") is not None
    assert taken_at_once is before.startswith(b"RCPT")  # Its decision has come.


def test_another_policy_is_asked_anew():
    player = begun(remembering())
    player.session.follow(TablePolicy(("mail a@b -> 550 no",)), Remembered())
    assert player.take(Turn(ENVELOPE[1])) == ["S: 550 no"]


def test_another_profile_begins_anew():
    player = begun(remembering())
    player.session.meet(profile_of(["limits.recipients=1"]), Remembered())
    assert player.session.answer_at_once(ENVELOPE[1]) is None


def test_no_more_is_remembered_than_fits():
    remembered = Remembered()
    player = begun(remembered)
    for number in range(MOST + 10):
        player.take(Turn(b"NOOP %d\r\n" % number))
    assert sum(len(known) for known in remembered.among(IN_CLEAR).values()) == 11  # EHLO counts too.


def test_ehlo_is_answered_at_once_to_those_to_whom_it_tells_the_same():
    remembered = remembering("trusted=192.0.2.0/24")
    again = Player(profile_of(["trusted=192.0.2.0/24"]), POLICY, remembered=remembered)
    again.take(Turn())
    assert again.session.answer_at_once(b"EHLO c\r\n").count(b"XCLIENT") == 1
    assert again.session.answer_at_once(b"EHLO c\r\n") is None  # It may end a transaction now.
    again.session.tls_started(Tls("1.3", "TLS_AES_256_GCM_SHA384"))
    assert again.session.answer_at_once(b"EHLO c\r\n") is None


def test_a_greeting_is_forgotten_again_for_ehlo_may_tell_the_time():
    remembered = remembering()
    remembered.forget_greetings()
    known = remembered.among(IN_CLEAR)
    assert (known[State.START], list(known[State.READY])) == ({}, [b"MAIL FROM:<a@b>\r\n"])
    again = begun(remembered)
    assert again.session.answer_at_once(b"MAIL FROM:<a@b>\r\n") is not None

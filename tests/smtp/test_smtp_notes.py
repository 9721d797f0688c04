"""What is noted of a session, and that no secret is."""

from __future__ import annotations

import pytest
from dialogue import Player, TablePolicy, all_dialogues, parse

from mocksmtp.smtp.notes import BARE_LINE, hidden, on_one_line, without_response

SHOWN = [
    (b"AUTH PLAIN AGEAYg==", b"AUTH PLAIN [8 octets not shown]"),
    (b"auth login c2VjcmV0", b"auth login [8 octets not shown]"),
    (b"AUTH PLAIN", b"AUTH PLAIN"),
    (b"AUTH PLAIN =", b"AUTH PLAIN ="),
    (b"AUTH", b"AUTH"),
    (b"AUTH SCRAM-SHA-256 bixhPWI=", b"AUTH SCRAM-SHA-256 [8 octets not shown]"),
    # A password where the mechanism belongs.
    (b"AUTH c2VjcmV0", b"AUTH [8 octets not shown]"),
    (b"AUTH c2Vj cmV0", b"AUTH [8 octets not shown]"),
    (b"AUTH=LOGIN c2VjcmV0", b"AUTH LOGIN [8 octets not shown]"),
    (b"  AUTH\tPLAIN\tc2Vj", b"AUTH PLAIN [4 octets not shown]"),
    (b"AUTH PLAIN c2Vj cmV0", b"AUTH PLAIN [9 octets not shown]"),
    # No AUTH at all.
    (b"AUTHOR x", b"AUTHOR x"),
    (b"MAIL FROM:<a@x> AUTH=b", b"MAIL FROM:<a@x> AUTH=b"),
]


@pytest.mark.parametrize(("line", "shown"), SHOWN)
def test_an_initial_response_is_not_shown(line, shown):
    assert without_response(line) == shown


@pytest.mark.parametrize(("said", "noted"), [(b"c2Vj", b"[4 octets not shown]"), (b"*", b"*"), (b"", b"")])
def test_a_response_is_not_shown_but_a_cancel_is(said, noted):
    assert hidden(said) == noted


def test_bare_line_ends_are_written_out():
    assert on_one_line(b"NOOP\n") == b"NOOP\\n"
    assert on_one_line(b"a\rb\n\n") == b"a\\rb\\n\\n"


def player(text):
    (dialogue,) = parse(text)
    played = Player(dialogue.profile, dialogue.policy)
    played.session.note = (notes := []).append
    for turn in dialogue.turns:
        played.take(turn)
    return notes


SECRETS = [
    # The outcome is a login, a refusal, a cancelled exchange, a mechanism we do not know, no AUTH at all.
    ("profile: users=a:b without_tls", "AUTH PLAIN AGEAYg=="),
    ("profile: users=a:c without_tls", "AUTH PLAIN AGEAYg=="),
    ("profile: users=a:b without_tls", "AUTH PLAIN AGEAYg"),
    ("profile: users=a:b without_tls", "AUTH NONSUCH AGEAYg=="),
    ("profile: users=a:b", "AUTH PLAIN AGEAYg=="),
    ("profile: hide=AUTH", "AUTH PLAIN AGEAYg=="),
    ("profile: hide=AUTH", "auth plain AGEAYg=="),
    ("profile: users=a:b without_tls", "AUTH PLAIN\nC: AGEAYg=="),
    ("profile: users=a:b without_tls", "AUTH LOGIN\nC: AGEAYg==\nC: AGEAYg=="),
    ("profile: users=a:b without_tls", "AUTH LOGIN\nC: *\nC: AGEAYg=="),
    # Said all at once, behind an AUTH that was refused.
    ("profile: users=a:b", "AUTH LOGIN\nC: AGEAYg==\nC: AGEAYg=="),
    ("profile: hide=AUTH", "AUTH LOGIN\nC: AGEAYg==\nC: AGEAYg=="),
    ("profile: users=a:b\npolicy: connect -> 554 no", "AUTH LOGIN\nC: AGEAYg==\nC: AGEAYg=="),
    ("profile: users=a:b without_tls\npolicy: auth -> 454 4.7.0 later", "AUTH PLAIN AGEAYg==\nC: AGEAYg=="),
]


@pytest.mark.parametrize(("head", "said"), SECRETS)
def test_no_password_is_noted_whatever_the_outcome(head, said):
    notes = player(f"# x\n{head}\nC: EHLO me.test\nC: {said}\nC: NOOP")
    assert not [note for note in notes if "AGEAYg" in repr(note)]
    assert b"NOOP" in notes


def test_no_secret_of_any_dialogue_is_noted():
    for dialogue in all_dialogues():
        played = Player(dialogue.profile, dialogue.policy, dialogue.failing)
        played.session.note = (notes := []).append
        for turn in dialogue.turns:
            played.take(turn)
        users = dialogue.profile.authentication.users or {}
        secrets = [password for password in users.values() if len(password) > 3]
        assert not [note for note in notes for secret in secrets if secret in repr(note)], dialogue.title


def test_what_is_noted():
    notes = player(
        "# x\nprofile: users=a:b without_tls\npolicy: rcpt c@y.test -> 550 5.1.1 no\n"
        "C: EHLO me.test\nC: AUTH PLAIN AGEAYg==\nC: MAIL FROM:<a@x.test>\nC: rcpt to:<b@y.test>\n"
        "C: RCPT TO:<c@y.test>\nC: DATA\nC: hi\nC: .\nC> NO\\nOP\\r\\n\nC: STARTTLS"
    )
    assert notes == [
        b"EHLO me.test", b"AUTH PLAIN [8 octets not shown]", ("auth", "PLAIN", "a"),
        b"MAIL FROM:<a@x.test>", b"rcpt to:<b@y.test>", b"RCPT TO:<c@y.test>",
        ("decided", "rcpt", "table", ("table",)), b"DATA", 4, b"NO\\nOP", b"STARTTLS",
        ("tls", "1.3", "TLS_AES_256_GCM_SHA384", None),
    ]  # fmt: skip


def test_an_overlong_line_is_noted_without_its_octets():
    notes = player(f"# x\nprofile: limits.line_length=512\nC: EHLO me.test\nC: {'x' * 600}\nC: QUIT")
    assert notes == [b"EHLO me.test", ("overlong",), b"QUIT"]


def test_a_bare_line_end_that_was_taken_is_noted_before_its_line():
    notes = player("# x\nprofile: bare_newlines=as_crlf\nC> EHLO me.test\\r\\nNOOP\\nQUIT\\r\\n")
    assert notes == [b"EHLO me.test", BARE_LINE, b"NOOP", b"QUIT"]


def test_nobody_need_take_notes():
    dialogue = all_dialogues()[0]
    played = Player(dialogue.profile, TablePolicy())
    for turn in dialogue.turns:
        played.take(turn)
    assert not played.session.conversation.notes

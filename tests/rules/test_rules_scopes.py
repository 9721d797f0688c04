"""Scopes, played: where one is named, whose rules are asked then, and who sees what came of it."""

from __future__ import annotations

import pytest
from dialogue import Player, check, parse, profile_of

from mocksmtp.config import load
from mocksmtp.config.given import rule_of
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.scope_names import in_helo, in_login, in_path
from mocksmtp.rules.scopes import Scopes, TooManyScopes, UnknownScope
from mocksmtp.smtp.address import parse_path
from mocksmtp.smtp.facts import RuleMatched
from mocksmtp.smtp.syntax import Addresses

A, B = "a" * 26, "b" * 26
FULL = {"name": "full", "when": {"rcpt": "bob*@*"}, "reply": "452 4.2.2 full"}
GONE = {"name": "full", "when": {"rcpt": "bob*@*"}, "reply": "550 5.1.1 gone"}
SPAM = {"name": "spam", "stage": "message", "reply": "554 5.7.1 spam"}
TWICE = """\
rules:
  - {name: twice, when: {rcpt: "twice@*"}, sequence: ["450 4.2.0 once", "451 4.3.0 twice", accept]}
  - {name: late, stage: mail, when: {mail: "late@*"}, schedule: {within: 5m}, reply: "451 4.7.1 {retry_after}s"}
"""


class Server:
    """Rules of files, the scopes before them, and one session after the other."""

    def __init__(self, tmp_path, text=TWICE, words=("keep_refused",)):
        (tmp_path / "rules.yaml").write_text(text)
        self.now, self.followed, self.ended = 1000.0, [], 0
        rules = load([tmp_path / "rules.yaml"], {}).rulebook_rules
        self.counters = Counters()
        self.rulebook = Rulebook(rules, counters=self.counters, now=lambda: self.now)
        self.scopes = Scopes(self.rulebook, self._follow, self._end, lambda: self.now, most=2)
        self.profile, self.player = profile_of(list(words)), None

    def _follow(self, policy):
        self.followed.append(policy)
        if self.player is not None:
            self.player.session.policy = policy

    def _end(self):
        self.ended += 1
        self.player.session.conversation.scopes = ()

    def open(self, token, *rules, ttl=60.0):
        return self.scopes.open(token, ttl, [rule_of(rule) for rule in rules])

    def play(self, text):
        text = text.replace("ONE!", A).replace("TWO!", B)
        for dialogue in parse(f"# a dialogue\n{text.strip()}"):
            self.player = Player(self.profile, self.scopes.policy)
            for number, turn in enumerate(dialogue.turns):
                check(number, turn, self.player.take(turn), self.player.stored)
        return self.player


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


def sent(server, rcpts, mail="me@x.test", helo="me.test", header="Subject: hi", end="250 …"):
    """Send one message; return it, and what it was answered."""
    named = "\n".join(f"C: RCPT TO:<{rcpt}>\nS: 250 …" for rcpt in rcpts)
    player = server.play(
        f"S: 220 …\nC: HELO {helo}\nS: 250 …\nC: MAIL FROM:<{mail}>\nS: 250 …\n{named}\n"
        f"C: DATA\nS: 354 …\nC: {header}\nC:\nC: hello\nC: .\n= store\nS: {end}"
    )
    return player.stored[0]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (f"x@{A}.scope.test", A),
        (f"x@{A.upper()}.SCOPE.test", A),
        (f"bob+{A}@example.com", A),
        (f"bob+news+{A.upper()}@example.com", A),
        (f"{A}@example.com", None),
        (f"x@{A}.other.test", None),
        (f"x@mx.{A}.scope.test", None),
        (f"bob+{'c' * 26}@example.com", None),
        ("bob+a@example.com", None),
    ],
)
def test_an_address_names_a_scope_by_its_domain_or_by_a_tag(address, found):
    assert in_path(parse_path(address.encode(), Addresses.STRICT, False), {A, B}) == found


def test_the_null_path_names_none():
    assert in_path(parse_path(b"", Addresses.STRICT, False), {A}) is None
    assert in_path(None, {A}) is None


@pytest.mark.parametrize(
    ("identity", "found"),
    [(A, A), (A.upper(), A), (f"al+{A}", A), (f"al+{A}@x.test", A), ("al", None), ("", None), (None, None)],
)
def test_a_login_names_a_scope_as_a_whole_or_by_a_tag(identity, found):
    assert in_login(identity, {A}) == found


@pytest.mark.parametrize(
    ("name", "found"), [(A, A), (f"ci.{A.upper()}.test", A), (f"x{A}.test", None), ("", None), (None, None)]
)
def test_a_label_of_the_name_in_ehlo_names_a_scope(name, found):
    assert in_helo(name, {A}) == found


def test_two_scopes_have_rules_of_the_same_name_and_never_meet(server):
    one, other = server.open(A, FULL), server.open(B, GONE)
    server.play("""
S: 220 …
C: EHLO me.test
S: 250 …
C: MAIL FROM:<me@x.test>
S: 250 …
C: RCPT TO:<bob@ONE!.scope.test>
S: 452 4.2.2 full
C: RCPT TO:<bob+TWO!@example.com>
S: 550 5.1.1 gone
C: RCPT TO:<bob@example.com>
S: 250 …
C: RCPT TO:<alice@ONE!.scope.test>
S: 250 …
""")
    assert (one.hits.of("full").times, other.hits.of("full").times) == (1, 1)


def test_counters_of_the_files_rules_are_each_scopes_own(server):
    one, other = server.open(A), server.open(B)
    for name in ("ONE!", "TWO!"):
        server.play(f"""
S: 220 …
C: HELO {name}
S: 250 …
C: MAIL FROM:<me@x.test>
S: 250 …
C: RCPT TO:<twice@y.test>
S: 450 4.2.0 once
C: RCPT TO:<twice@y.test>
S: 451 4.3.0 twice
""")
    assert (len(one.counters), len(other.counters), len(server.counters)) == (1, 1, 0)
    assert one.hits.of("twice").times == 2


def test_the_clock_of_a_scope_moves_alone(server):
    text = "S: 220 …\nC: HELO {}\nS: 250 …\nC: MAIL FROM:<late@x.test>\nS: {}"
    scope = server.open(A)
    server.play(text.format("me.test", "451 4.7.1 300s"))
    server.play(text.format("ONE!", "451 4.7.1 300s"))
    scope.clock.advance(300)
    server.play(text.format("ONE!", "250 …"))
    server.play(text.format("me.test", "451 4.7.1 300s"))


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"rcpts": [f"x@{A}.scope.test"]}, (A,)),
        ({"rcpts": [f"x+{A}@y.test"]}, (A,)),
        ({"rcpts": ["x@y.test"], "mail": f"me+{A}@x.test"}, (A,)),
        ({"rcpts": ["x@y.test"], "helo": f"ci.{A}"}, (A,)),
        ({"rcpts": ["x@y.test"], "header": f"X-Mocksmtp-Scope: {A.upper()}"}, (A,)),
        ({"rcpts": ["x@y.test"], "header": f"Subject: a\nC: x-mocksmtp-scope:{A}\nC: X-A: 1"}, (A,)),
        ({"rcpts": ["x@y.test"], "header": f"Subject: a\nC:\nC: X-Mocksmtp-Scope: {A}"}, ()),
        ({"rcpts": ["x@y.test"], "header": f"C: \nC: X-Mocksmtp-Scope: {A}"[3:]}, ()),
        ({"rcpts": ["x@y.test"], "header": f"X-Mocksmtp-Scope: {'c' * 26}"}, ()),
        ({"rcpts": ["x@y.test"]}, ()),
        ({"rcpts": ["x@y.test", f"x+{B}@y.test", f"x+{A}@y.test", f"y+{B}@y.test"]}, (B, A)),
        ({"rcpts": [f"x+{B}@y.test"], "mail": f"me+{A}@x.test", "helo": A}, (B,)),
    ],
)
def test_a_message_is_in_the_scopes_that_its_transaction_named(server, how, named):
    one, other = server.open(A), server.open(B)
    message = sent(server, **how)
    assert message.scopes == named
    assert [scope.token for scope in (other, one) if (message.id, named) in scope.messages] == list(named)
    assert set(server.player.session.conversation.scopes_seen) >= set(named)


def test_a_header_decides_at_message(server):
    server.open(A, SPAM)
    sent(server, ["x@y.test"])
    text = (
        "HELO me\nS: 250 …\nC: MAIL FROM:<m@x.test>\nS: 250 …\nC: RCPT TO:<r@y.test>\nS: 250 …\nC: DATA\nS: 354 …"
    )
    server.play(f"S: 220 …\nC: {text}\nC: X-Mocksmtp-Scope: ONE!\nC:\nC: .\n= store\nS: 554 5.7.1 spam")


@pytest.mark.parametrize(("first", "then", "end"), [(A, B, "554 5.7.1 spam"), (B, A, "250 …")])
def test_at_message_the_scope_of_the_first_recipient_decides(server, first, then, end):
    server.open(A, SPAM)
    server.open(B)
    assert sent(server, [f"x+{first}@y.test", f"x+{then}@y.test"], end=end).scopes == (first, then)


def test_over_lmtp_each_recipient_is_answered_by_its_own_scope(tmp_path):
    server = Server(tmp_path, words=["lmtp"])
    server.open(A, SPAM)
    scope = server.open(B)
    server.play("""
S: 220 …
C: LHLO me
S: 250 …
C: MAIL FROM:<m@x.test>
S: 250 …
C: RCPT TO:<r+ONE!@y.test>
S: 250 …
C: RCPT TO:<r+TWO!@y.test>
S: 250 …
C: DATA
S: 354 …
C: .
= store
S: 554 5.7.1 spam
S: 250 …
""")
    assert len(scope.messages) == 1


def test_a_login_names_a_scope_from_then_on(tmp_path):
    server = Server(tmp_path, words=["users=any", "without_tls"])
    server.open(A, {"name": "no", "stage": "auth", "reply": "454 4.7.0 later"})
    server.play("""
S: 220 …
C: EHLO me
S: 250 …
C: AUTH PLAIN «\\x00ONE!\\x00secret»
S: 454 4.7.0 later
C: AUTH PLAIN «\\x00al\\x00secret»
S: 235 …
""")


def test_a_search_through_a_large_body_is_counted_in_its_scope(server):
    scope = server.open(A, {"name": "virus", "when": {"body": "*EICAR*"}, "reply": "554 5.7.0 virus"})
    big = "C> " + "\\{0123456789abcdef*80000}\\r\\nEICAR\\r\\n.\\r\\n"
    server.play(f"""
S: 220 …
C: HELO ONE!
S: 250 …
C: MAIL FROM:<m@x.test>
S: 250 …
C: RCPT TO:<r@y.test>
S: 250 …
C: DATA
S: 354 …
C> \\r\\n
{big}
= store
S: 554 5.7.0 virus
""")
    assert scope.hits.of("virus").times == 1


def test_a_malformed_address_is_refused_in_the_files_words(server):
    server.open(A)
    server.play("S: 220 …\nC: HELO ONE!\nS: 250 …\nC: MAIL FROM:<a..b@x.test>\nS: 553 …")


def test_facts_say_of_a_scope_that_they_belong_to_it(server):
    server.open(A, FULL)
    player = server.play(
        "S: 220 …\nC: HELO me\nS: 250 …\nC: MAIL FROM:<m@x.test>\nS: 250 …\nC: RCPT TO:<bob+ONE!@y.test>\nS: 452 …"
    )
    (matched,) = [fact for fact in player.facts if isinstance(fact, RuleMatched)]
    assert matched.who.scopes == (A,)


def test_without_a_scope_the_plain_rulebook_is_asked(server):
    assert server.scopes.policy is server.rulebook
    server.open(A)
    assert server.scopes.policy is not server.rulebook
    assert server.followed == [server.scopes.policy]
    server.open(B)
    assert len(server.followed) == 1
    server.play("S: 220 …\nC: HELO ONE!\nS: 250 …")
    server.scopes.close(A)
    server.scopes.close(B.upper())
    assert (server.scopes.policy, server.followed[-1]) == (server.rulebook, server.rulebook)
    assert (server.ended, len(server.scopes), server.player.session.conversation.scopes) == (1, 0, ())


def test_a_slow_reader_in_a_scope_has_windows_made_small(server):
    server.open(A)
    assert not server.scopes.policy.reads_slowly
    slow = {"name": "slow", "stage": "data", "fault": {"slow_read": {"bytes": 1, "every": "1s"}}}
    server.open(B, slow)
    assert server.followed[-1].reads_slowly
    server.scopes.replace(B, [])
    server.scopes.replace(A, [rule_of(slow)])
    assert (len(server.followed), server.followed[-1].reads_slowly) == (3, True)


def test_rules_of_the_files_that_change_stand_behind_those_of_scopes(server):
    server.open(A, FULL)
    text = "S: 220 …\nC: HELO ONE!\nS: 250 …\nC: MAIL FROM:<m@x.test>\nS: 250 …\nC: RCPT TO:<{}@y.test>\nS: {}"
    server.play(text.format("bob", "452 …"))
    server.scopes.follow(Rulebook([rule_of(GONE | {"name": "others", "when": {"rcpt": "*@y.test"}})]))
    server.play(text.format("bob", "452 …"))
    server.play(text.format("al", "550 …"))


def test_a_session_remembers_so_many_of_its_scopes_the_latest(server, monkeypatch):
    monkeypatch.setattr("mocksmtp.rules.scopes.MOST_SEEN", 1)
    server.open(A)
    server.open(B)
    player = server.play("S: 220 …\nC: HELO ONE!\nS: 250 …\nC: HELO TWO!\nS: 250 …\nC: NOOP\nS: 250 …")
    assert player.session.conversation.scopes_seen == (B,)


def test_other_rules_of_a_scope_are_met_by_the_next_command_and_counters_of_old_names_go_on(server):
    twice = {"name": "own", "when": {"rcpt": "bob@*"}, "schedule": {"first": 2}, "reply": "450 4.2.0 {attempt}"}
    server.open(A, twice)
    text = "S: 220 …\nC: HELO ONE!\nS: 250 …\nC: MAIL FROM:<m@x.test>\nS: 250 …\nC: RCPT TO:<bob@y.test>\nS: {}"
    server.play(text.format("450 4.2.0 1"))
    server.scopes.replace(A, [rule_of(twice | {"reply": "451 4.2.0 {attempt}"})])
    server.play(text.format("451 4.2.0 2"))
    server.scopes.replace(A, [])
    server.play(text.format("250 …"))
    server.scopes.replace(A, [rule_of(twice)])
    server.play(text.format("450 4.2.0 1"))


def test_a_scope_ends_and_what_comes_for_it_is_ordinary_mail(server):
    scope = server.open(A, SPAM)
    server.open(B)
    kept = sent(server, [f"x+{A}@y.test", f"x+{B}@y.test"], end="554 5.7.1 spam")
    assert server.scopes.close(A) is scope
    assert server.scopes.alone(scope) == []
    assert server.scopes.alone(server.scopes.close(B)) == [kept.id]
    assert sent(server, [f"x+{A}@y.test"]).scopes == ()
    with pytest.raises(UnknownScope):
        server.scopes.close(A)


def test_time_is_up_for_a_scope_by_real_time(server):
    scope = server.open(A, ttl=10.0)
    scope.clock.advance(3600)
    server.now = 1009.0
    assert server.scopes.late() == []
    server.now = 1010.0
    assert server.scopes.late() == [scope]
    assert list(server.scopes.all()) == [scope]


def test_there_is_room_for_so_many(server):
    server.open(A)
    server.open(B)
    with pytest.raises(TooManyScopes):
        server.open("c" * 26)

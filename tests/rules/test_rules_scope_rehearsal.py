"""A rehearsal while there are scopes: each command is decided as the scope that it belongs to decides it."""

from __future__ import annotations

import pytest
from dialogue import profile_of

from mocksmtp.config.given import rule_of
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.rehearsal import Client, rehearse
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.scope_rehearsal import ScopedRehearsal
from mocksmtp.rules.scopes import Scopes

A, B, NOBODYS = "a" * 26, "b" * 26, "c" * 26
STAGES = ("connect", "helo", "auth", "mail", "rcpt", "data", "message")
PROFILE = profile_of(["users=any", "without_tls"])

TWICE = {"name": "twice", "when": {"rcpt": "*"}, "sequence": ["450 4.2.0 once", "451 4.2.0 twice", "accept"]}
LATE = {"name": "late", "when": {"rcpt": "*"}, "schedule": {"within": "5m"}, "reply": "451 {retry_after}"}
FULL = {"name": "full", "when": {"rcpt": "bob@*"}, "reply": "452 4.2.2 full"}


def marks(whose):
    """Return a rule for each stage that decides nothing and is told."""
    return [{"name": f"{whose}.{stage}", "stage": stage, "delay": "1s"} for stage in STAGES]


class Server:
    """Rules of files and two scopes; it is 1000 seconds past the epoch."""

    def __init__(self, files=(), one=(), other=()):
        self.counters = Counters()
        self.rulebook = Rulebook([rule_of(each) for each in files], counters=self.counters, now=lambda: 1000.0)
        self.scopes = Scopes(self.rulebook, lambda _: None, lambda: None, lambda: 1000.0)
        self.one = self.scopes.open(A, 60.0, [rule_of(each) for each in one])
        self.other = self.scopes.open(B, 60.0, [rule_of(each) for each in other])

    def rows(self, given=None, **said):
        asks = ScopedRehearsal(self.scopes.all(), self.rulebook, given)
        return rehearse(PROFILE, self.rulebook, Client(**said), asks=asks)

    def rcpts(self, given=None, **said):
        return [row.wire.decode().strip() for row in self.rows(given, **said) if row.stage == "rcpt"]


# How the scope is named, and who is asked at connect, helo, auth, mail, rcpt, data and message.
NAMED = [
    ({}, "-------"),
    ({"helo": f"ci.{A}.test"}, "-AAAAAA"),
    ({"auth": A}, "--AAAAA"),
    ({"mail": f"me+{A}@x.test"}, "---AAAA"),
    ({"rcpts": [f"you@{A.upper()}.scope.test"]}, "----AAA"),
    ({"content": f"X-Mocksmtp-Scope: {A}\r\n\r\n".encode()}, "------A"),
    ({"helo": A, "rcpts": [f"you+{B}@x.test"]}, "-AAABBB"),
    ({"rcpts": [f"you+{NOBODYS}@x.test"]}, "-------"),
]


@pytest.mark.parametrize(("said", "asked"), NAMED)
def test_rules_of_a_scope_are_asked_from_the_moment_that_it_is_named(said, asked):
    server = Server(marks("-"), marks("A"), marks("B"))
    said = {"auth": "al", "rcpts": ["you@x.test"]} | said
    rows = server.rows(**said)
    assert [row.stage for row in rows] == list(STAGES)
    assert [row.matched[0] for row in rows] == [f"{who}.{row.stage}" for who, row in zip(asked, rows, strict=True)]
    # Those of the files stand behind.
    assert [row.matched[-1] for row in rows] == [f"-.{stage}" for stage in STAGES]


@pytest.mark.parametrize(
    ("said", "asked"), [({}, "-AAAAAA"), ({"mail": f"me+{B}@x.test"}, "-AABBBB"), ({"helo": B}, "-BBBBBB")]
)
def test_one_that_is_given_is_asked_from_ehlo_on_where_no_other_is_named(said, asked):
    server = Server(marks("-"), marks("A"), marks("B"))
    rows = server.rows(server.one, **{"auth": "al", "rcpts": ["you@x.test"]} | said)
    assert "".join(row.matched[0][0] for row in rows) == asked


def test_of_two_recipients_each_is_answered_by_its_own_scope():
    server = Server([], [FULL], [FULL | {"when": {"rcpt": "al*@*"}}])
    rcpts = [f"al@{A}.scope.test", f"bob@{A}.scope.test", f"al@{B}.scope.test", f"bob@{B}.scope.test"]
    assert [reply[:3] for reply in server.rcpts(rcpts=rcpts)] == ["250", "452", "452", "250"]


def test_it_counts_on_from_the_counters_of_the_scope_and_leaves_them_as_they_are():
    server = Server([TWICE])
    ask = {"rcpts": ["a@x.test", "b@x.test"]}
    assert server.rcpts(server.one, **ask) == ["450 4.2.0 once", "451 4.2.0 twice"]
    server.one.counters.hit(("twice",), 1000.0)
    assert server.rcpts(server.one, **ask) == ["451 4.2.0 twice", "250 2.1.5 Recipient OK"]
    assert server.rcpts(server.other, **ask) == server.rcpts(**ask) == ["450 4.2.0 once", "451 4.2.0 twice"]
    assert (server.one.counters.peek(("twice",)).hits, len(server.other.counters), len(server.counters)) == (
        1,
        0,
        0,
    )


def test_the_time_is_that_of_the_scope():
    server = Server([LATE])
    server.one.counters.hit(("late",), 1000.0)
    server.counters.hit(("late",), 1000.0)
    server.one.clock.advance(100)
    assert (server.rcpts(server.one, rcpts=["a@x.test"]), server.rcpts(rcpts=["a@x.test"])) == (
        ["451 200"], ["451 300"],
    )  # fmt: skip


def test_near_misses_are_those_of_the_scopes_rules_too():
    server = Server([], [FULL | {"when": {"rcpt": "bob@*", "helo": "me"}}])
    (row,) = [row for row in server.rows(server.one, rcpts=["bob@x.test"]) if row.stage == "rcpt"]
    assert [(miss.rule, miss.condition) for miss in row.near] == [("full", "helo")]
    (row,) = [row for row in server.rows(rcpts=["bob@x.test"]) if row.stage == "rcpt"]
    assert row.near == ()

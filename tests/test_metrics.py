"""Metrics against facts, and against docs/metrics.md."""

from __future__ import annotations

import re
from pathlib import Path as File
from typing import NamedTuple

from facts_told import accepted
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily

from mocksmtp import __version__
from mocksmtp.journal import Kept
from mocksmtp.metrics import Metrics
from mocksmtp.smtp import facts
from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.conversation import Conversation, Tls
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.stores import Usage

DOCS = File(__file__).parents[1] / "docs/metrics.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", re.M)
WHO, OTHER = (Conversation(name, name, "mx.test", "::1") for name in ("smtp", "smtps"))


class FullStore:
    def usage(self):
        return Usage(3, 300, 7)


def metrics(*told, rules=()):
    counted = Metrics(FullStore(), lambda: Kept(4, 5, 600, 1, 2, 3), rules)
    for each in told:
        if isinstance(each, Answered):
            counted.tallies[each].number += 1
        else:
            counted(each)
    return counted


def value(counted, name, **labels):
    return counted.registry.get_sample_value(f"mocksmtp_{name}", labels)


class Answered(NamedTuple):
    """An answer, as sessions count it."""

    listener: str
    stage: Stage
    code: int


def answered(stage, code, who=WHO):
    return Answered(who.listener, stage, code)


def test_every_fact_is_counted():
    envelope = Envelope("Q", NULL_PATH)
    envelope.recipients.append(Recipient(NULL_PATH))
    counted = metrics(
        facts.SessionOpened(WHO, 0.0), facts.SessionOpened(WHO, 0.0), facts.SessionOpened(OTHER, 0.0),
        facts.SessionClosed(WHO),
        answered(Stage.RCPT, 250), answered(Stage.RCPT, 250), answered(Stage.RCPT, 550),
        answered(Stage.RCPT, 250, OTHER), facts.RuleMatched(WHO, Stage.RCPT, "later"),
        facts.FaultInjected(WHO, Stage.RCPT, "reset"),
        accepted(WHO, envelope, 100, Reply(250, "OK")),
        accepted(WHO, envelope, 11, Reply(250, "OK"), kept=False),
        facts.TlsStarted(OTHER, Tls("1.3", "X")), facts.Authenticated(WHO, "PLAIN", "alice"),
        facts.TransactionEnded(WHO), facts.ConnectionRefused("smtp", "192.0.2.9", "no header"),
        rules=["from-the-beginning"],
    )  # fmt: skip
    expected = [
        ("connections_total", {"listener": "smtp"}, 2), ("connections_total", {"listener": "smtps"}, 1),
        ("connections_open", {"listener": "smtp"}, 1), ("connections_open", {"listener": "smtps"}, 1),
        ("connections_refused_total", {"listener": "smtp"}, 1),
        ("commands_total", {"listener": "smtp", "stage": "rcpt"}, 3),
        ("replies_total", {"listener": "smtp", "stage": "rcpt", "code": "250"}, 2),
        ("replies_total", {"listener": "smtp", "stage": "rcpt", "code": "550"}, 1),
        ("replies_total", {"listener": "smtps", "stage": "rcpt", "code": "250"}, 1),
        ("rule_matches_total", {"rule": "later"}, 1), ("rule_matches_total", {"rule": "from-the-beginning"}, 0),
        ("faults_total", {"fault": "reset"}, 1),
        ("messages_total", {"listener": "smtp"}, 2), ("message_octets_total", {"listener": "smtp"}, 111),
        ("messages_dropped_total", {}, 7), ("store_messages", {}, 3), ("store_octets", {}, 300),
        ("journal_sessions", {}, 4), ("journal_attempts", {}, 5), ("journal_octets", {}, 600),
        ("journal_dropped_total", {"what": "session"}, 1), ("journal_dropped_total", {"what": "attempt"}, 2),
        ("journal_dropped_total", {"what": "note"}, 3),
        ("tls_handshakes_total", {"listener": "smtps", "version": "1.3"}, 1),
        ("authentications_total", {"listener": "smtp", "mechanism": "PLAIN"}, 1),
        ("build_info", {"version": __version__}, 1),
    ]  # fmt: skip
    assert [(name, labels, value(counted, name, **labels)) for name, labels, _ in expected] == expected


def test_the_last_reload_is_told_as_prometheus_tells_its_own():
    counted = metrics()
    for in_force, now, told in ((True, 5.0, (1, 5)), (False, 6.0, (0, 5)), (True, 7.0, (1, 7))):
        counted.reloaded(in_force, now)
        names = "config_last_reload_successful", "config_last_reload_success_timestamp_seconds"
        assert tuple(value(counted, name) for name in names) == told


def test_rules_that_are_added_are_shown_with_0_and_others_go_on():
    counted = metrics(facts.RuleMatched(WHO, Stage.RCPT, "old"), rules=["old"])
    counted.show(["old", "new"])
    assert [value(counted, "rule_matches_total", rule=name) for name in ("old", "new")] == [1, 0]


def test_listeners_are_shown_with_0_until_somebody_comes():
    counted = metrics(facts.SessionOpened(WHO, 0.0))
    counted.show(listeners=["smtp", "smtps"])
    for name in ("connections_total", "connections_open"):
        assert [value(counted, name, listener=listener) for listener in ("smtp", "smtps")] == [1, 0]
    assert value(counted, "messages_total", listener="smtps") == 0
    assert value(counted, "message_octets_total", listener="smtps") == 0


def test_every_kind_of_fact_is_counted_but_ends_of_transactions_and_answers_which_are_tallied():
    not_counted = {facts.TransactionEnded, facts.TransactionAbandoned, facts.Decided, facts.CommandAnswered}
    assert set(metrics().takes) == set(facts.Fact.__args__) - not_counted


def test_nothing_a_client_says_is_a_label():
    hostile = Conversation("id", "smtp", "mx.test", "203.0.113.9")
    hostile.helo = "helo-said"
    said = generate_latest(
        metrics(facts.SessionOpened(hostile, 0.0), facts.Authenticated(hostile, "PLAIN", "mallory")).registry
    )
    assert not any(word in said for word in (b"203.0.113.9", b"helo-said", b"mallory"))


def test_the_docs_have_a_row_a_metric():
    told = []
    for family in metrics().collect():
        counter = isinstance(family, CounterMetricFamily)
        labels = ", ".join(f"`{label}`" for label in family._labelnames)
        kind, name = ("counter", f"{family.name}_total") if counter else ("gauge", family.name)
        told.append((name, kind, labels, family.documentation))
    assert [row for row in ROW.findall(DOCS.read_text()) if row[0].startswith("mocksmtp_")] == told

"""``schedule:``, ``per:`` and ``sequence:``: each way to write them, and time zones."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from remembering import rules

from mocksmtp.config import schedules
from mocksmtp.rules.schedule import Between, Over, Schedule
from mocksmtp.rules.template import ACCEPT

WRITTEN = [
    ("first: 3", Schedule(first=3)),
    ("after: 3, every: 2", Schedule(after=3, every=2)),
    ("chance: 30%", Schedule(chance=30.0)),
    ("chance: '0.5 %'", Schedule(chance=0.5)),
    ("chance: 100%", Schedule(chance=100.0)),
    ("over: 100 per 1m", Schedule(over=Over(100, 60.0))),
    ("over: 1  per  500ms", Schedule(over=Over(1, 0.5))),
    ("within: 90s", Schedule(within=90.0)),
    ("between: [22:00, 06:30]", Schedule(between=Between(1320, 390, UTC))),
    ("between: ['6:00', 24:00]", Schedule(between=Between(360, 1440, UTC))),
    ("between: [24:00, 06:00]", Schedule(between=Between(0, 360, UTC))),
    (
        "between: [08:00, 18:00], timezone: Europe/Berlin",
        Schedule(between=Between(480, 1080, ZoneInfo("Europe/Berlin"))),
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_a_schedule_is_read(text, expected):
    (rule,) = rules(f"- {{name: a, stage: mail, schedule: {{{text}}}, reply: '450 no'}}")
    assert rule.schedule == expected


@pytest.mark.parametrize(
    "text",
    ["per: [client, mail], schedule: {first: 1}", "schedule: {first: 1, per: [client, mail]}"],
)
def test_per_stands_at_the_rule_or_in_the_schedule(text):
    (rule,) = rules(f"- {{name: a, stage: mail, {text}, reply: '450 no'}}")
    assert rule.per == ("client", "mail")


def test_per_in_a_schedule_alone_goes_with_a_sequence():
    (rule,) = rules("- {name: a, stage: mail, schedule: {per: client}, sequence: ['450 no', accept]}")
    assert (rule.per, rule.schedule) == (("client",), Schedule())


def test_steps_of_a_sequence_are_replies_of_any_form():
    (rule,) = rules(
        "- {name: a, stage: mail, at_end: accept,"
        " sequence: ['450 a', ['450 b', '450 c'], {code: 451, enhanced: 4.3.0, text: d}, accept]}"
    )
    assert [getattr(step, "code", step) for step in rule.sequence.steps] == [450, 450, 451, ACCEPT]
    assert rule.sequence.at_end == "accept"


@pytest.mark.parametrize("name", ["Europe", "../etc/passwd", "/etc/passwd", "Nowhere/Else", ""])
def test_what_is_no_time_zone_is_told(name):
    with pytest.raises(ValueError, match="is no time zone"):
        schedules.timezone(name)


def test_a_machine_without_time_zones_says_so(monkeypatch):
    def unknown(name):
        raise schedules.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(schedules, "ZoneInfo", unknown)
    monkeypatch.setattr(schedules, "available_timezones", set)
    with pytest.raises(ValueError, match="the package tzdata has them"):
        schedules.timezone("Europe/Berlin")

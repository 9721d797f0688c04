"""Every word of a schedule, and their combinations, as tables: which of a rule's hits it acts on."""

from __future__ import annotations

import pytest
from remembering import NOON, ask, book_of, reply

from mocksmtp.rules.schedule import Hit, Over, Schedule, duration_text

# Schedule, seconds from one hit to the next (or one for all), and whether the rule acts: x for yes.
WORDS = [
    ("first: 2", 0, "xx..."),
    ("first: 1", 0, "x...."),
    ("after: 2", 0, "..xxx"),
    ("every: 3", 0, "..x..x..x"),
    ("every: 1", 0, "xxx"),
    ("chance: 100%", 0, "xxx"),
    # More than so many hits, refused ones included, in the last so many seconds.
    ("over: 2 per 10s", 0, "..xxx"),
    ("over: 2 per 10s", 5, "....."),
    ("over: 2 per 10s", 4.9, "..xxx"),
    ("over: 2 per 10s", [0, 0, 9.9, 0.1, 0, 9.9, 0.1], "..xx.xx."),
    ("over: 1 per 1m", [59, 1, 59, 61, 60], ".xxx.."),
    # The time of a later try does not restart it, and what was over stays over.
    ("within: 5m", 100, "xxx..."),
    ("within: 5m", [299, 1, 0, 1000], "xx..."),
    ("within: 500ms", [0.4, 0.1], "xx."),
]
COMBINED = [
    ("first: 4, after: 2", 0, "..xx.."),
    ("every: 2, first: 5", 0, ".x.x..."),
    ("every: 2, after: 3", 0, "...x.x"),
    ("first: 5, after: 1, every: 2", 0, ".x.x.."),
    ("first: 2, within: 1m", 40, "xx..."),
    ("after: 1, within: 1m", 40, ".x..."),
    ("first: 4, within: 1m", 25, "xxx.."),
    ("over: 1 per 1m, first: 3", 0, ".xx.."),
    ("over: 1 per 1m, after: 3", 0, "...xx"),
    ("over: 2 per 1m, every: 2", 0, "...x.x"),
    ("over: 1 per 10s, within: 20s", 9, ".xx.."),
    ("chance: 100%, first: 1", 0, "x.."),
    ("between: [12:00, 12:01], within: 40s", 30, "xx..."),
    ("between: [12:00, 12:01], first: 3", 25, "xxx.."),
    ("between: [12:01, 12:02], first: 3", 25, "..."),  # the counter moves although it is not time yet
    ("between: [12:01, 12:02], after: 3", 25, "...xx."),
]


@pytest.mark.parametrize(("schedule", "pauses", "expected"), WORDS + COMBINED)
def test_a_schedule_picks_its_hits(schedule, pauses, expected):
    book, clock = book_of(
        f"- {{name: a, when: {{rcpt: '*'}}, schedule: {{{schedule}}}, reply: '450 {{attempt}} wait'}}"
    )
    seen = ""
    steps = pauses if isinstance(pauses, list) else [pauses] * (len(expected) - 1)
    for number, pause in enumerate([0, *steps], 1):
        clock.advance(pause)
        answer = reply(ask(book))
        assert answer in (None, f"450 {number} wait")
        seen += "x" if answer else "."
    assert seen == expected


# Schedule and time of the day (and date, where it is not 2026-01-01), and whether it is time.
DAYTIME = [
    ("between: [08:00, 18:00]", "07:59:59", False),
    ("between: [08:00, 18:00]", "08:00:00", True),
    ("between: [08:00, 18:00]", "17:59:59", True),
    ("between: [08:00, 18:00]", "18:00:00", False),
    ("between: [8:00, 24:00]", "23:59:59", True),
    ("between: [00:00, 00:01]", "00:00:30", True),
    # Over midnight.
    ("between: [22:00, 06:00]", "23:00:00", True),
    ("between: [22:00, 06:00]", "05:59:59", True),
    ("between: [22:00, 06:00]", "06:00:00", False),
    ("between: [22:00, 06:00]", "21:59:59", False),
    ("between: [22:00, 00:00]", "23:59:59", True),
    ("between: [22:00, 00:00]", "00:00:00", False),
    # Elsewhere: New York is five hours behind in winter and four in summer.
    ("between: [08:00, 18:00], timezone: America/New_York", "13:00:00", True),
    ("between: [08:00, 18:00], timezone: America/New_York", "12:59:59", False),
    ("between: [08:00, 18:00], timezone: America/New_York", "2026-07-01T12:00:00", True),
    ("between: [08:00, 18:00], timezone: Asia/Kolkata", "02:30:00", True),
    ("between: [08:00, 18:00], timezone: UTC", "08:00:00", True),
]


def moment(text):
    from datetime import datetime

    return datetime.fromisoformat(f"{text if 'T' in text else f'2026-01-01T{text}'}+00:00").timestamp()


@pytest.mark.parametrize(("schedule", "time", "due"), DAYTIME)
def test_between_goes_by_the_clock_on_the_wall(schedule, time, due):
    book, clock = book_of(f"- {{name: a, stage: noop, schedule: {{{schedule}}}, reply: '450 no'}}")
    clock.set(moment(time))
    assert (ask(book, stage="noop").rule == "a") is due


# Schedule, pauses before the last hit, and the seconds that its reply names.
RETRY_AFTER = [
    ("within: 5m", [], 300),
    ("within: 5m", [0.001], 300),
    ("within: 5m", [1], 299),
    ("within: 5m", [100, 199.5], 1),
    ("over: 1 per 1m", [0], 60),
    ("over: 1 per 1m", [20, 20], 60),  # the last one alone must leave
    ("over: 2 per 1m", [10, 10], 50),  # the first is gone in 40 s, but the second must leave too
    ("over: 2 per 1m", [10, 10.2], 50),
    ("between: [12:00, 13:30]", [60], 89 * 60),
    ("between: [11:00, 10:00]", [], 22 * 3600),
    ("between: [12:00, 24:00]", [], 12 * 3600),
    ("between: [06:00, 08:00], timezone: America/New_York", [], 3600),
    # Of several words, the first that ends ends it.
    ("within: 5m, between: [12:00, 12:01]", [20], 40),
    ("within: 30s, between: [12:00, 12:01]", [20], 10),
    ("first: 9, within: 5m", [], 300),
]


@pytest.mark.parametrize(("schedule", "pauses", "seconds"), RETRY_AFTER)
def test_retry_after_is_when_it_is_no_longer_due(schedule, pauses, seconds):
    book, clock = book_of(
        f"- {{name: a, when: {{rcpt: '*'}}, schedule: {{{schedule}}}, reply: '450 in {{retry_after}}s'}}"
    )
    for pause in pauses:
        ask(book)
        clock.advance(pause)
    assert reply(ask(book)) == f"450 in {seconds}s"
    clock.advance(seconds)
    assert reply(ask(book)) is None


def test_a_time_that_the_clocks_leap_over_is_waited_for():
    # On 2026-03-29 Berlin goes from 02:00 to 03:00.
    book, clock = book_of(
        "- {name: a, stage: noop, schedule: {between: [01:00, 04:00], timezone: Europe/Berlin},"
        " reply: '450 {retry_after}'}"
    )
    clock.set(moment("2026-03-29T00:30:00"))
    assert reply(ask(book, stage="noop")) == f"450 {90 * 60}"


def test_what_is_not_due_is_told_as_yaml_writes_it():
    schedule = Schedule(first=3, every=2, chance=12.5, over=Over(100, 60), within=0.5)
    assert schedule.missed(Hit(5, NOON, NOON - 1, [NOON], (0, "flaky"))) == [
        "first: 3", "every: 2", "chance: 12.5%", "over: 100 per 1m", "within: 500ms",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"), [(86400, "1d"), (5400, "90m"), (300, "5m"), (61, "61s"), (0.25, "250ms"), (1.5, "1500ms")]
)
def test_a_duration_is_written_with_its_unit(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize("percent", [1, 30, 99.5])
def test_chance_is_as_likely_as_it_says(percent):
    book, _ = book_of(f"- {{name: a, when: {{rcpt: '*'}}, schedule: {{chance: {percent}%}}, reply: '450 no'}}")
    due = sum(ask(book, f"a{number}@x.test").rule == "a" for number in range(4000))
    assert due / 40 == pytest.approx(percent, abs=2)


def test_chance_changes_from_one_attempt_to_the_next():
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, schedule: {chance: 50%}, reply: '450 no'}")
    fates = [ask(book).rule == "a" for _ in range(400)]
    assert sum(fates) == pytest.approx(200, abs=40)

"""Rules written as YAML writes them read back to the same rules."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.config import load
from mocksmtp.config.types import duration, size
from mocksmtp.config.writing import duration_text, size_text, written_rule
from mocksmtp.config.yaml_text import rules_text, unwritable
from mocksmtp.rules.rule import Rule

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    *(path.read_text() for path in sorted((ROOT / "config").rglob("*.yaml"))),
    *(
        match[1]
        for page in sorted((ROOT / "docs").glob("*.md"))
        for match in re.finditer(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    ),
]


def rules_of(folder: Path, text: str) -> list[Rule]:
    path = folder / "mocksmtp.yaml"
    path.write_text(text)
    return [replace(rule, source="") for rule in load([path], {}).rulebook_rules]


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_is_written_reads_back_to_the_same_rules(text, tmp_path):
    rules = rules_of(tmp_path, text)
    written = rules_text([written_rule(rule) for rule in rules])
    assert rules_of(tmp_path, written) == rules


# The line of a rule behind its name, and how it is written; None where it is written as it stands.
LINES = [
    # conditions
    ("when: {rcpt: [\"*@a.test\", '/^x\\d/']}\n    reply: accept", None),
    ("when: {rcpt: {not: [b.test]}}\n    reply: accept", 'when: {rcpt: {not: b.test}}\n    reply: accept'),
    ('when: [{mail: "<>"}, {not: {helo: "*.test", tls: true}}]\n    reply: accept', None),
    ("stage: mail\n    when: {tls: {on: false}}\n    reply: accept",
     "stage: mail\n    when: {tls: false}\n    reply: accept"),
    ('when: {mail: x, tls: {on: true, version: "1.2"}}\n    reply: accept',
     'when: {mail: x, tls: {version: "1.2"}}\n    reply: accept'),
    ('when: {mail: "*", size: {over: 1024KiB, under: 1500kB}}\n    reply: accept',
     'when: {mail: "*", size: {over: 1MiB, under: 1500000B}}\n    reply: accept'),
    ('stage: mail\n    when: {client: [192.0.2.7, "2001:db8::/32"]}\n    reply: accept',
     'stage: mail\n    when: {client: ["192.0.2.7", "2001:db8::/32"]}\n    reply: accept'),
    ('when: {header: {Subject: ["it\'s", X-A]}}\n    reply: accept', None),
    # replies
    ('stage: mail\n    reply: "550"', None),
    ("stage: mail\n    reply: {code: 550, enhanced: 5.1.1, text: [one, two]}",
     'stage: mail\n    reply: ["550 5.1.1 one", "550 5.1.1 two"]'),
    ("stage: mail\n    reply: {code: 550, text: 5.1.1 is text}",
     'stage: mail\n    reply: {code: 550, text: "5.1.1 is text"}'),
    ("stage: mail\n    reply: '550 say \"no\" in Köln 🙂'", None),
    # schedules
    ('when: {rcpt: "*"}\n    sequence: ["450 no", accept]\n    at_end: repeat', None),
    ('stage: mail\n    schedule: {first: 3, per: client}\n    reply: "450 no"',
     'stage: mail\n    schedule: {first: 3}\n    per: [client]\n    reply: "450 no"'),
    ('stage: mail\n    schedule: {chance: 0.5%, over: 2 per 90s, within: 1.5h, between: ["22:00", "6:30"]}\n'
     '    reply: "450 no"',
     'stage: mail\n    schedule: {chance: "0.5%", over: "2 per 90s", within: 90m, between: ["22:00", "06:30"]}\n'
     '    reply: "450 no"'),
    ('stage: mail\n    schedule: {between: ["08:00", "24:00"], timezone: "Asia/Tokyo"}\n    reply: "450 n"', None),
    # faults
    ("stage: mail\n    delay: {normal: [2s, 500ms]}", None),
    ("stage: mail\n    delay: {p50: 1s, p99: 8s}\n    fault: [drip, {reset: before}]", None),
    ("stage: mail\n    fault: [{drip: {every: 1s}}, {delay: 2s}]", None),
    ("stage: mail\n    fault: {stall: {duration: 30s, after_octets: 2}}", None),
    ("stage: mail\n    fault: {raw: '250 \\xff\\\\\\r\\n'}", None),
    ('stage: helo\n    extensions: {hide: [size], show: "X-A 1"}',
     'stage: helo\n    extensions: {hide: [SIZE], show: ["X-A 1"]}'),
    # the rest
    ('description: "true"\n    enabled: false\n    stage: connect\n    reply: "554 no"\n    then: continue', None),
    ("description: |-\n      two\n      lines\n    stage: message\n    keep: false",
     "description: 'two\n\n      lines'\n    stage: message\n    keep: false"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_it_is_written_as_people_write(line, expected, tmp_path):
    head = "rules:\n  - name: r\n    "
    (rule,) = rules_of(tmp_path, head + line + "\n")
    written = rules_text([written_rule(rule)])
    assert written == head + (expected or line) + "\n"
    assert rules_of(tmp_path, written) == [rule]


def test_no_rules_are_an_empty_list():
    assert rules_text([]) == "rules: []\n"


def test_a_tab_is_written_in_single_quotes(tmp_path):
    rules = rules_of(tmp_path, "rules: [{name: r, description: 'a\tb', stage: mail, reply: accept}]")
    assert rules_of(tmp_path, rules_text([written_rule(rules[0])])) == rules


@given(st.floats(0.001, 1e6).map(lambda seconds: round(seconds, 3)) | st.integers(0, 10**7).map(float))
def test_a_duration_reads_back(seconds):
    assert duration(duration_text(seconds)) == seconds


@given(st.integers(0, 10**13))
def test_a_size_reads_back(octets):
    assert size(size_text(octets)) == octets


def test_what_yaml_cannot_hold_is_found():
    assert unwritable({"a": ["x", "y\x01"]}) == ("a", 1)
    assert unwritable({"a\x00": 1, "b": inf}) == ("a\x00",)
    assert unwritable({"a": "tab\tand\nline", "n": 3, "é": "🙂"}) is None

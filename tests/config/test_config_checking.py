"""A text of rules, and what is told of it."""

from __future__ import annotations

import pytest

from mocksmtp.config.checking import check

GOOD = [
    'rules:\n  - {name: a, stage: mail, reply: "550 no"}\n',
    'name: a\nwhen: {rcpt: "*"}\nreply: "550 no"\n',
    '- {name: a, stage: mail, reply: "550 no"}\n- {name: b, stage: mail, reply: "550 no"}\n',
    '{"name": "a", "when": {"rcpt": "/\\\\d@/"}, "reply": "550 \\u006eo", "schedule": {"first": 3}}',
    '{\n\t"rules": [{"name": "a", "stage": "mail", "enabled": false, "reply": "550"}]}',
    "mailboxes: {a.test: {exists: [b]}}\n",
    "hostname: mx.test\nrules: []\n",
    "{}",
    "",
]


@pytest.mark.parametrize("text", GOOD)
def test_nothing_is_wrong(text):
    assert check(text).mistakes == []
    assert check(text).file is not None


BAD = [
    # YAML
    ('rules:\n  - {name: a, stage: mail, replx: "550 no"}\n', ["2:28: unknown key 'replx'"]),
    ('name: a\nwhen: {rcpx: "*"}\nreply: "no"\n', ["2:8: unknown condition 'rcpx'", "3:8: reply: a reply begins"]),
    ("- {name: a, stage: mail}\n- x\n", ["1:3: rules: this rule does", "2:3: rules: a map is wanted"]),
    ('- {name: a, stage: mail, reply: "550"}\n- {name: a, stage: mail, reply: "550"}\n', ["2:10: name: 'a' is"]),
    ("name: a\nreply: 550 5.1.1: no\n", ['2:8: a value that holds ": "']),
    ("hostname: mx.test\nrulez: []\n", ["2:1: unknown key 'rulez'"]),
    ("just text", ["1:1: a rule, a list of rules"]),
    ("a: [", ["2:1: not YAML"]),
    # JSON
    ('{"name": "a\\n",\n "when": {"rcpt": ["/\\\\d/", ""]}, "reply": "550 no"}', ["2:11: rcpt: an empty pattern"]),
    ('[{"name": "a", "stage": "mail",\n\t"reply": "no"}]', ["2:11: reply: a reply begins"]),
    ('"text"', ["1:1: a rule, a list of rules"]),
    ("[" * 100_000, ["1:41: nested deeper"]),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_each_mistake_is_told_with_its_place(text, told):
    checked = check(text)
    found = [f"{each.line}:{each.column}: {each.text}" for each in checked.mistakes]
    assert [line[: len(start)] for line, start in zip(found, told, strict=True)] == told
    assert checked.file is None

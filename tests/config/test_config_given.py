"""Rules given as JSON: read as YAML is, and each mistake names its field."""

from __future__ import annotations

import json

import pytest

from mocksmtp.config.given import Wrong, merged, rule_of
from mocksmtp.config.writing import written_rule

NAMED = '"name": "r", '
READ = [
    # scalars are taken as they are written
    ('"when": {"rcpt": "*@a.test"}, "reply": "550 5.1.1 no"',
     {"when": {"rcpt": "*@a.test"}, "reply": "550 5.1.1 no"}),
    ('"stage": "rcpt", "reply": 550', {"stage": "rcpt", "reply": "550"}),
    ('"stage": "rcpt", "enabled": false, "keep": false', {"enabled": False, "stage": "rcpt", "keep": False}),
    ('"when": {"mail": "*", "tls": {"version": 1.2}}, "reply": "accept"',
     {"when": {"mail": "*", "tls": {"version": "1.2"}}, "reply": "accept"}),
    ('"when": {"rcpt_count": {"over": 3}}, "reply": {"code": 452, "text": ["a", 1]}',
     {"when": {"rcpt_count": {"over": 3}}, "reply": ["452 a", "452 1"]}),
    ('"stage": "mail", "schedule": {"first": 2}, "fault": {"garble": {"bytes": 8}}',
     {"stage": "mail", "schedule": {"first": 2}, "fault": {"garble": 8}}),
    # null is left out, or is YAML's
    ('"stage": "mail", "reply": "550 no", "then": null', {"stage": "mail", "reply": "550 no"}),
    ('"stage": "mail", "fault": {"drip": null}', {"stage": "mail", "fault": "drip"}),
    # control characters where they are escaped anyway
    ('"stage": "mail", "fault": {"raw": "250 ok\\r\\n"}', {"stage": "mail", "fault": {"raw": "250 ok\\r\\n"}}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ)
def test_a_rule_is_read_from_json(text, expected):
    rule = rule_of(json.loads("{" + NAMED + text + "}"))
    assert written_rule(rule) == {"name": "r", **expected}
    assert rule_of(written_rule(rule)) == rule


WRONG = [
    ("[]", "", "a rule is a map"),
    ("{}", "name", "is missing"),
    ('{"name": "a b", "stage": "mail", "reply": "550"}', "name", "is no name"),
    ('{"name": "r", "reply": "550"}', "stage", "name it"),
    ('{"name": "r", "stage": "mail", "when": {"rcpt": "*"}, "reply": "550"}', "when", "rcpt is not known yet"),
    ('{"name": "r", "stage": "mail", "reply": "550 {rcpt}"}', "reply", "{rcpt} is not known yet"),
    ('{"name": "r", "stage": "mail", "sequence": ["450 {rcpt}"]}', "sequence", "{rcpt} is not known yet"),
    ('{"name": "r", "stage": "mail"}', "", "this rule does nothing"),
    ('{"name": "r", "when": 3, "reply": "550 no"}', "when", "a map of conditions"),
    ('{"name": "r", "when": {"rcpt": ""}, "reply": "550 no"}', "when.rcpt", "an empty pattern"),
    ('{"name": "r", "when": [{"not": {"rcpx": "a"}}], "reply": "550 no"}', "when.0.not.rcpx", "mean rcpt?"),
    ('{"name": "r", "stage": "mail", "replx": "550 no"}', "replx", "did you mean reply?"),
    ('{"name": "r", "stage": "mail", "reply": "no"}', "reply", "a reply begins with its code"),
    ('{"name": "r", "stage": "mail", "delay": 2}', "delay", "2 has no unit"),
    ('{"name": "r", "stage": "mail", "enabled": "true", "reply": "550"}', "enabled", "not 'true'"),
    ('{"name": "r", "stage": "mail", "sequence": ["450 a", "b"]}', "sequence.1", "a reply begins"),
    ('{"name": "r", "stage": "mail", "fault": [{"drip": {"bytez": 3}}]}', "fault.0.drip.bytez", "unknown key"),
    ('{"name": "r", "stage": "mail", "reply": "550", "sequence": ["450 a"]}', "sequence", "in the place of"),
    ('{"name": "r", "stage": "mail", "reply": "550", "description": "\\u0001"}', "description", "control"),
    ('{"name": "r", "when": ' + '{"not": ' * 60 + "{}" + "}" * 60 + ', "reply": "550"}', "when", "nested deeper"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "field", "told"), WRONG)
def test_a_mistake_names_its_field(text, field, told):
    with pytest.raises(Wrong) as raised:
        rule_of(json.loads(text))
    ((_, why),) = [each for each in raised.value.mistakes if each[0] == field]
    assert told in why


PATCHES = [
    ({"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
    ({"a": 1, "b": 2}, {"a": None, "c": None}, {"b": 2}),
    ({"a": {"x": 1, "y": 2}}, {"a": {"x": 3}}, {"a": {"x": 3, "y": 2}}),
    ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ({"a": "text"}, {"a": {"x": {"y": None}}}, {"a": {"x": {}}}),
    ({"a": 1}, {}, {"a": 1}),
]


@pytest.mark.parametrize(("old", "patch", "new"), PATCHES)
def test_a_patch_leaves_what_it_leaves_out(old, patch, new):
    assert merged(old, patch) == new

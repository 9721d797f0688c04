"""Every file of tests/warned_config gives exactly the warnings that its first lines name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mocksmtp.config import load

FOLDER = Path(__file__).parent.parent / "warned_config"
EXPECTED = re.compile(r"# warning: ([0-9]+):([0-9]+): (.+)")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_file_gives_exactly_its_warnings(path):
    lines = path.read_text().splitlines()
    expected = [found.groups() for line in lines if (found := EXPECTED.fullmatch(line))]
    warnings = load([path], {}).warnings
    assert [(str(each.line), str(each.column), each.text) for each in warnings] == expected
    assert {each.file for each in warnings} <= {str(path)}


def test_rules_of_an_earlier_file_decide_before_those_of_a_later_one(tmp_path):
    rule = 'rules: [{{name: {0}, when: {{rcpt: "{1}"}}, reply: "550 no"}}]\n'
    (tmp_path / "a.yaml").write_text(rule.format("wide", "*"))
    (tmp_path / "b.yaml").write_text(rule.format("narrow", "x@y.test"))
    (warning,) = load([tmp_path], {}).warnings
    assert (warning.file, warning.line, warning.column) == (str(tmp_path / "b.yaml"), 1, 16)
    assert warning.text == "rule narrow can never be reached: wide always decides before it"

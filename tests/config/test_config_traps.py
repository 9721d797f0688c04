"""Traps of YAML: the line that is shown as the cure means what was meant."""

from __future__ import annotations

import re

import pytest

from mocksmtp.config import Invalid
from mocksmtp.config.traps import find_trap
from mocksmtp.config.tree import read

MEANT = [
    "*", "*@bad.test", "&x", "!x", "%x", "@x", "`x`", "|x", ">x", "{hostname} ESMTP", "[a-z]+@x", "- x", "? x",
    "550 no: really", "553 5.1.3 <{rcpt}>: bad", "550 user #5", "/^[a-z]{2}@/", "/a{0,31}/", "?x",
    "/[a-z][a-z0-9.-]{0,31}/", r"/^a\.b@/", r"/\{x\}/", "/a, b/", "it's: so", 'say "hi": now', "a@[192.0.2.1]",
    "a {b} c",
]  # fmt: skip
SHAPES = [
    "k: V",
    "- V",
    "  - k: V",
    "k: {a: V}",
    "k: {a: V, b: c}",
    "k: [V]",
    "k: [b, V]",
    "k: {a: {b: V}}",
    "- {a: [V, b], c: d}",
]
PLAIN = ["a", "a b", "a@b.test", "550 no", "/^a@/", "25MiB", "a:b", "a#b", "-x", "a*", "it's"]
QUOTED = ['"*"', "'*'", '"550 no: really"', r"'/a\.b/'", '"{hostname} x"', "'it''s'", '"a #b"']


def meaning(line):
    """Return the texts of a line, however deep."""

    def texts(value):
        if isinstance(value, dict):
            return [text for each in value.values() for text in texts(each)]
        return [text for each in value for text in texts(each)] if isinstance(value, list) else [value]

    return texts(read(line, "t").value)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("meant", MEANT)
def test_the_cure_means_what_was_meant(shape, meant):
    line = shape.replace("V", meant)
    if line == "- - x":
        return  # A list in a list, for all that can be told.
    trap = find_trap(line)
    if trap is None:  # It is none here, and YAML reads it so.
        assert meant in meaning(line)
        return
    assert line[trap.column :].startswith(meant)
    cure = re.search("as in `(.*)`$", trap.text)[1]
    assert meaning(cure) == meaning(shape.replace("V", "'" + meant.replace("'", "''") + "'"))
    assert find_trap(cure) is None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("value", [*PLAIN, *QUOTED])
def test_what_yaml_reads_as_it_was_meant_is_no_trap(shape, value):
    line = shape.replace("V", value)
    assert find_trap(line) is None
    assert meaning(line)


@pytest.mark.parametrize(
    "line",
    ["", "a:", "- ", "a: b # c", "a: {b: c} # d", "a: [b, c]", "a: {}", "[]", "{a: b,", "  b: c,", "  c: d}",
     '"a": b', "a: |", "a: >-", "a: 'x' # y", "*@x: y"],
)  # fmt: skip
def test_lines_without_a_trap(line):
    assert find_trap(line) is None


def test_traps_of_all_lines_are_told_at_once():
    with pytest.raises(Invalid) as caught:
        read("a: *x\nb: c\n# d: *y\ne:\n  - @z\n", "t")
    assert [(each.line, each.column) for each in caught.value.mistakes] == [(1, 4), (5, 5)]

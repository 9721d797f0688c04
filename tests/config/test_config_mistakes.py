"""Every file of tests/bad_config gives exactly the mistakes that its first lines name; ``…`` is any text."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocksmtp.config import Invalid, load

FOLDER = Path(__file__).parent.parent / "bad_config"
FILES = sorted(FOLDER.glob("*.yaml"))
EXPECTED = re.compile(r"# error: ([0-9]+):([0-9]+): (.+)")

WORDS = [
    "rules",
    "listeners",
    "when",
    "rcpt",
    "limits",
    "http",
    "name",
    "auth",
    "a",
    "1",
    "on",
    "null",
    "~",
    "/(/",
    "---",
    "...",
    "<<",
    "!!int",
    "!!map",
    "&x",
    "*x",
]
SIGNS = [": ", "\n", "\n  ", "- ", ", ", "\x00", "\x85", "\ufeff", "\t", "é", *":{}[]*&!%@`|>#?\"'\\ "]
LOOKS_LIKE_YAML = st.lists(st.sampled_from([*WORDS, *SIGNS]), max_size=25).map("".join)


def mistakes(*paths, **environ):
    with pytest.raises(Invalid) as caught:
        load(list(paths), environ)
    return caught.value.mistakes


def test_there_are_enough_bad_files():
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_bad_file_gives_exactly_its_mistakes(path):
    lines = path.read_text().splitlines()
    expected = [found.groups() for line in lines if (found := EXPECTED.fullmatch(line))]
    found = mistakes(path)
    assert [(str(each.line), str(each.column)) for each in found] == [each[:2] for each in expected]
    for mistake, (line, column, text) in zip(found, expected, strict=True):
        assert re.match(".*".join(map(re.escape, text.split("…"))), mistake.text), mistake.text
        assert str(mistake).startswith(f"{path}:{line}:{column}: ")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=60), LOOKS_LIKE_YAML))
def test_no_text_raises_anything_but_invalid(text):
    with suppress(Invalid):
        load([], {"MOCKSMTP_CONFIG_YAML": text})


@pytest.mark.parametrize("text", ["- hostname: mx.test\n", "just words\n", "[]"])
def test_a_file_is_a_map(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    (found,) = mistakes(path)
    assert found == (str(path), 1, 1, "a map of settings is wanted here, as in `hostname: mx.mock.test`")


def test_a_missing_file_is_told(tmp_path):
    path = tmp_path / "none.yaml"
    assert mistakes(path) == [(str(path), 0, 0, "cannot be read: No such file or directory")]
    assert str(mistakes(path)[0]) == f"{path}: cannot be read: No such file or directory"


def test_a_missing_included_file_is_told(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("include: none.yaml\n")
    (found,) = mistakes(path)
    assert found == (str(tmp_path / "none.yaml"), 0, 0, "cannot be read: No such file or directory")


def test_a_file_that_is_not_utf8_is_told(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"hostname: b\xfccher.test\n")
    assert mistakes(path) == [(str(path), 1, 1, "not UTF-8: octet 12 cannot be decoded")]


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfhostname: mx.test\n")
    assert load([path], {}).hostname == "mx.test"


def test_a_directory_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert mistakes(tmp_path) == [(str(tmp_path), 0, 0, "Permission denied")]


def test_mistakes_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "a.yaml").write_text("seed: x\n")
    (tmp_path / "b.yaml").write_text("hostname: rule.files.have.none\n")
    (tmp_path / "c.yaml").write_text("rules: *\n")
    found = mistakes(*(tmp_path / f"{name}.yaml" for name in "abc"))
    assert [(Path(each.file).name, each.line) for each in found] == [("a.yaml", 1), ("b.yaml", 1), ("c.yaml", 1)]
    assert found[1].text == "unknown key 'hostname' (allowed: mailboxes, rules)"


def test_a_bad_inline_configuration_is_told():
    (found,) = mistakes(MOCKSMTP_CONFIG_YAML="hostname: @x")
    assert (found.file, found.line, found.column) == ("MOCKSMTP_CONFIG_YAML", 1, 11)


def test_a_domain_of_mailboxes_stands_in_one_file(tmp_path):
    for name, domain in (("a", "corp.example"), ("b", "other.example"), ("c", "Corp.example")):
        (tmp_path / f"{name}.yaml").write_text(f"mailboxes:\n  {domain}: {{exists: [{name}]}}\n")
    (found,) = mistakes(tmp_path)
    assert found[:3] == (str(tmp_path / "c.yaml"), 2, 3)
    assert found.text == f"mailboxes: Corp.example stands at {tmp_path / 'a.yaml'}:2:3 already"

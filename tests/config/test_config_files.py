"""Files are watched by how they look: links that are swapped, folders that fill, secrets and certificates."""

from __future__ import annotations

import os

import pytest

from mocksmtp.config import Invalid, Source
from mocksmtp.config.files import Files

RULE = 'rules: [{{name: {0}, when: {{rcpt: "*"}}, reply: "550 {0}"}}]\n'


def write(path, text):
    """Write a file so that it looks otherwise, however fast the test is."""
    path.write_text(text)
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


def test_nothing_changes_by_itself(tmp_path):
    write(tmp_path / "a.yaml", "hostname: a.test\n")
    source = Source([tmp_path / "a.yaml"], {})
    assert source.load().hostname == "a.test"
    assert not source.has_changed()


def test_a_file_that_is_written_anew_has_changed(tmp_path):
    path = tmp_path / "a.yaml"
    write(path, "hostname: a.test\n")
    source = Source([path], {})
    source.load()
    write(path, "hostname: b.test\n")
    assert source.has_changed()
    assert source.load().hostname == "b.test"
    assert not source.has_changed()


def test_a_bad_file_is_watched_too(tmp_path):
    path = tmp_path / "a.yaml"
    write(path, "hostnam: a.test\n")
    source = Source([path], {})
    with pytest.raises(Invalid):
        source.load()
    assert not source.has_changed()
    write(path, "hostname: a.test\n")
    assert source.has_changed()


def config_map(folder, version, **files):
    """Do as Kubernetes does: a new directory, and a link that is renamed over the old one."""
    inside = folder / f"..{version}"
    inside.mkdir()
    for name, text in files.items():
        write(inside / f"{name}.yaml", text)
        link = folder / f"{name}.yaml"
        if not link.is_symlink():
            link.symlink_to(f"..data/{name}.yaml")
    (folder / "..data_tmp").symlink_to(inside.name)
    (folder / "..data_tmp").rename(folder / "..data")


def test_a_config_map_swaps_its_link(tmp_path):
    config_map(tmp_path, "2026_1", mocksmtp="include: [rules.yaml]\n", rules=RULE.format("old"))
    source = Source([tmp_path], {})
    assert [rule.name for rule in source.load().rulebook_rules] == ["old"]
    config_map(tmp_path, "2026_2", mocksmtp="include: [rules.yaml]\n", rules=RULE.format("new"))
    assert source.has_changed()
    assert [rule.name for rule in source.load().rulebook_rules] == ["new"]
    assert not source.has_changed()


def test_a_config_map_of_rules_only(tmp_path):
    config_map(tmp_path, "2026_1", a=RULE.format("a"))
    source = Source([tmp_path], {})
    assert [rule.name for rule in source.load().rulebook_rules] == ["a"]
    config_map(tmp_path, "2026_2", a=RULE.format("a"), b=RULE.format("b"))
    assert source.has_changed()
    assert [rule.name for rule in source.load().rulebook_rules] == ["a", "b"]


@pytest.mark.parametrize("name", ["b.yaml", "b.yml"])
def test_a_folder_that_has_one_file_more_has_changed(tmp_path, name):
    write(tmp_path / "a.yaml", RULE.format("a"))
    source = Source([tmp_path], {})
    source.load()
    write(tmp_path / name, RULE.format("b"))
    assert source.has_changed()


@pytest.mark.parametrize("name", ["notes.txt", ".a.yaml.swp", ".#a.yaml", "a.yaml~", "4913"])
def test_what_an_editor_leaves_in_a_folder_is_no_change(tmp_path, name):
    write(tmp_path / "a.yaml", RULE.format("a"))
    source = Source([tmp_path], {})
    source.load()
    write(tmp_path / name, "not: [yaml")
    assert not source.has_changed()


def test_a_missing_file_that_appears_has_changed(tmp_path):
    source = Source([tmp_path / "a.yaml"], {})
    with pytest.raises(Invalid):
        source.load()
    write(tmp_path / "a.yaml", "hostname: a.test\n")
    assert source.has_changed()


def test_files_of_secrets_and_certificates_are_watched(tmp_path):
    write(tmp_path / "host", "a.test\n")
    write(tmp_path / "mx.key", "key")
    write(tmp_path / "a.yaml", "tls: {certificate: {cert: mx.pem, key: mx.key}}\n")
    source = Source([tmp_path / "a.yaml"], {"MOCKSMTP_HOSTNAME_FILE": str(tmp_path / "host")})
    for name in ("host", "mx.key", "mx.pem"):
        source.load()
        assert not source.has_changed()
        write(tmp_path / name, "b.test\n")
        assert source.has_changed()


def test_files_have_settled_when_they_look_the_same_twice(tmp_path):
    path = tmp_path / "a.yaml"
    write(path, "hostname: a.test\n")
    source = Source([path], {})
    source.load()
    write(path, "")
    assert [source.has_settled(), source.has_settled()] == [False, True]
    write(path, "hostname: b.test\n")
    assert [source.has_settled(), source.has_settled()] == [False, True]


def test_a_change_during_the_reading_is_a_change_after_it(tmp_path):
    path = tmp_path / "a.yaml"
    write(path, "one")
    files = Files()
    files.note(path)
    write(path, "more")
    assert files.look() != files.seen


def test_a_folder_that_is_gone_looks_otherwise(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    files = Files()
    assert files.listed(folder) == []
    folder.rmdir()
    assert files.look() != files.seen

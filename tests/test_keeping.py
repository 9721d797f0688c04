"""Which store is made of which settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from mocksmtp.config import load
from mocksmtp.keeping import make_store
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.stores.sqlite import SqliteStore


class Reactor(Clock):
    """One that has nothing to do but to be told."""

    def callFromThread(self, function, *arguments):
        function(*arguments)


@pytest.fixture
def make(tmp_path):
    """Make the store of a configuration; ``DATA`` stands for a directory, return what was said too."""
    made = []

    def from_yaml(text):
        path, said = tmp_path / "mocksmtp.yaml", []
        path.write_text(text.replace("DATA", str(tmp_path / "data")))
        store, latest = make_store(load([path], {}), Reactor(), said.append)
        assert latest == 0
        made.append(store)
        return store, [line.replace(str(tmp_path), "") for line in said]

    yield from_yaml
    for store in made:
        store.close(lambda: None)


def test_memory_is_the_default(make):
    store, said = make("{}")
    assert (type(store), said) == (MemoryStore, [])


FILES = [
    ("data: DATA\ncapture: {store: sqlite}", "data/mail.db"),
    ("data: DATA\ncapture: {store: sqlite:other.db}", "data/other.db"),
    ("data: DATA\ncapture: {store: sqlite:DATA-too/mail.db}", "data-too/mail.db"),
    ("capture: {store: sqlite:DATA-too/mail.db}", "data-too/mail.db"),
]


@pytest.mark.parametrize(("yaml", "file"), FILES)
def test_sqlite_lives_under_data_or_where_it_is_told_to(make, tmp_path, yaml, file):
    store, said = make(yaml)
    assert (type(store), said) == (SqliteStore, [])
    assert (tmp_path / file).exists()


def test_a_relative_file_without_data_is_in_the_working_directory(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make("capture: {store: sqlite:here.db}")
    assert Path("here.db").exists()


def test_without_a_data_directory_sqlite_is_memory_and_said_to_be(make):
    store, said = make("capture: {store: sqlite}")
    assert type(store) is MemoryStore
    assert said == ["capture.store: sqlite has no data directory to live in; mail is kept in memory"]


def test_where_data_cannot_be_written_sqlite_is_memory_and_said_to_be(make, tmp_path):
    (tmp_path / "data").write_text("a file")
    store, said = make("data: DATA\ncapture: {store: sqlite}")
    assert type(store) is MemoryStore
    assert said == ["/data/mail.db: File exists (/data); mail is kept in memory"]


def test_a_file_that_was_named_is_waited_for(make, tmp_path):
    (tmp_path / "data").write_text("a file")
    store, said = make("capture: {store: sqlite:DATA/mail.db}")
    assert type(store) is SqliteStore
    assert said == ["/data/mail.db: File exists (/data); mail is refused until this is mended"]

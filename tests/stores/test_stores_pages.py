"""The journal's pages in SQLite."""

from __future__ import annotations

import sqlite3

import pytest
from stores.opened import add, message, opened, settle

from mocksmtp.stores import Usage
from mocksmtp.stores.pages import packed, unpacked
from mocksmtp.stores.schema import APPLICATION, LAYOUTS

PLAIN = (("a", 1.5, None, b"\x00\xff", (), True), [(1, ("x",))], {"k": "v"})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mail.db"


def write(store, content, at=0.0, octets=10_000):
    could = []
    store.write_page(at, content, octets, could.append)
    store.turns.until(lambda: could)
    return could[0]


def test_a_page_comes_out_as_it_went_in():
    assert unpacked(packed(PLAIN)) == PLAIN


@pytest.mark.parametrize("page", [b"", b"1234", packed(PLAIN)[:-1], b"\x00" + packed(PLAIN)[1:]])
def test_a_damaged_page_is_not_read(page):
    with pytest.raises((ValueError, EOFError)):
        unpacked(page)


def test_pages_are_there_after_a_restart_in_their_order(path):
    with opened(path) as store:
        assert list(store.read_pages()) == []
        assert write(store, PLAIN)
        assert write(store, 2)
    with opened(path) as store:
        assert list(store.read_pages()) == [PLAIN, 2]


def test_the_oldest_pages_go_first(path):
    with opened(path) as store:
        for number in range(5):
            write(store, b"%d" % number * 100, octets=350)
        assert [page[:1] for page in store.read_pages()] == [b"2", b"3", b"4"]
    with opened(path) as store:
        write(store, b"5" * 100, octets=350)
        assert [page[:1] for page in store.read_pages()] == [b"3", b"4", b"5"]
        write(store, b"6" * 1000, octets=350)
        assert list(store.read_pages()) == []


def test_pages_grow_old_and_can_be_forgotten(path):
    with opened(path) as store:
        for at in (1.0, 2.0, 3.0):
            write(store, at, at)
        store.expire(2.5)
        settle(store)
        assert list(store.read_pages()) == [3.0]
        store.forget_pages()
        write(store, 4.0)
        assert list(store.read_pages()) == [4.0]


def test_a_damaged_page_is_left_out_and_told(path):
    with opened(path) as store:
        write(store, 1)
        write(store, 2)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE journal SET page = x'0102030405' WHERE number = 1")
    connection.close()
    with opened(path) as store:
        assert list(store.read_pages()) == [2]
        assert store.turns.told == [f"{path}: page 1 of the journal is left out: the check sum is wrong"]


def test_what_cannot_be_written_is_said(path):
    with opened(path) as store:
        assert not write(store, object())
        assert write(store, 1)


def test_where_nothing_can_be_read_the_journal_begins_anew(path):
    path.mkdir()
    with opened(path) as store:
        assert list(store.read_pages()) == []
        (told,) = store.turns.told
        assert told.startswith(f"the journal begins anew: {path}: ")


def test_a_file_of_an_earlier_layout_gets_what_it_lacks(path):
    with opened(path) as store:
        add(store, message(1))
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE journal; ALTER TABLE message DROP COLUMN scopes; PRAGMA user_version=1")
    connection.close()
    with opened(path) as store:
        assert store.usage() == Usage(1, 10, 0)
        assert write(store, 1)
    connection = sqlite3.connect(path)
    told = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    connection.close()
    assert told == [APPLICATION, len(LAYOUTS)]

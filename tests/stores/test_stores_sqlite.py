"""The SQLite store: what it has answered is in the file, whatever becomes of the file or the disk."""

from __future__ import annotations

import sqlite3
import stat
import tempfile
import threading
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import BODY, GREETING, MAIL, House, ready
from stores.opened import IN_MEMORY, PATIENCE, OpenStore, add, message, opened, read, settle

from mocksmtp.stores import Unavailable, Usage, database, table, writer
from mocksmtp.stores.schema import APPLICATION, VERSION, NotOurs, connect


class Watched(sqlite3.Connection):
    """Writes down what it is told; a COMMIT may have to wait."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.said = []
        self.stalled = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()

    def execute(self, statement, *values):
        self.said.append(statement)
        if statement == "COMMIT" and not self.goes_on.is_set():
            self.stalled.set()
            assert self.goes_on.wait(PATIENCE)
        return super().execute(statement, *values)


class Connections(list):
    """Connects, and remembers what it has connected."""

    def __call__(self, path):
        self.append(sqlite3.connect(path, factory=Watched, isolation_level=None, check_same_thread=False))
        return self[-1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "mail.db"


def ids(store):
    return [int(each.id, 16) for each in read(store.newest(100))]


# What is kept.


def test_what_was_answered_is_there_after_a_restart(path):
    with opened(path) as store:
        assert add(store, message(1), message(2, 20)) == [None, None]
    with opened(path) as store:
        assert list(read(store.newest(9))) == [message(2, 20), message(1)]
        assert (store.usage(), store.latest, store.trouble) == (Usage(2, 30, 0), 2, "")
        add(store, message(3))
        assert ids(store) == [3, 2, 1]


def test_smaller_bounds_hold_from_the_start_and_others_when_they_are_set(path):
    with opened(path) as store:
        add(store, *(message(n) for n in range(1, 6)))
    with opened(path, messages=4) as store:
        settle(store)
        assert (ids(store), store.usage()) == ([5, 4, 3, 2], Usage(4, 40, 1))
        store.bound(9, 25)
        settle(store)
        assert (ids(store), store.usage()) == ([5, 4], Usage(2, 20, 3))
        store.bound(9, 100)
        add(store, message(6), message(7))
        assert ids(store) == [7, 6, 5, 4]


def test_the_file_is_its_owners_alone(path):
    with opened(path) as store:
        add(store, message(1))
        files = sorted(path.parent.iterdir())
        assert [each.name for each in files] == ["mail.db", "mail.db-shm", "mail.db-wal"]
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert list(path.parent.iterdir()) == [path]


@given(st.permutations(range(1, 13)), st.integers(1, 6), st.integers(1, 4))
def test_in_whatever_order_transactions_end_the_oldest_go_and_all_are_counted(order, most, looked_up):
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        patched.setattr(table, "LOOKED_UP", looked_up)
        with opened(Path(folder) / "mail.db", messages=most) as store:
            for number in order:
                assert add(store, message(number)) == [None]
            assert store.usage() == Usage(most, most * 10, 12 - most)
            assert len(ids(store)) == most


def test_a_large_page_ends_early_and_the_next_goes_on(path, monkeypatch):
    monkeypatch.setattr(database, "READ_AT_ONCE", 25)
    with opened(path) as store:
        add(store, *(message(n) for n in range(1, 6)))
        assert ids(store) == [5, 4, 3]
        assert [int(each.id, 16) for each in read(store.newest(9, message(3).id))] == [2, 1]


# One thread, one commit for many.


def test_all_that_comes_during_a_commit_shares_the_next(path):
    connections = Connections()
    with opened(path, connect=connections, messages=1000) as store:
        (connection,) = connections
        connection.goes_on.clear()
        answers = []
        store.add(message(1), answers.append)
        assert connection.stalled.wait(PATIENCE)
        for number in range(2, 102):
            store.add(message(number), answers.append)
        connection.said.clear()
        connection.goes_on.set()
        store.turns.until(lambda: len(answers) == 101)
        assert connection.said.count("COMMIT") == 1
        assert sum(statement.startswith("INSERT") for statement in connection.said) == 4  # 32, 32, 32 and 4.
        assert set(answers) == {None}


def test_what_is_gathered_shares_a_commit(path):
    connections, moments, answers = Connections(), [], []
    with opened(path, connect=connections, soon=moments.append) as store:
        (connection,) = connections
        connection.said.clear()
        for number in (1, 2, 3):
            assert not store.add(message(number), answers.append)
        assert (len(moments), answers, connection.said) == (1, [], [])
        moments.pop()()
        store.turns.until(lambda: len(answers) == 3)
        assert (connection.said.count("COMMIT"), answers) == (1, [None] * 3)
        store.add(message(4), answers.append)
        assert len(moments) == 1
    assert answers == [None] * 4  # What is left is written before the file is closed.


def test_large_messages_are_not_copied_all_at_once(path, monkeypatch):
    monkeypatch.setattr(table, "MOST_OCTETS", 100)
    connections = Connections()
    with opened(path, connect=connections) as store:
        connections[0].goes_on.clear()
        answers = []
        store.add(message(1), answers.append)
        assert connections[0].stalled.wait(PATIENCE)
        for number, size in enumerate((60, 60, 500, 10, 10), 2):
            store.add(message(number, size), answers.append)
        connections[0].said.clear()
        connections[0].goes_on.set()
        store.turns.until(lambda: len(answers) == 6)
        assert [s.count("(?") for s in connections[0].said if s.startswith("INSERT")] == [1, 1, 1, 2]


def test_a_stalled_disk_delays_the_250_and_nobody_else(path, monkeypatch):
    house, connections, numbers = House(monkeypatch), Connections(), count(1)
    with opened(path, connect=connections) as store:
        house.listener.store, house.listener.next_id = store, lambda: f"{next(numbers):013X}"
        held, its_wire = ready(house)
        connections[0].goes_on.clear()
        held.dataReceived(MAIL + BODY)
        assert connections[0].stalled.wait(PATIENCE)
        _, wire = house.connect()
        assert wire.said() == [GREETING]
        assert b"250 2.0.0" not in b"".join(its_wire.said())
        assert read(store.newest(9)) == []
        connections[0].goes_on.set()
        store.turns.until(lambda: its_wire.writes)
        assert its_wire.said()[0].startswith(b"250 2.0.0 OK queued as ")


def test_a_disk_that_never_answers_is_told_to_who_removes(path, monkeypatch):
    monkeypatch.setattr(writer, "PATIENCE", 0.01)
    connections = Connections()
    with opened(path, connect=connections) as store:
        connections[0].goes_on.clear()
        with pytest.raises(Unavailable, match="the disk does not answer"):
            read(store.remove([message(1).id]))
        connections[0].goes_on.set()


def test_one_who_fails_to_take_his_answer_keeps_nobody_elses(path):
    connections = Connections()
    with opened(path, connect=connections) as store:
        connections[0].goes_on.clear()
        answers = []
        store.add(message(1), answers.append)
        assert connections[0].stalled.wait(PATIENCE)
        for number, take in enumerate((answers.append, lambda _: 1 / 0, answers.append), 2):
            store.add(message(number), take)
        connections[0].goes_on.set()
        with pytest.raises(ZeroDivisionError):
            store.turns.until(lambda: len(answers) == 3)
        store.turns.until(lambda: len(answers) == 3)


# What goes wrong.


def test_a_full_disk_is_452_and_room_makes_it_250_again(path):
    connections = Connections()
    with opened(path, connect=connections) as store:
        add(store, message(1))
        (connection,) = connections
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")
        (refusal,) = add(store, message(2, 20_000))
        assert (refusal.code, refusal.enhanced) == (452, "4.3.1")
        assert store.usage() == Usage(1, 10, 0)
        assert ids(store) == [1]
        connection.execute(f"PRAGMA max_page_count={pages + 100}")
        assert add(store, message(3, 20_000)) == [None]
        settle(store)
        store.turns.until(lambda: len(store.turns.told) == 2)
        assert store.turns.told == [
            f"{path}: database or disk is full; mail is refused until this is mended",
            f"{path}: mail is kept again",
        ]


def test_a_file_that_cannot_be_written_is_451_and_told_once(path):
    connections = Connections()
    with opened(path, connect=connections) as store:
        connections[0].execute("PRAGMA query_only=ON")
        for number in (1, 2):
            (refusal,) = add(store, message(number))
            assert (refusal.code, refusal.enhanced) == (451, "4.3.0")
        with pytest.raises(Unavailable, match="attempt to write a readonly database"):
            read(store.remove([message(1).id]))
        connections[0].execute("PRAGMA query_only=OFF")
        assert add(store, message(3)) == [None]
        store.turns.until(lambda: len(store.turns.told) == 2)


def test_what_comes_and_goes_is_not_told_each_time(path):
    connections, clock = Connections(), [0.0]
    with opened(path, connect=connections, now=lambda: clock[0]) as store:
        for on in ("ON", "OFF") * 3:
            connections[0].execute(f"PRAGMA query_only={on}")
            add(store, message(1 + len(connections[0].said)))
        settle(store)
        assert ids(store) != []
        clock[0] = 1.0
        settle(store)
        settle(store)
        store.turns.until(lambda: len(store.turns.told) == 2)


def test_a_place_where_no_file_can_be_is_451_until_it_is_mended(path):
    path.parent.write_text("a file, where a directory should be")
    with opened(path) as store:
        assert "File exists" in store.trouble
        assert add(store, message(1))[0].code == 451
        with pytest.raises(Unavailable, match="unable to open database file"):
            read(store.newest(9))
        path.parent.unlink()
        assert add(store, message(2)) == [None]
        assert ids(store) == [2]
        store.turns.until(lambda: store.turns.told)
        assert store.turns.told == [f"{path}: mail is kept again"]


def test_a_mistake_of_ours_is_451_and_told_with_its_traceback(path):
    with opened(path) as store:
        assert add(store, message(1, queue_id="no number"))[0].code == 451
        assert add(store, message(2)) == [None]
        store.turns.until(lambda: len(store.turns.told) == 2)
        assert "ValueError" in store.turns.told[0]


HEADER, PAGE, REST = slice(0, 16), slice(4096, 4396), slice(8192, None)


@pytest.mark.parametrize("where", [HEADER, PAGE, REST], ids=["header", "page", "rest"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path, where):
    with opened(path) as store:
        add(store, *(message(n, 1000) for n in range(1, 40)))
    octets = bytearray(path.read_bytes())
    octets[where] = b"\xa5" * len(octets[where]) if where is not REST else b""
    path.write_bytes(octets)
    with opened(path, now=lambda: 1_700_000_000.0) as store:
        assert (store.trouble, store.usage()) == ("", Usage(0, 0, 0))
        assert add(store, message(50)) == [None]
        assert ids(store) == [50]
        store.turns.until(lambda: store.turns.told)
        aside = path.with_name("mail.db.damaged-20231114T221320Z")
        (told,) = store.turns.told
        assert told.startswith(f"{path} is damaged (")
        assert told.endswith(f"); it is set aside as {aside}, and a new one begun")
        assert aside.read_bytes() == octets


def test_damage_that_shows_later_is_set_aside_too_and_the_message_kept(path):
    connections = Connections()
    with opened(path, connect=connections, now=lambda: 1_700_000_000.0) as store:
        add(store, message(1))
        for ending in ("", "-2"):
            path.with_name(f"mail.db.damaged-20231114T221320Z{ending}").write_text("an earlier one")
        assert ids(store) == [1]
        connections[0].execute("PRAGMA writable_schema=ON")
        connections[0].execute("UPDATE sqlite_master SET rootpage=999 WHERE name='message'")
        connections[0].execute("PRAGMA writable_schema=RESET")
        assert add(store, message(2)) == [None]
        assert ids(store) == [2]
        assert path.with_name("mail.db.damaged-20231114T221320Z-3").exists()
        assert len(connections) == 2


def test_a_file_that_cannot_be_set_aside_is_451(path, monkeypatch):
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be looked at " * 100)
    monkeypatch.setattr(database, "set_aside", lambda path, stamp: path.rename(path / "nowhere"))
    with opened(path) as store:
        assert "Not a directory" in store.trouble
        assert add(store, message(1))[0].code == 451


def test_a_newer_file_and_one_of_another_program_are_not_touched(path):
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (x)")
    before = path.read_bytes()
    with pytest.raises(NotOurs, match="a database of another program"):
        OpenStore(path).open()
    other.execute(f"PRAGMA application_id={APPLICATION}")
    other.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(NotOurs, match=f"made by a newer mocksmtp .layout {VERSION + 1}, this one knows {VERSION}"):
        OpenStore(path.with_name("mail.db")).open()
    other.close()
    assert path.read_bytes()[18:20] == before[18:20]  # The way its log is kept.


def test_two_processes_do_not_share_a_file(path):
    with opened(path), pytest.raises(NotOurs, match="another process has it open"):
        OpenStore(path).open()


def test_a_connection_for_writing_begins_no_transaction_by_itself(path):
    path.parent.mkdir()
    connection = connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (1)")
    assert not connection.in_transaction
    connection.close()

"""What every store keeps to; a new backend is added to STORES."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores.opened import IN_MEMORY, add, message, opened, read, settle

from mocksmtp.stores import Usage
from mocksmtp.stores.memory import MemoryStore

ENDING = contextlib.ExitStack()
"""Closes the SQLite store that was made last."""


def sqlite(messages, octets):
    ENDING.close()
    folder = ENDING.enter_context(tempfile.TemporaryDirectory(dir=IN_MEMORY))
    return ENDING.enter_context(opened(Path(folder) / "mail.db", messages=messages, octets=octets))


STORES = {"memory": MemoryStore, "sqlite": sqlite}
every_store = pytest.mark.parametrize("make", STORES.values(), ids=STORES)


@pytest.fixture(scope="module", autouse=True)
def _closed_at_the_end():
    with ENDING:
        yield


@every_store
def test_an_empty_store(make):
    store = make(3, 100)
    assert (store.usage(), list(read(store.newest(5))), read(store.get("F"))) == (Usage(0, 0, 0), [], None)


@every_store
def test_what_is_added_is_found(make):
    store, one = make(3, 100), message(1)
    assert add(store, one) == [None]
    assert read(store.get(one.id)) == one
    assert store.usage() == Usage(1, 10, 0)


@every_store
def test_newest_first_and_only_older_than_before(make):
    store, all_of_them = make(9, 1000), [message(n) for n in range(1, 6)]
    add(store, *all_of_them)
    newest = all_of_them[::-1]
    assert list(read(store.newest(2))) == newest[:2]
    assert list(read(store.newest(2, newest[1].id))) == newest[2:4]
    assert list(read(store.newest(9, newest[-1].id))) == []
    assert list(read(store.newest(9))) == newest


@every_store
def test_a_message_that_is_gone_still_marks_its_place(make):
    store = make(2, 1000)
    add(store, *(message(n) for n in range(1, 5)))
    assert list(read(store.newest(9, message(4).id))) == [message(3)]
    assert list(read(store.newest(9, message(1).id))) == []


@every_store
def test_too_large_for_the_whole_store_is_refused_and_displaces_nothing(make):
    store = make(3, 100)
    first, second = add(store, message(1), message(2, 101))
    assert first is None
    assert second.code == 452
    assert store.usage() == Usage(1, 10, 0)
    assert add(make(0, 100), message(1))[0].code == 452


@every_store
@given(st.integers(1, 5), st.integers(10, 60), st.lists(st.integers(0, 70), max_size=15), st.integers(1, 20))
def test_bounds_hold_whatever_comes(make, most, octets, sizes, limit):
    store, sent = make(most, octets), [message(n, size) for n, size in enumerate(sizes, 1)]
    answers = add(store, *sent)
    assert len(answers) == len(sent)
    taken = [each for each, answer in zip(sent, answers, strict=True) if answer is None]
    kept = list(read(store.newest(100)))[::-1]
    usage = store.usage()
    assert kept == taken[len(taken) - len(kept) :]
    assert usage == Usage(len(kept), sum(len(m.content) for m in kept), len(taken) - len(kept))
    assert usage.messages <= most
    assert usage.octets <= octets
    assert all(read(store.get(m.id)) is None for m in taken[: len(taken) - len(kept)])
    assert list(read(store.newest(limit))) == kept[::-1][:limit]


@every_store
def test_what_is_removed_is_gone_and_counted_once(make):
    store = make(9, 1000)
    add(store, *(message(n) for n in range(1, 6)))
    assert read(store.remove([message(2).id, message(4).id, message(2).id, "F"])) == 2
    assert list(read(store.newest(9))) == [message(5), message(3), message(1)]
    assert store.usage() == Usage(3, 30, 0)
    assert read(store.remove([m.id for m in read(store.newest(9))])) == 3
    assert store.usage() == Usage(0, 0, 0)
    add(store, message(6))
    assert list(read(store.newest(9))) == [message(6)]


@every_store
def test_what_is_removed_makes_room(make):
    store = make(2, 1000)
    add(store, message(1), message(2))
    read(store.remove([message(1).id]))
    add(store, message(3))
    assert store.usage() == Usage(2, 20, 0)
    add(store, message(4))
    assert list(read(store.newest(9))) == [message(4), message(3)]
    assert store.usage() == Usage(2, 20, 1)


@every_store
def test_what_is_too_much_has_gone_when_somebody_looks(make):
    store = make(5, 1000)
    add(store, *map(message, range(1, 100)))
    settle(store)
    assert store.usage() == Usage(5, 50, 94)
    assert [m.id for m in read(store.newest(9))] == [message(n).id for n in range(99, 94, -1)]
    add(store, *map(message, range(100, 250)))
    assert read(store.remove([message(245).id, message(244).id, message(1).id])) == 1
    settle(store)
    assert store.usage() == Usage(4, 40, 244)


@every_store
def test_what_is_too_old_is_dropped_and_counted(make):
    store = make(9, 1000)
    add(store, *(message(n, received=float(n)) for n in range(1, 5)))
    read(store.remove([message(1).id]))
    store.expire(3.0)
    settle(store)
    assert [m.received for m in read(store.newest(9))] == [4.0, 3.0]
    assert store.usage() == Usage(2, 20, 1)
    store.expire(9.0)
    settle(store)
    assert store.usage() == Usage(0, 0, 3)


@every_store
def test_messages_that_ended_in_another_order_are_read_in_that_of_their_ids(make):
    store = make(9, 1000)
    add(store, message(2), message(1), message(3))
    assert list(read(store.newest(2))) == [message(3), message(2)]
    assert list(read(store.newest(2, message(2).id))) == [message(1)]


@every_store
def test_other_bounds_hold_at_once(make):
    store = make(9, 1000)
    add(store, *(message(n) for n in range(1, 6)))
    store.bound(4, 1000)
    settle(store)
    assert store.usage() == Usage(4, 40, 1)
    store.bound(9, 25)
    settle(store)
    assert store.usage() == Usage(2, 20, 3)
    assert list(read(store.newest(9))) == [message(5), message(4)]

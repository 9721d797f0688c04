"""Finding messages, a page at a time."""

from __future__ import annotations

import pytest

from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.envelope import Message
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.finding import PAGE, accepted, newest


def result(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a memory store makes nobody wait")


@pytest.fixture(scope="module")
def store():
    """Three pages of messages and one more; every third was refused."""
    kept = MemoryStore(10_000, 10_000)
    for number in range(3 * PAGE + 1):
        message = Message(f"{number:05}", "S", "smtp", "::1", "", None, None, NULL_PATH, {}, (), b"", 0.0)
        kept.add(message._replace(refused=number % 3 == 0), lambda refusal: None)
    return kept


def numbers(store, limit, before=None, wanted=accepted):
    return [int(m.id) for m in result(newest(store, limit, before, wanted))]


def test_the_newest_that_are_wanted(store):
    assert numbers(store, 4) == [599, 598, 596, 595]
    assert numbers(store, 2, "00596") == [595, 593]
    assert len(numbers(store, 5000)) == 2 * PAGE
    assert numbers(store, 3, wanted=lambda m: m.id < "00007") == [6, 5, 4]
    assert numbers(store, 3, wanted=lambda m: False) == []

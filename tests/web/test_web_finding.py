"""Finding messages, a page at a time."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.envelope import Message
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.finding import PAGE, newest, within
from mocksmtp.web.search import MessageSearch


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
        session = "early" if number < 7 else "late"
        message = Message.of(f"{number:05}", session, "smtp", "::1", "", None, None, NULL_PATH, {}, (), b"", 0.0)
        kept.add(message._replace(refused=number % 3 == 0), lambda refusal: None)
    return kept


def numbers(store, limit, before=None, **asked):
    return [int(m.id) for m in result(newest(store, Clock(), MessageSearch(**asked), limit, before))]


def test_the_newest_that_are_wanted(store):
    assert numbers(store, 4) == [599, 598, 596, 595]
    assert numbers(store, 2, "00596") == [595, 593]
    assert len(numbers(store, 5000)) == 2 * PAGE
    assert numbers(store, 3, refused="all", session="early") == [6, 5, 4]
    assert numbers(store, 3, session="none") == []


def test_so_much_may_stand_in_one_answer():
    messages = [
        Message.of(str(n), "S", "smtp", "::1", "", None, None, NULL_PATH, {}, (), b"x" * 10, 0.0) for n in range(5)
    ]
    assert within(messages, 35) == messages[:3]
    assert within(messages, 5) == messages[:1]
    assert within([], 5) == []

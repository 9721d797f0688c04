"""Stores for tests: one that runs in the test's own thread, and is closed when the test ends."""

from __future__ import annotations

import contextlib
from functools import partial
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.envelope import Message
from mocksmtp.stores.schema import connect
from mocksmtp.stores.sqlite import SqliteStore

PATIENCE = 30
"""Seconds to wait for the thread that writes."""

IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder that waits for no disk."""


class Turns:
    """The reactor, as far as a store knows it: the test's thread is its thread."""

    def __init__(self):
        self._calls = SimpleQueue()
        self.told = []

    def call(self, function, *arguments):
        """Run a function at a turn to come; any thread may ask."""
        self._calls.put((function, arguments))

    async def in_thread(self, work):
        """Run what blocks: here it may."""
        return work()

    def until(self, done):
        """Make turns until there is nothing more to wait for."""
        while not done():
            function, arguments = self._calls.get(timeout=PATIENCE)
            function(*arguments)


class OpenStore(SqliteStore):
    """A SQLite store whose ``turns`` the test makes."""

    def __init__(self, path, messages=100, octets=100_000, connect=connect, now=None, **named):
        """Each look at the clock is a minute after the last, unless a test has its own."""
        self.turns = Turns()
        now = now or count(0.0, 60.0).__next__
        super().__init__(
            path,
            messages,
            octets,
            self.turns.call,
            self.turns.in_thread,
            now,
            self.turns.told.append,
            connect,
            **named,
        )

    def shut(self):
        closed = []
        self.close(lambda: closed.append(True))
        self.turns.until(lambda: closed)


@contextlib.contextmanager
def opened(path, **named):
    """Open a store, and close it in good order."""
    store = OpenStore(path, **named)
    store.trouble = store.open()
    try:
        yield store
    finally:
        store.shut()


def message(number, size=10, received=0.0, queue_id=None):
    """Make a message with this number as its id, or with another one."""
    return Message.of(
        queue_id or f"{number:013X}", "S", "smtp", "::1", "", None, None, NULL_PATH, {}, (), b"x" * size, received
    )


def add(store, *messages):
    """Add messages, and return how each was answered."""
    answers = {}
    for each in messages:
        if store.add(each, partial(answers.__setitem__, each.id)):
            answers[each.id] = None
    if isinstance(store, OpenStore):
        store.turns.until(lambda: len(answers) == len(messages))
    return [answers[each.id] for each in messages]


def read(answer):
    """Return what a store answers without a pause."""
    try:
        answer.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the store has to wait")


def settle(store):
    """Wait until all is done that was asked before."""
    read(store.remove([]))

"""The table of messages: what is written into it, and how it keeps within its bounds."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain

from mocksmtp.smtp.envelope import Taken
from mocksmtp.stores import Usage
from mocksmtp.stores.rows import COLUMNS, CONTENT_AT, LAST, Row, row_of

MOST_ROWS = 32
MOST_OCTETS = 256 * 1024
"""Rows of one INSERT, and about how much content: SQLite copies what it is given."""

LOOKED_UP = 500
"""How many of the oldest messages are looked up at once when room has to be made."""

ONE_ROW = f"({','.join('?' * len(COLUMNS))})"
INTO = f"INSERT INTO message ({', '.join(COLUMNS)}) VALUES"
INSERT = [f"{INTO} {','.join([ONE_ROW] * count)}" for count in range(MOST_ROWS + 1)]
"""A statement for each number of rows: many rows in one call cost less than a call for each."""

COUNT = "SELECT count(*), ifnull(sum(length(content)), 0) FROM message"
LATEST = "SELECT ifnull(max(id), 0) FROM message"
OLDEST = "SELECT id, length(content) FROM message WHERE id > ? ORDER BY id LIMIT ?"
FIRST_SINCE = "SELECT id FROM message WHERE received >= ? ORDER BY id LIMIT 1"
AMONG = "WHERE id IN (SELECT value FROM json_each(?))"


class MessageTable:
    """Knows how full the table is without asking.

    What is done in a transaction counts when ``committed`` is called, and is forgotten by
    ``rolled_back``.  ``usage`` may be read by any thread.
    """

    def __init__(self, messages: int, octets: int) -> None:
        """Take the bounds: a number of messages, and octets of content."""
        self.most = messages
        self.most_octets = octets
        self.usage = Usage(0, 0, 0)
        self.latest = 0
        self._then = self.usage
        self._oldest: deque[tuple[int, int]] = deque()

    def opened(self, connection: sqlite3.Connection) -> None:
        """See what is in the table."""
        messages, octets = connection.execute(COUNT).fetchone()
        (self.latest,) = connection.execute(LATEST).fetchone()
        self.usage = Usage(messages, octets, self.usage.dropped)
        self.rolled_back()

    def committed(self) -> None:
        """What was done is on the disk."""
        self.usage = self._then

    def rolled_back(self) -> None:
        """What was done is undone."""
        self._then = self.usage
        self._oldest.clear()

    def insert(self, connection: sqlite3.Connection, messages: Sequence[Taken]) -> None:
        """Write messages, and make room for them."""
        rows = [row_of(message) for message in messages]
        for some in _portions(rows):
            connection.execute(INSERT[len(some)], [*chain.from_iterable(some)])
        if self._oldest and min([row[0] for row in rows]) < self._oldest[-1][0]:
            self._oldest.clear()  # A transaction took long: its message is older than some that were looked up.
        then = self._then
        octets = then.octets + sum([len(row[CONTENT_AT]) for row in rows])
        self._then = Usage(then.messages + len(rows), octets, then.dropped)
        self.make_room(connection)

    def make_room(self, connection: sqlite3.Connection) -> None:
        """Drop the oldest messages as long as there are too many."""
        messages, octets, dropped = self._then
        last = 0
        while messages > self.most or octets > self.most_octets:
            if not self._oldest:
                self._oldest.extend(connection.execute(OLDEST, (last, LOOKED_UP)))
            last, size = self._oldest.popleft()
            messages, octets, dropped = messages - 1, octets - size, dropped + 1
        if last:
            connection.execute("DELETE FROM message WHERE id <= ?", (last,))
            self._then = Usage(messages, octets, dropped)

    def expire(self, connection: sqlite3.Connection, before: float) -> None:
        """Drop what was received before this moment."""
        first = connection.execute(FIRST_SINCE, (before,)).fetchone()
        removed = self._delete(connection, "WHERE id < ?", first[0] if first else LAST)
        self._then = self._then._replace(dropped=self._then.dropped + removed)

    def remove(self, connection: sqlite3.Connection, keys: Sequence[int]) -> int:
        """Remove messages by their keys; return how many were there."""
        return self._delete(connection, AMONG, json.dumps(keys))

    def _delete(self, connection: sqlite3.Connection, which: str, value: int | str) -> int:
        messages, octets = connection.execute(f"{COUNT} {which}", (value,)).fetchone()
        if messages:
            connection.execute(f"DELETE FROM message {which}", (value,))
            self._oldest.clear()
            then = self._then
            self._then = Usage(then.messages - messages, then.octets - octets, then.dropped)
        return int(messages)


def _portions(rows: list[Row]) -> Iterator[list[Row]]:
    """Cut a batch into what one INSERT takes."""
    some: list[Row] = []
    octets = 0
    for row in rows:
        size = len(row[CONTENT_AT])
        if some and (len(some) == MOST_ROWS or octets + size > MOST_OCTETS):
            yield some
            some, octets = [], 0
        some.append(row)
        octets += size
    yield some

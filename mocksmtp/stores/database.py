"""The database of the SQLite store: one connection that writes, and those that read beside it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mocksmtp.stores import Unavailable
from mocksmtp.stores.rows import Row
from mocksmtp.stores.schema import Connect, connect_reading, lock, prepare, set_aside

READ_AT_ONCE = 64 * 1024 * 1024
"""Octets after which what is read at once ends."""


class Database:
    """Opens the file when it is wanted, again after a failure, and sets a damaged one aside.

    The thread that writes calls all but ``select``, which any thread may call.
    """

    def __init__(
        self, path: Path, connect: Connect, now: Callable[[], float], tell: Callable[[str], object]
    ) -> None:
        """``connect`` makes the connection that writes, ``now`` is the clock, ``tell`` takes lines for people."""
        self.path = path
        self._connect = connect
        self._now = now
        self._tell = tell
        self._lock: int | None = None
        self._writing: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._opened = 0

    def writing(self, opened: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
        """Return the connection that writes; ``opened`` is told when it had to be made.

        Raises sqlite3.Error, OSError and NotOurs.
        """
        if self._writing is not None:
            return self._writing
        self._lock = lock(self.path)
        try:
            self._writing = self._connect(self.path)
            prepare(self._writing, self.path)
            opened(self._writing)
        except BaseException:
            self.close()
            raise
        return self._writing

    def set_aside(self, error: sqlite3.Error) -> None:
        """Rename a damaged file, so that the next one to write begins a new one.  Raises OSError."""
        self.close()
        stamp = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = set_aside(self.path, stamp)
        self._tell(f"{self.path} is damaged ({error}); it is set aside as {aside}, and a new one begun")

    def roll_back(self) -> None:
        """Undo a transaction that failed; where not even that is possible, the file is opened anew."""
        try:
            if self._writing is not None and self._writing.in_transaction:
                self._writing.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()

    def close(self) -> None:
        """Close all connections; the last one writes SQLite's log into the file."""
        self._opened += 1
        while self._idle:
            with suppress(IndexError, sqlite3.Error):
                self._idle.pop().close()
        if self._writing is not None:
            with suppress(sqlite3.Error):
                self._writing.close()
            self._writing = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def select(self, statement: str, values: Sequence[Any], large: int) -> list[Row]:
        """Return the rows that a SELECT finds, until what is in the column ``large`` has READ_AT_ONCE octets.

        Raises Unavailable.
        """
        found: list[Row] = []
        octets = 0
        try:
            with self._reading() as connection:
                for row in connection.execute(statement, values):
                    found.append(row)
                    octets += len(row[large])
                    if octets > READ_AT_ONCE:
                        break
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(f"{self.path}: {error}") from error
        return found

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that reads: one at a time to each who asks, kept for the next."""
        opened = self._opened
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = connect_reading(self.path)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if opened == self._opened:
            self._idle.append(connection)
        else:
            connection.close()  # The file is another one by now.

"""The thread that writes: all that came while it wrote goes into its next commit."""

from __future__ import annotations

import errno
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from math import inf
from queue import SimpleQueue
from typing import Any, TypeVar

from mocksmtp.smtp import replies
from mocksmtp.smtp.envelope import Taken
from mocksmtp.smtp.reply import Reply
from mocksmtp.stores import Unavailable
from mocksmtp.stores.database import Database
from mocksmtp.stores.pages import PageTable
from mocksmtp.stores.schema import DAMAGED, PATIENCE, NotOurs, code_of
from mocksmtp.stores.table import MessageTable

Stored = Callable[[Reply | None], None]
Add = tuple[Taken, Stored]
Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]
"""Something to do in a transaction."""

NO_SPACE = Reply(452, "Insufficient system storage", "4.3.1")
NO_SPACE_LEFT = frozenset({errno.ENOSPC, errno.EDQUOT})

EXPECTED = (sqlite3.Error, OSError, NotOurs)
"""What can go wrong with a file; anything else is a mistake of ours, and told with its traceback."""

PAUSE = 1.0
"""Seconds between lines on trouble and its end: a disk that is nearly full takes some messages and not others."""

MOST_TAKEN = 1024
"""What may share a commit: so many times what came close together."""


class CannotWrite(Exception):
    """A transaction could not be done, and nothing of it was; ``reply`` is what clients are told."""

    def __init__(self, text: str, reply: Reply) -> None:
        super().__init__(text)
        self.reply = reply


class Writer:
    """Takes messages in any number, writes them together, and says so when they are on the disk."""

    def __init__(
        self,
        database: Database,
        table: MessageTable,
        pages: PageTable,
        now: Callable[[], float],
        call: Callable[..., object],
        tell: Callable[[str], None],
    ) -> None:
        """``now`` is the clock; ``call`` runs a function in the reactor's thread, where ``tell`` tells people."""
        self._database = database
        self._table = table
        self._pages = pages
        self._now = now
        self._call = call
        self._tell = tell
        self._queue: SimpleQueue[list[Add] | Callable[[], object]] = SimpleQueue()
        self._trouble = self._told = ""
        self._told_at = -inf
        self._going_on = True
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        # Takes messages, each with whom to tell; nothing stands between them and the queue.
        self.put: Callable[[list[Add]], None] = self._queue.put

    # For other threads.

    def open(self) -> str:
        """Open the file and begin to write; return what is wrong if it cannot be written now.

        Raises NotOurs.
        """
        with suppress(
            sqlite3.Error, OSError
        ):  # The first transaction meets it again, and does what is to be done.
            self._database.writing(self._opened)
        with suppress(CannotWrite):
            self._do(self._table.make_room)
        self._told = self._trouble
        self._thread.start()
        return self._trouble

    def do(self, work: Work[Any], done: Callable[[bool], None] | None = None) -> None:
        """Do some work when its turn comes; then say whether it could be done (people are told why not)."""

        def turn() -> None:
            could = True
            try:
                self._do(work)
            except CannotWrite:
                could = False
            if done is not None:
                self._call(done, could)

        self._queue.put(turn)

    def ask(self, work: Work[Result]) -> Result:
        """Do some work, wait for it, and return its result; not for the reactor's thread.  Raises Unavailable."""
        result: Future[Result] = Future()

        def turn() -> None:
            try:
                result.set_result(self._do(work))
            except CannotWrite as error:
                result.set_exception(Unavailable(str(error)))

        self._queue.put(turn)
        try:
            return result.result(PATIENCE)
        except TimeoutError:
            raise Unavailable(f"{self._database.path}: the disk does not answer") from None

    def close(self, closed: Callable[[], None]) -> None:
        """Write what is left, close the file, and end; then call ``closed``."""

        def end() -> None:
            self._going_on = False
            self._database.close()
            self._call(closed)

        self._queue.put(end)

    # The thread.

    def _run(self) -> None:
        while self._going_on:
            batch: list[Add] = []
            for each in self._taken():
                if isinstance(each, list):
                    batch += each
                else:
                    self._keep(batch)
                    batch = []
                    each()
            self._keep(batch)
            if self._told != self._trouble and self._now() - self._told_at >= PAUSE:
                self._tell_news()

    def _tell_news(self) -> None:
        self._told, self._told_at = self._trouble, self._now()
        refused = f"{self._trouble}; mail is refused until this is mended"
        self._call(self._tell, refused if self._trouble else f"{self._database.path}: mail is kept again")

    def _taken(self) -> list[list[Add] | Callable[[], object]]:
        """Wait for something to do, and return it with all that has come by now."""
        queue = self._queue
        first = queue.get()
        return [first, *[queue.get_nowait() for _ in range(min(queue.qsize(), MOST_TAKEN - 1))]]

    def _keep(self, batch: list[Add]) -> None:
        if not batch:
            return
        refusal = None
        try:
            self._do(lambda connection: self._table.insert(connection, [message for message, _ in batch]))
            self._trouble = ""
        except CannotWrite as error:
            refusal = error.reply
        self._call(self._answer, iter([stored for _, stored in batch]), refusal)

    def _answer(self, batch: Iterator[Stored], refusal: Reply | None) -> None:
        """In the reactor's thread: tell each who waits for the commit."""
        try:
            for stored in batch:
                stored(refusal)
        except BaseException:
            self._call(self._answer, batch, refusal)  # The others are owed their answer all the same.
            raise

    def _do(self, work: Work[Result]) -> Result:
        """Do some work in a transaction; a damaged file is set aside, and the work done in a new one.

        Raises CannotWrite.
        """
        try:
            try:
                result = self._commit(work)
            except sqlite3.Error as error:
                if code_of(error) not in DAMAGED:
                    raise
                self._database.set_aside(error)
                result = self._commit(work)
        except Exception as error:
            raise self._failed(error) from error
        return result

    def _commit(self, work: Work[Result]) -> Result:
        connection = self._database.writing(self._opened)
        connection.execute("BEGIN IMMEDIATE")
        result = work(connection)
        connection.execute("COMMIT")
        self._table.committed()
        return result

    def _opened(self, connection: sqlite3.Connection) -> None:
        self._table.opened(connection)
        self._pages.rolled_back()

    def _failed(self, error: Exception) -> CannotWrite:
        """Leave all as it was before the transaction, and return what to raise."""
        self._table.rolled_back()
        self._pages.rolled_back()
        self._database.roll_back()
        reply = NO_SPACE if _is_full(error) else replies.NOT_STORED
        text = _words(error) if isinstance(error, EXPECTED) else traceback.format_exc()
        self._trouble = f"{self._database.path}: {text}"
        return CannotWrite(self._trouble, reply)


def _is_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return code_of(error) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in NO_SPACE_LEFT


def _words(error: Exception) -> str:
    return f"{error.strerror} ({error.filename})" if isinstance(error, OSError) else str(error)

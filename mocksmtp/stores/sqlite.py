"""Messages in a SQLite file: what was answered 250 is on the disk, and is there after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mocksmtp.smtp.envelope import CONTENT, Message, Taken
from mocksmtp.smtp.reply import Reply
from mocksmtp.stores import Unavailable, Usage
from mocksmtp.stores.database import Database
from mocksmtp.stores.memory import FULL
from mocksmtp.stores.pages import READ, PageTable, unpacked
from mocksmtp.stores.rows import COLUMNS, CONTENT_AT, LAST, key_of, message_of, place_of
from mocksmtp.stores.schema import connect
from mocksmtp.stores.table import MessageTable
from mocksmtp.stores.writer import Add, Writer

LARGEST = 999_000_000
"""Octets of content that SQLite takes in one row, and room for the rest of it."""

SELECT = f"SELECT {', '.join(COLUMNS)} FROM message WHERE"

Found = TypeVar("Found")


class InThread(Protocol):
    """Runs work that blocks where it blocks nobody."""

    def __call__(self, work: Callable[[], Found], /) -> Awaitable[Found]:
        """Return what the work returns."""
        ...


class SqliteStore:
    """Keeps messages in the order of their queue ids; the oldest goes first and is counted.

    Writes happen in one thread of its own, reads in those that it is given.
    """

    def __init__(
        self,
        path: Path,
        messages: int,
        octets: int,
        call: Callable[..., object],
        in_thread: InThread,
        now: Callable[[], float],
        tell: Callable[[str], None],
        connect: Callable[[Path], sqlite3.Connection] = connect,
        soon: Callable[[Callable[[], object]], object] = lambda work: work(),
    ) -> None:
        """Take the file and the bounds: a number of messages, and octets of content.

        ``call`` runs a function in the reactor's thread, ``in_thread`` runs one elsewhere;
        ``tell`` takes lines for people; ``soon`` has messages handed over, when no more
        come or at once.
        """
        self._database = Database(path, connect, now, lambda text: call(tell, text))
        self._table = MessageTable(messages, octets)
        self._pages = PageTable()
        self._writer = Writer(self._database, self._table, self._pages, now, call, tell)
        self._tell = tell
        self._in_thread = in_thread
        self._soon = soon
        self._gathered: list[Add] = []

    def open(self) -> str:
        """Open the file; return what is wrong if it cannot be written now, nothing if all is well.

        Raises NotOurs.
        """
        return self._writer.open()

    @property
    def latest(self) -> int:
        """The highest queue id that was there when the file was opened, as a number."""
        return self._table.latest

    def add(self, message: Taken, stored: Callable[[Reply | None], None]) -> bool:
        """Keep a message, and say so when it is on the disk."""
        table = self._table
        if not table.most or len(message[CONTENT]) > min(table.most_octets, LARGEST):
            stored(FULL)
        else:
            self._gathered.append((message, stored))
            if len(self._gathered) == 1:
                self._soon(self._hand_over)
        return False

    def _hand_over(self) -> None:
        """Have what was gathered written: what came close together shares a commit."""
        gathered, self._gathered = self._gathered, []
        if gathered:
            self._writer.put(gathered)

    async def get(self, message_id: str) -> Message | None:
        """Return the message with this queue id, None if it is not there."""
        found = await self._select("id = ?", key_of(message_id))
        return found[0] if found else None

    async def newest(self, limit: int, before: str | None = None) -> Sequence[Message]:
        """Return up to ``limit`` messages, newest first, or only those older than an id."""
        place = LAST if before is None else place_of(before)
        return await self._select("id < ? ORDER BY id DESC LIMIT ?", place, limit)

    async def _select(self, condition: str, *values: Any) -> list[Message]:
        rows = await self._in_thread(lambda: self._database.select(f"{SELECT} {condition}", values, CONTENT_AT))
        return [message_of(row) for row in rows]

    async def remove(self, message_ids: Iterable[str]) -> int:
        """Keep these messages no longer; return how many of them were there."""
        keys = [key_of(each) for each in message_ids]
        return await self._in_thread(
            lambda: self._writer.ask(lambda connection: self._table.remove(connection, keys))
        )

    def expire(self, before: float) -> None:
        """Drop messages that were received before this moment, in seconds since the epoch."""
        self._writer.do(lambda connection: self._expire(connection, before))

    def _expire(self, connection: sqlite3.Connection, before: float) -> None:
        self._table.expire(connection, before)
        self._pages.expire(connection, before)

    def usage(self) -> Usage:
        """Say how full the store is."""
        return self._table.usage

    def bound(self, messages: int, octets: int) -> None:
        """Keep to other bounds from now on."""
        self._table.most, self._table.most_octets = messages, octets
        self._writer.do(self._table.make_room)

    # The journal's pages.

    def write_page(self, at: float, content: Any, octets: int, done: Callable[[bool], None]) -> None:
        """Keep a page of plain values, and of all pages about so many octets; then say if that could be done."""
        self._writer.do(lambda connection: self._pages.write(connection, at, content, octets), done)

    def forget_pages(self) -> None:
        """Keep no page that was written before."""
        self._writer.do(self._pages.forget)

    def read_pages(self) -> Iterator[Any]:
        """Yield what pages hold, in order, those that are damaged left out; not in the reactor's thread."""
        last = 0
        try:
            while rows := self._database.select(READ, (last,), 1):
                for last, page in rows:
                    try:
                        yield unpacked(page)
                    except (ValueError, EOFError, TypeError) as error:
                        self._tell(f"{self._database.path}: page {last} of the journal is left out: {error}")
        except Unavailable as error:
            self._tell(f"the journal begins anew: {error}")

    def close(self, closed: Callable[[], None]) -> None:
        """Write what is left, then call ``closed``."""
        self._hand_over()
        self._writer.close(closed)

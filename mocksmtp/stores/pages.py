"""The table of the journal's pages: plain values in Python's own format, with a check sum."""

from __future__ import annotations

import marshal
import sqlite3
from typing import Any
from zlib import crc32

FORMAT = 4
"""The version of the format, which every Python that we support reads."""

SUM = 4
"""Octets of the check sum before a page: ``marshal`` trusts what it reads, and must not be given damage."""

READ = "SELECT number, page FROM journal WHERE number > ? ORDER BY number"
OLDEST = "SELECT number, at, length(page) FROM journal ORDER BY number LIMIT 1"


class PageTable:
    """Pages in the order in which they were written; the oldest goes first."""

    def __init__(self) -> None:
        self._octets: int | None = None  # Not known.

    def rolled_back(self) -> None:
        """What was done is undone, or the file is another one."""
        self._octets = None

    def write(self, connection: sqlite3.Connection, at: float, content: Any, most: int) -> None:
        """Write a page; drop the oldest as long as all of them have more than so many octets."""
        page = packed(content)
        connection.execute("INSERT INTO journal (at, page) VALUES (?, ?)", (at, page))
        if self._octets is None:
            (self._octets,) = connection.execute("SELECT sum(length(page)) FROM journal").fetchone()
        else:
            self._octets += len(page)
        while self._octets > most:
            number, _, octets = connection.execute(OLDEST).fetchone()
            connection.execute("DELETE FROM journal WHERE number = ?", (number,))
            self._octets -= octets

    def expire(self, connection: sqlite3.Connection, before: float) -> None:
        """Drop the pages that were written before this moment."""
        while (oldest := connection.execute(OLDEST).fetchone()) is not None and oldest[1] < before:
            connection.execute("DELETE FROM journal WHERE number = ?", oldest[:1])
            self._octets = None

    def forget(self, connection: sqlite3.Connection) -> None:
        """Drop all pages."""
        connection.execute("DELETE FROM journal")
        self._octets = None


def packed(content: Any) -> bytes:
    """Return a page as it is written."""
    octets = marshal.dumps(content, FORMAT)
    return crc32(octets).to_bytes(SUM, "big") + octets


def unpacked(page: bytes) -> Any:
    """Return what was packed.  Raises ValueError for what was not."""
    octets = page[SUM:]
    if crc32(octets).to_bytes(SUM, "big") != page[:SUM]:
        raise ValueError("the check sum is wrong")
    return marshal.loads(octets)

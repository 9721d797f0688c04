"""The file of the SQLite store: how it is opened, what is in it, and what becomes of a damaged one.

Settings of SQLite: the log before the file (``journal_mode=WAL``), so that a commit is one
write and one fdatasync, and nobody who reads waits for it; ``synchronous=FULL``, so that the
fdatasync comes before the commit has succeeded.  Measured: docs/decisions/sqlite.md.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from itertools import chain
from pathlib import Path

APPLICATION = 0x6D6F636B
"""What tells our files from others (``PRAGMA application_id``): "mock" in ASCII."""

PATIENCE = 5.0
"""Seconds to wait for a lock that another program, a backup for instance, has on the file."""

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

COMPANIONS = ("-wal", "-shm")
"""Endings of the files that SQLite keeps beside its own."""

SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=OFF",
    "PRAGMA temp_store=MEMORY",
    f"PRAGMA journal_size_limit={64 << 20}",
)

LAYOUTS = (
    (
        "CREATE TABLE message (id INTEGER PRIMARY KEY, session TEXT NOT NULL, listener TEXT NOT NULL,"
        " client TEXT NOT NULL, helo TEXT NOT NULL, tls TEXT, auth TEXT, mail TEXT NOT NULL, params TEXT,"
        " recipients TEXT NOT NULL, content BLOB NOT NULL, received REAL NOT NULL, rule TEXT,"
        " reply BLOB NOT NULL, refused INTEGER NOT NULL)",
    ),
    ("CREATE TABLE journal (number INTEGER PRIMARY KEY, at REAL NOT NULL, page BLOB NOT NULL)",),
    ("ALTER TABLE message ADD COLUMN scopes TEXT",),
)
"""What leads from each layout of the tables to the next; a change is another entry, for files that are there.

How many a file has seen is in its ``PRAGMA user_version``.
"""

VERSION = len(LAYOUTS)

Connect = Callable[[Path], sqlite3.Connection]


class NotOurs(ValueError):
    """The file is not to be written to; the text says why."""


def connect(path: Path) -> sqlite3.Connection:
    """Connect for writing; each statement stands for itself unless it says BEGIN."""
    return sqlite3.connect(path, PATIENCE, isolation_level=None, check_same_thread=False)


def connect_reading(path: Path) -> sqlite3.Connection:
    """Connect for reading."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, PATIENCE, isolation_level=None, check_same_thread=False, uri=True)


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; 0 where the error is not SQLite's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def lock(path: Path) -> int:
    """Make the file if it is not there, for its owner alone, and lock it; return what holds the lock.

    The descriptor must stay open as long as SQLite uses the file: closing it would take
    SQLite's own locks away.  Raises OSError and NotOurs.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise NotOurs(f"{path}: another process has it open") from None
    if new:
        _keep_name(path.parent)
    return descriptor


def _keep_name(folder: Path) -> None:
    """Bring the names in a folder to the disk: a file is not there after a power cut if its name is not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Look whether the file is ours and sound, and make the tables that are not there yet.

    Raises sqlite3.Error and NotOurs.
    """
    version = _version(connection, path)
    for setting in SETTINGS:
        connection.execute(setting)
    _check_sound(connection)
    if version < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        for statement in chain.from_iterable(LAYOUTS[version:]):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the layout of the file, 0 where it is new."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not tables:
        return 0
    if application != APPLICATION:
        raise NotOurs(f"{path}: a database of another program")
    if version > VERSION:
        raise NotOurs(f"{path}: made by a newer mocksmtp (layout {version}, this one knows {VERSION})")
    return int(version)


def _check_sound(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT  # As where SQLite meets damage by itself.
        raise error


def set_aside(path: Path, stamp: str) -> Path:
    """Rename a damaged file and its companions, and return the new name."""
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    for ending in ("", *COMPANIONS):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    return aside

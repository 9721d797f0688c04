"""Which store keeps mail and journal, as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.threads import deferToThreadPool

from mocksmtp.journal import Journal, Pages, WriteBehind
from mocksmtp.net.turn import TURN
from mocksmtp.stores.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from mocksmtp.config.settings import CaptureSettings, Settings
    from mocksmtp.stores import Store
    from mocksmtp.stores.sqlite import SqliteStore

FILE = "mail.db"
"""The name of the SQLite file in ``data``."""

SHARE_OF_JOURNAL = 8
"""The journal may take this part of the octets that messages may take, beside them."""


def make_store(settings: Settings, reactor: Any, say: Callable[[str], None]) -> tuple[Store, int]:
    """Make the store that is asked for; return it, and the highest queue id that is in it, as a number.

    The one under ``data`` is in memory where ``data`` is unset or cannot be written, as all
    that lives there.  Raises ValueError for a file that is not to be touched.
    """
    capture = settings.capture
    in_memory = MemoryStore(capture.messages, capture.octets)
    if capture.store.kind == "memory":
        return in_memory, 0
    path = capture.store.file or (settings.data / FILE if settings.data is not None else None)
    if path is None:
        say("capture.store: sqlite has no data directory to live in; mail is kept in memory")
        return in_memory, 0
    store = _sqlite(path, settings, reactor, say)
    trouble = store.open()
    if trouble and capture.store.file is None:
        say(f"{trouble}; mail is kept in memory")
        store.close(lambda: None)
        return in_memory, 0
    if trouble:
        say(f"{trouble}; mail is refused until this is mended")
    return store, store.latest


def journal_bounds(capture: CaptureSettings) -> tuple[int, int, float | None, bool]:
    """Return what bounds the journal: sessions, octets, age, and whether it keeps refusals."""
    return capture.sessions, capture.octets // SHARE_OF_JOURNAL, capture.age, capture.refused


def begin_journal(store: Store, journal: Journal) -> tuple[WriteBehind, int]:
    """Put back what the store has kept of the journal.

    Returns what writes there what is new, and the highest id of a session that was kept.
    """
    behind = WriteBehind(journal, store if isinstance(store, Pages) else None)
    return behind, behind.restore()


def _sqlite(path: Path, settings: Settings, reactor: Any, say: Callable[[str], None]) -> SqliteStore:
    from mocksmtp.stores.sqlite import SqliteStore  # Who keeps mail in memory needs no SQLite.

    def call(function: Callable[..., object], *arguments: Any) -> None:
        # Those whose messages share a commit are answered together.
        reactor.callFromThread(TURN.do, function, *arguments)

    return SqliteStore(
        path, settings.capture.messages, settings.capture.octets, call,
        lambda work: deferToThreadPool(reactor, reactor.getThreadPool(), work), reactor.seconds, say,
        soon=TURN.before_rest,
    )  # fmt: skip

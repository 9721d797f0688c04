"""Written behind: what is new in the journal goes to where it outlives the process, and comes back from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, Protocol, runtime_checkable

from mocksmtp.journal.attempts import Attempt
from mocksmtp.journal.chunks import Chunk, cost, count, pack, unpack
from mocksmtp.journal.keeping import Journal
from mocksmtp.journal.sessions import (
    CHUNKS,
    CLOSED_AT,
    DROPPED,
    ID,
    OCTETS,
    Flat,
    OpenSession,
    SessionRecord,
)
from mocksmtp.smtp.notes import Note
from mocksmtp.smtp.record import Record

MOST_ATTEMPTS = 20_000
MOST_SESSIONS = 10_000
"""What one page may hold; the rest is for the next."""

Told = tuple[Flat, int, list[Note]]
"""Of a session: its record without notes, the place of the first note that is new, and the new notes."""


@runtime_checkable
class Pages(Protocol):
    """Keeps pages of plain values, the oldest first to go."""

    def write_page(self, at: float, content: Any, octets: int, done: Callable[[bool], None]) -> None:
        """Keep a page, and of all pages about so many octets; then say if that could be done."""
        ...

    def forget_pages(self) -> None:
        """Keep no page that was written before."""
        ...

    def read_pages(self) -> Iterable[Any]:
        """Yield what pages hold, in order."""
        ...


SHAPE = (Attempt._fields, SessionRecord._fields)
"""Stands before what a page holds; one of another shape is another version's, and left out."""


class Page(NamedTuple):
    """What was new at one look: when, numbered attempts, and sessions."""

    at: float
    attempts: list[tuple[int, Record]]
    sessions: list[Told]


class Marks(NamedTuple):
    """How far has been written: attempts by number, sessions that have ended, and notes of those that are open."""

    attempts: int
    ended: int
    notes: Mapping[str, int]


class WriteBehind:
    """Hands on what is new, a page at a time.

    While a page is under way there is no other; what the journal drops before its turn
    comes is not written, and counted by the journal.
    """

    def __init__(self, journal: Journal, pages: Pages | None) -> None:
        """``pages`` None: nothing outlives the process."""
        self._journal = journal
        self._pages = pages
        self._marks = Marks(0, 0, {})
        self._cleared = 0
        self._under_way = False

    def restore(self) -> int:
        """Put back what was written before; return the highest id among its sessions, as a number."""
        attempts: list[tuple[int, Record]] = []
        sessions: dict[str, Flat] = {}
        for shape, *content in self._pages.read_pages() if self._pages is not None else ():
            if shape != SHAPE:
                continue
            page = Page(*content)
            attempts += page.attempts
            for told in page.sessions:
                _add(sessions, told, page.at)
        self._journal.put_back(sorted(sessions.values(), key=lambda flat: flat[CLOSED_AT]), attempts)
        self._marks = Marks(self._journal.attempts.last, self._journal.ended, {})
        return max((int(session_id, 16) for session_id in sessions), default=0)

    def flush(self, now: float, last: bool = False) -> None:
        """Hand on what is new; the ``last`` time even if another page is under way."""
        journal = self._journal
        if self._pages is None:
            return
        if self._cleared != journal.cleared:
            self._cleared = journal.cleared
            self._pages.forget_pages()
            self._marks = self._marks._replace(attempts=0, notes={})  # What is left is written again.
        if self._under_way and not last:
            return
        page, after = self._new(now)
        if page.attempts or page.sessions:
            done = partial(self._written, self._marks, self._cleared)
            self._marks = after
            self._under_way = True
            self._pages.write_page(now, (SHAPE, *page), journal.most_octets, done)

    def _written(self, before: Marks, cleared: int, could: bool) -> None:
        self._under_way = False
        if not could and cleared == self._cleared:
            self._marks = before

    def _new(self, now: float) -> tuple[Page, Marks]:
        journal, marks = self._journal, self._marks
        notes = dict(marks.notes)
        attempts = journal.attempts.since(marks.attempts, MOST_ATTEMPTS)
        ended, closed = journal.closed_since(marks.ended, MOST_SESSIONS)
        sessions = [_told(flat, notes.pop(flat[ID], 0)) for flat in closed]
        for session in journal.open_sessions():
            if len(sessions) >= MOST_SESSIONS:
                break
            said = _said(session)
            written = notes.get(session.who.id, 0)
            if said != written:
                sessions.append(_told(session.flat(None), written))
                notes[session.who.id] = said
        if ended == journal.ended:  # What is left over is of sessions that were dropped before their turn.
            notes = {each.who.id: notes.get(each.who.id, 0) for each in journal.open_sessions()}
        number = attempts[-1][0] if attempts else marks.attempts
        return Page(now, attempts, sessions), Marks(number, ended, notes)


def _said(session: OpenSession) -> int:
    """Count the notes of an open session, those that had to go too."""
    return session.dropped + count(session.chunks) + len(session.notes)


def _told(flat: Flat, written: int) -> Told:
    *head, chunks = flat
    dropped: int = flat[DROPPED]
    first = max(written, dropped)
    return tuple(head), first, _last(chunks, dropped + count(chunks) - first)


def _last(chunks: Sequence[Chunk], number: int) -> list[Note]:
    """Return so many notes from the end."""
    found: list[Sequence[Note]] = []
    for chunk in reversed(chunks):
        if number <= 0:
            break
        found.append(unpack(chunk)[-number:])
        number -= count([chunk])
    return [*chain.from_iterable(reversed(found))]


def _add(sessions: dict[str, Flat], told: Told, at: float) -> None:
    """Add what a page tells of a session to what earlier pages told."""
    head, first, notes = told
    chunk = pack(notes)
    before = sessions.get(head[ID])
    if before is not None and first == before[DROPPED] + count(before[CHUNKS]):
        dropped, octets, chunks = before[DROPPED], before[OCTETS], (*before[CHUNKS], chunk)
    else:
        dropped, octets, chunks = first, 0, (chunk,)
    flat = [*head, chunks]
    flat[DROPPED], flat[OCTETS] = dropped, octets + cost(chunk)
    if flat[CLOSED_AT] is None:
        flat[CLOSED_AT] = at  # Where nothing follows, the process ended before the session did.
    sessions[head[ID]] = tuple(flat)

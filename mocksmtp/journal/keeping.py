"""The journal as a subscriber of facts: sessions with their notes, and every attempt, within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from mocksmtp.journal.attempts import Attempt, Attempts
from mocksmtp.journal.chunks import LONG, count
from mocksmtp.journal.sessions import CLOSED_AT, ID, OCTETS, SCOPES, Flat, OpenSession, SessionRecord
from mocksmtp.journal.tries import Tries
from mocksmtp.smtp import facts
from mocksmtp.smtp.notes import Notes
from mocksmtp.smtp.record import Record

ATTEMPTS_A_SESSION = 10
"""Attempts that are kept for each session that is."""


class Kept(NamedTuple):
    """How full the journal is: sessions and attempts now, octets of notes, and what was dropped to make room."""

    sessions: int
    attempts: int
    octets: int
    sessions_dropped: int
    attempts_dropped: int
    notes_dropped: int


class Journal:
    """Sessions and attempts, the oldest first to go.  ``tidy`` is to be called about each second."""

    def __init__(self, sessions: int, octets: int, age: float | None = None, refused: bool = True) -> None:
        """Take the bounds: sessions, octets of notes, age in seconds; ``refused`` False leaves refusals out."""
        self._most = sessions
        self.most_octets = octets
        self._age = age
        self._open: dict[str, OpenSession] = {}
        self._closed: dict[str, Flat] = {}
        self._leaving: deque[str] = deque()
        self._octets = 0
        self._dropped = self._notes_dropped = 0
        self.ended = 0
        """Sessions that have ended since the start."""
        self.cleared = 0
        """Times that all was forgotten."""
        self.attempts = Attempts(sessions * ATTEMPTS_A_SESSION)
        self._tries = Tries(self._open, self.attempts, self._put_away, refused)
        self.takes: dict[type, Callable[[Any], None]] = {
            facts.SessionOpened: self._opened,
            **self._tries.takes,
            facts.SessionClosed: self._session_closed,
        }

    def bound(self, sessions: int, octets: int, age: float | None, refused: bool) -> None:
        """Keep to other bounds from now on; to those of octets and age from the next ``tidy``."""
        self._most = sessions
        self.most_octets = octets
        self._age = age
        self._tries.refused = refused
        while len(self._closed) > sessions:
            self._drop_closed()
        self.attempts.bound(sessions * ATTEMPTS_A_SESSION)

    @property
    def keeps(self) -> bool:
        """Whether anything is kept at all."""
        return self._most > 0

    @staticmethod
    def notes() -> Notes:
        """Make room for the notes of a session."""
        return []

    # Facts.

    def _opened(self, fact: facts.SessionOpened) -> None:
        self._open[fact.who.id] = OpenSession(fact.who, fact.at)

    def _session_closed(self, fact: facts.SessionClosed) -> None:
        who = fact.who
        session = self._open.pop(who.id)
        self._octets += session.cut()
        self._closed[who.id] = session.flat(who.at)
        self._leaving.append(who.id)
        self.ended += 1
        if len(self._closed) > self._most:
            self._drop_closed()

    def _put_away(self, session: OpenSession) -> None:
        self._octets += session.cut()

    # Bounds.

    def tidy(self, now: float) -> None:
        """Keep within the bounds of octets and age."""
        for session in self._open.values():
            if len(session.notes) >= LONG:
                self._put_away(session)
        while self._octets > self.most_octets and self._drop_oldest():
            pass
        if self._age is not None:
            self.attempts.expire(now - self._age)
            while self._leaving and self._closed[self._leaving[0]][CLOSED_AT] < now - self._age:
                self._drop_closed()

    def _drop_oldest(self) -> bool:
        if self._leaving:
            self._drop_closed()
            return True
        session = next((each for each in self._open.values() if each.chunks), None)
        if session is None:
            return False
        self._notes_dropped += count(session.chunks[:1])
        self._octets -= session.drop_first()
        return True

    def _drop_closed(self) -> None:
        flat = self._closed.pop(self._leaving.popleft())
        self._octets -= flat[OCTETS]
        self._dropped += 1

    def clear(self) -> None:
        """Forget what was, of sessions that are open too; what belongs to a scope stays."""
        self._forget_sessions(lambda scopes: not scopes)
        self.attempts.clear()
        self.cleared += 1

    def clear_where(self, goes: Callable[[tuple[str, ...]], bool]) -> None:
        """Forget only that of whose scopes ``goes`` says so; what was written of it behind us ages there."""
        self._forget_sessions(goes)
        self.attempts.clear_where(goes)

    def _forget_sessions(self, goes: Callable[[tuple[str, ...]], bool]) -> None:
        for session_id in [each for each, flat in self._closed.items() if goes(flat[SCOPES])]:
            del self._closed[session_id]
        self._leaving = deque([each for each in self._leaving if each in self._closed])
        for session in self._open.values():
            if goes(session.who.scopes_seen):
                session.forget()
        closed = sum([flat[OCTETS] for flat in self._closed.values()])
        self._octets = closed + sum([session.octets for session in self._open.values()])

    # Going on where an earlier process ended.

    def put_back(self, closed: Sequence[Flat], attempts: Iterable[tuple[int, Record]]) -> None:
        """Take what was kept: sessions in the order in which they were closed, and numbered attempts in theirs."""
        for flat in closed[-self._most :]:
            self._closed[flat[ID]] = flat
            self._leaving.append(flat[ID])
            self._octets += flat[OCTETS]
        self.attempts.put_back(attempts)

    def closed_since(self, ended: int, most: int) -> tuple[int, list[Flat]]:
        """Return up to so many sessions that ended after the first ``ended``, and how many have with these."""
        kept = len(self._leaving)
        behind = min(self.ended - ended, kept)
        found = [self._closed[each] for each in islice(self._leaving, kept - behind, kept - behind + most)]
        return self.ended - behind + len(found), found

    def open_sessions(self) -> Collection[OpenSession]:
        """Return the sessions that are under way."""
        return self._open.values()

    # Reading.

    def session(self, session_id: str) -> SessionRecord | None:
        """Return a session, open or closed; None if it is not (or no longer) there."""
        found = self._open.get(session_id)
        flat = self._closed.get(session_id) if found is None else found.flat(None)
        return None if flat is None else SessionRecord._make(flat)

    def sessions(self, before: str | None = None) -> Iterator[SessionRecord]:
        """Yield sessions, the one opened last first; with ``before`` only those opened before it."""
        # Ids sort by time, so a session that is gone still marks its place.
        for session_id in sorted([*self._closed, *self._open], reverse=True):
            if before is None or session_id < before:
                found = self.session(session_id)
                if found is not None:
                    yield found

    def open_attempts(self) -> Iterator[Attempt]:
        """Yield the attempts that are not decided yet; ``attempts`` keeps those that are."""
        return self._tries.open_now()

    def usage(self) -> Kept:
        """Say how full the journal is."""
        return Kept(
            len(self._open) + len(self._closed), len(self.attempts), self._octets,
            self._dropped, self.attempts.dropped, self._notes_dropped,
        )  # fmt: skip

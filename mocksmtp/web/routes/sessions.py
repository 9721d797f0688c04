"""/v1/sessions and /v1/attempts: who was there, what was said, and what became of each recipient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Annotated, Any, TypeVar

from pydantic import Field

from mocksmtp.journal import Attempt, Journal, SessionRecord, transcript
from mocksmtp.web.attempt import (
    AttemptPage,
    AttemptSearch,
    SessionPage,
    SessionSearch,
    SessionTold,
    TranscriptTold,
    attempt_test,
    attempt_told,
    line_told,
    session_test,
    session_told,
)
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.turns import Turns

MOST = 1000
"""Sessions or attempts in one answer."""

Limit = Annotated[int, Field(ge=1, le=MOST)]


class ListedSessions(SessionSearch):
    """Which sessions a page shows."""

    limit: Limit = 50
    before: Annotated[str, Field(pattern="^[0-9A-F]{1,20}$", description="the id of a session")] | None = None


class ListedAttempts(AttemptSearch):
    """Which attempts a page shows."""

    limit: Limit = 50
    before: Annotated[str, Field(pattern=r"^[0-9]{1,18}\.[0-9]{1,9}$", description="the id of one")] | None = None


def routes(journal: Journal, clock: Any) -> list[Route]:
    """Return the routes over the journal; ``clock`` is the reactor."""
    own, one = Records(journal, clock), "/v1/sessions/{id}"
    listed, said = "List sessions, the one opened last first.", "Tell what was said in a session."
    listed_too = "List attempts, newest first."
    return [
        Route("GET", "/v1/sessions", own.sessions, query=ListedSessions, answer=SessionPage, says=listed),
        Route("GET", one, own.session, answer=SessionTold, says="Tell of a session."),
        Route("GET", f"{one}/transcript", own.transcript, answer=TranscriptTold, says=said),
        Route("GET", "/v1/attempts", own.attempts, query=ListedAttempts, answer=AttemptPage, says=listed_too),
    ]


T = TypeVar("T")


class Records:
    """Answers about what is in the journal."""

    def __init__(self, journal: Journal, clock: Any) -> None:
        self._journal = journal
        self._clock = clock

    async def sessions(self, query: Query) -> Answer:
        """Tell of a page of sessions."""
        asked: ListedSessions = query.asked
        records = self._journal.sessions(asked.before)
        found: list[SessionRecord] = await pick(records, session_test(asked), asked.limit, self._clock)
        following = found[-1].id if len(found) == asked.limit else None
        return as_json(SessionPage(sessions=[session_told(each) for each in found], next=following))

    def session(self, query: Query) -> Answer:
        """Tell of one session."""
        return as_json(session_told(self._find(query)))

    async def transcript(self, query: Query) -> Answer:
        """Tell what was said."""
        record, turns, lines = self._find(query), Turns(self._clock), []
        for entry in transcript(record.notes):
            lines.append(line_told(entry))
            await turns.give_way()
        return as_json(TranscriptTold(session=record.id, lines=lines))

    async def attempts(self, query: Query) -> Answer:
        """Tell of a page of attempts; those that are still open stand on the first."""
        asked: ListedAttempts = query.asked
        records: Iterable[Attempt]
        if asked.before is None:
            records = chain(list(self._journal.open_attempts())[::-1], self._journal.attempts.newest())
        else:
            number, part = map(int, asked.before.split("."))
            records = self._journal.attempts.newest((number, part))
        found: list[Attempt] = await pick(records, attempt_test(asked), asked.limit, self._clock)
        told = [attempt_told(each) for each in found]
        return as_json(AttemptPage(attempts=told, next=told[-1].id if len(found) == asked.limit else None))

    def _find(self, query: Query) -> SessionRecord:
        record = self._journal.session(query.path["id"])
        if record is None:
            raise Problem(404, "Not found", f"there is no session {query.path['id']} (any more)")
        return record


async def pick(records: Iterable[T], wanted: Callable[[T], bool], most: int, clock: Any) -> list[T]:
    """Return up to so many records that are wanted."""
    turns, found = Turns(clock), []
    for record in records:
        if wanted(record):
            found.append(record)
            if len(found) == most:
                break
        await turns.give_way()
    return found

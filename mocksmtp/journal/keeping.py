"""The journal as a subscriber of facts: sessions with their notes, and every attempt, within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mocksmtp.journal.attempts import NOTHING, Attempts, Flat, Outcome, Pairs, both
from mocksmtp.journal.sessions import OpenSession, SessionRecord
from mocksmtp.smtp import facts
from mocksmtp.smtp.facts import CommandAnswered
from mocksmtp.smtp.notes import Notes
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Envelope, Params

ATTEMPTS_A_SESSION = 10
"""Attempts that are kept for each session that is."""

LONG = 256
"""Notes from which on those of an open session are put away."""

CLOSED_AT, OCTETS = SessionRecord._fields.index("closed_at"), SessionRecord._fields.index("octets")

OPEN, ACCEPTED, REFUSED, ABANDONED = (each.value for each in Outcome)


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
        self._most_octets = octets
        self._age = age
        self._refused = refused
        self._open: dict[str, OpenSession] = {}
        self._closed: dict[str, Flat] = {}
        self._leaving: deque[str] = deque()
        self._octets = 0
        self._dropped = self._notes_dropped = 0
        self.attempts = Attempts(sessions * ATTEMPTS_A_SESSION)
        self._stages: dict[Stage, Callable[[OpenSession, CommandAnswered], None]] = {
            Stage.MAIL: self._mail,
            Stage.RCPT: self._rcpt,
            Stage.DATA: self._data,
            Stage.MESSAGE: self._message,
        }
        self.takes: dict[type, Callable[[Any], None]] = {
            facts.SessionOpened: self._opened,
            facts.RuleMatched: self._matched,
            facts.FaultInjected: self._injected,
            facts.CommandAnswered: self._answered,
            facts.TransactionEnded: self._transaction_ended,
            facts.SessionClosed: self._session_closed,
        }

    def bound(self, sessions: int, octets: int, age: float | None, refused: bool) -> None:
        """Keep to other bounds from now on; to those of octets and age from the next ``tidy``."""
        self._most = sessions
        self._most_octets = octets
        self._age = age
        self._refused = refused
        while len(self._closed) > sessions:
            self._drop_closed()
        self.attempts.bound(sessions * ATTEMPTS_A_SESSION)

    @staticmethod
    def notes() -> Notes:
        """Make room for the notes of a session."""
        return []

    # Facts.

    def _opened(self, fact: facts.SessionOpened) -> None:
        who = fact.who
        self._open[who.id] = OpenSession(who)

    def _matched(self, fact: facts.RuleMatched) -> None:
        if fact.stage in self._stages:
            session = self._open[fact.who.id]
            session.struck = both(session.struck, ((fact.rule,), (), 0.0))

    def _injected(self, fact: facts.FaultInjected) -> None:
        if fact.stage in self._stages:
            session = self._open[fact.who.id]
            session.struck = both(session.struck, ((), (fact.fault,), fact.seconds))

    def _answered(self, fact: CommandAnswered) -> None:
        take = self._stages.get(fact[1])
        if take is not None:
            session = self._open[fact[0].id]
            take(session, fact)
            session.struck = NOTHING

    def _mail(self, session: OpenSession, fact: CommandAnswered) -> None:
        who = fact.who
        session.of_mail = session.struck
        if fact.took_effect and who.envelope is not None:
            session.mailed = (fact, who.at, who.envelope)
        else:
            self._without_rcpt(session, fact, who.at, None, REFUSED)

    def _rcpt(self, session: OpenSession, fact: CommandAnswered) -> None:
        session.mailed = None
        session.attempts += 1
        took = fact.took_effect
        if not (took or self._refused):
            return
        who, path, envelope = fact.who, fact.path, fact.who.envelope
        mail = (None, None, ()) if envelope is None else (envelope.id, envelope.mail.text, _pairs(envelope.params))
        struck = both(session.of_mail, session.struck)
        number = self.attempts.add(
            who.at, who.id, mail[0], who.listener, who.client, who.helo, who.auth, mail[1], mail[2],
            None if path is None else path.text, _pairs(fact.params),
            "rcpt", fact.reply.wire, fact.rule, *struck, OPEN if took else REFUSED, None,
        )  # fmt: skip
        if took:
            session.open.append(number)

    def _without_rcpt(
        self, session: OpenSession, fact: CommandAnswered, at: float, envelope: Envelope | None, outcome: str
    ) -> None:
        session.mailed = None
        session.attempts += 1
        if outcome is REFUSED and not self._refused:
            return
        who, path = fact.who, fact.path
        self.attempts.add(
            at, who.id, None if envelope is None else envelope.id, who.listener, who.client, who.helo, who.auth,
            None if path is None else path.text, _pairs(fact.params), None, (),
            "mail", fact.reply.wire, fact.rule, *session.of_mail, outcome, None,
        )  # fmt: skip

    def _data(self, session: OpenSession, fact: CommandAnswered) -> None:
        if fact.took_effect and session.struck is NOTHING:
            return
        outcome = OPEN if fact.took_effect else REFUSED
        for number in session.open:  # They stay open: DATA may be said again.
            self._settle(session, number, fact, outcome, None)

    def _message(self, session: OpenSession, fact: CommandAnswered) -> None:
        content = fact.who.content
        size = None if content is None else len(content)
        outcome = ACCEPTED if fact.took_effect else REFUSED
        # Over LMTP each recipient is answered by itself, in the order of RCPT; else all of them at once.
        over = len(session.open) if fact.path is None else 1
        if fact.took_effect:
            session.accepted += over
        for number in session.open[:over]:
            self._settle(session, number, fact, outcome, size)
        self._over(session, over)

    def _settle(
        self, session: OpenSession, number: int, fact: CommandAnswered, outcome: str, size: int | None
    ) -> None:
        self.attempts.settle(number, fact.stage.value, fact.reply.wire, fact.rule, outcome, size, session.struck)

    def _transaction_ended(self, fact: facts.TransactionEnded) -> None:
        session = self._open[fact[0].id]
        if session.mailed is not None:
            self._without_rcpt(session, *session.mailed, ABANDONED)
        if session.open:
            for number in session.open:
                self.attempts.abandon(number, session.struck)
            self._over(session, len(session.open))

    def _over(self, session: OpenSession, first: int) -> None:
        """So many attempts, the first ones that were open, are over."""
        if not self._refused:
            for number in session.open[:first]:
                self.attempts.forget_refused(number)
        del session.open[:first]

    def _session_closed(self, fact: facts.SessionClosed) -> None:
        who = fact.who
        session = self._open.pop(who.id)
        self._octets += session.cut()
        self._closed[who.id] = session.flat(who.at)
        self._leaving.append(who.id)
        if len(self._closed) > self._most:
            self._drop_closed()

    # Bounds.

    def tidy(self, now: float) -> None:
        """Keep within the bounds of octets and age."""
        for session in self._open.values():
            if len(session.notes) >= LONG:
                self._octets += session.cut()
        while self._octets > self._most_octets and self._drop_oldest():
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
        self._notes_dropped += len(session.chunks[0])
        self._octets -= session.drop_first()
        return True

    def _drop_closed(self) -> None:
        flat = self._closed.pop(self._leaving.popleft())
        self._octets -= flat[OCTETS]
        self._dropped += 1

    def clear(self) -> None:
        """Forget what was, of sessions that are open too."""
        self._closed.clear()
        self._leaving.clear()
        self.attempts.clear()
        for session in self._open.values():
            session.forget()
        self._octets = 0

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

    def usage(self) -> Kept:
        """Say how full the journal is."""
        return Kept(
            len(self._open) + len(self._closed), len(self.attempts), self._octets,
            self._dropped, self.attempts.dropped, self._notes_dropped,
        )  # fmt: skip


def _pairs(params: Params) -> Pairs:
    return tuple(params.items()) if params else ()

"""Sessions: one that is open, and the flat record that is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from mocksmtp.journal.attempts import NOTHING

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.facts import CommandAnswered
    from mocksmtp.smtp.notes import Note

NOTE_COST = 60
"""Octets that a note takes beside its own, about: its place, its head, and the number it may be."""

Chunk = tuple["Note", ...]


class SessionRecord(NamedTuple):
    """What is kept of a session; ``closed_at`` is None while it is open.

    ``attempts`` and ``accepted`` count its attempts; ``dropped`` counts notes at the beginning
    of the transcript that had to go.
    """

    id: str
    opened_at: float
    closed_at: float | None
    listener: str
    client: str
    port: int
    helo: str | None
    auth: str | None
    tls: tuple[str, str, str | None] | None
    attempts: int
    accepted: int
    dropped: int
    octets: int
    chunks: tuple[Chunk, ...]

    @property
    def notes(self) -> Iterator[Note]:
        """The notes in order."""
        return chain.from_iterable(self.chunks)


class OpenSession:
    """A session under way: who talks, the notes so far, and the attempts that are not over.

    ``mailed`` is a MAIL that no RCPT has followed yet: its answer, when, and its envelope.
    ``struck`` gathers what strikes the command that is being answered, ``of_mail`` keeps
    what struck MAIL.
    """

    __slots__ = (
        "accepted", "attempts", "chunks", "dropped", "mailed", "notes", "octets", "of_mail", "open", "opened_at",
        "struck", "who",
    )  # fmt: skip

    def __init__(self, who: Conversation) -> None:
        self.who = who
        self.notes = who.notes
        self.opened_at = who.at
        self.chunks: list[Chunk] = []
        self.octets = 0
        self.dropped = 0
        self.attempts = 0
        self.accepted = 0
        self.open: list[int] = []
        self.mailed: tuple[CommandAnswered, float, Envelope] | None = None
        self.struck = self.of_mail = NOTHING

    def cut(self) -> int:
        """Put the notes so far away; return the octets they take."""
        if not self.notes:
            return 0
        chunk: Chunk = tuple(self.notes)
        self.notes.clear()
        self.chunks.append(chunk)
        octets = cost(chunk)
        self.octets += octets
        return octets

    def drop_first(self) -> int:
        """Drop the oldest notes that were put away; return the octets they took."""
        chunk = self.chunks.pop(0)
        self.dropped += len(chunk)
        octets = cost(chunk)
        self.octets -= octets
        return octets

    def forget(self) -> None:
        """Begin anew: what was said and tried so far is not kept."""
        self.chunks.clear()
        self.notes.clear()
        self.octets = self.dropped = self.attempts = self.accepted = 0

    def flat(self, closed_at: float | None) -> tuple[Any, ...]:
        """Return the fields of the record as a plain tuple."""
        who = self.who
        tls = who.tls
        return (
            who.id, self.opened_at, closed_at, who.listener, who.client, who.port, who.helo, who.auth,
            None if tls is None else tuple(tls), self.attempts, self.accepted, self.dropped, self.octets,
            (*self.chunks, tuple(self.notes)),
        )  # fmt: skip


def cost(chunk: Chunk) -> int:
    """Say how many octets notes take, about."""
    return NOTE_COST * len(chunk) + sum([len(note) for note in chunk if type(note) is bytes])

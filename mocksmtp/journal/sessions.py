"""Sessions: one that is open, and the flat record that is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from mocksmtp.journal.attempts import NOTHING, Struck
from mocksmtp.journal.chunks import Chunk, cost, count, pack, unpack
from mocksmtp.smtp import replies
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.notes import Note


Flat = tuple[Any, ...]
"""The fields of a session, as a plain tuple: the collector need not look at those."""


class SessionRecord(NamedTuple):
    """What is kept of a session; ``closed_at`` is None while it is open.

    ``attempts`` and ``accepted`` count its attempts; ``dropped`` counts notes at the beginning
    of the transcript that had to go; ``scopes`` are the tokens of those it had a part in.
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
    scopes: tuple[str, ...]
    chunks: tuple[Chunk, ...]

    @property
    def notes(self) -> Iterator[Note]:
        """The notes in order."""
        return chain.from_iterable(map(unpack, self.chunks))


ID, CLOSED_AT, DROPPED, OCTETS, SCOPES, CHUNKS = map(
    SessionRecord._fields.index, ("id", "closed_at", "dropped", "octets", "scopes", "chunks")
)
"""Where a record has these, when it is a plain tuple."""


class Said(NamedTuple):
    """What a command was answered, by which rule, and what struck it."""

    reply: bytes
    rule: str | None = None
    struck: Struck = NOTHING


MAIL_OK, RCPT_OK = Said(replies.SENDER_OK.wire), Said(replies.RECIPIENT_OK.wire)
"""What is said where nobody has a say."""


class Story:
    """What was done to one transaction on its way, where anything was."""

    __slots__ = ("data", "mail", "of", "rcpt")

    def __init__(self, of: str) -> None:
        """``of`` is the queue id."""
        self.of = of
        self.mail = MAIL_OK
        self.rcpt: dict[str, Said] = {}
        self.data = NOTHING


class OpenSession:
    """A session under way: who talks, the notes so far, and the story of its transaction.

    ``accepted`` counts its attempts that were, ``others`` those that were not.
    ``struck`` gathers what strikes the command that is being answered.  ``told`` is the
    queue id of the transaction whose recipients are put down already, because DATA was
    refused, ``tried`` that of the one in which a recipient was refused.
    """

    __slots__ = (
        "accepted", "chunks", "dropped", "notes", "octets", "opened_at", "others", "story", "struck", "told",
        "tried", "who",
    )  # fmt: skip

    def __init__(self, who: Conversation, opened_at: float) -> None:
        self.who = who
        self.notes = who.notes
        self.opened_at = opened_at
        self.chunks: list[Chunk] = []
        self.octets = 0
        self.dropped = 0
        self.accepted = self.others = 0
        self.struck = NOTHING
        self.story: Story | None = None
        self.told = self.tried = ""

    # The story of a transaction.

    def strike(self, struck: Struck) -> None:
        """Remember what strikes the command that is being answered."""
        self.struck = self.struck + struck

    def take_struck(self) -> Struck:
        """Return what struck the command that is being answered, and forget it."""
        struck, self.struck = self.struck, NOTHING
        return struck

    def remember(self, stage: Stage, envelope: Envelope, path: Path | None, said: Said) -> None:
        """Keep what was said to a command that took effect, until its transaction ends."""
        self.struck = NOTHING
        if self.story is None or self.story.of != envelope.id:
            self.story = Story(envelope.id)
        if stage is Stage.MAIL:
            self.story.mail = said
        elif path is not None:
            before = self.story.rcpt.get(path.text, Said(b"")).struck
            self.story.rcpt[path.text] = said._replace(struck=before + said.struck)
        else:
            self.story.data = self.story.data + said.struck

    def begin_anew(self) -> None:
        """The transaction has ended."""
        self.story = None
        self.struck = NOTHING

    def said_to_mail(self, envelope: Envelope) -> Said:
        """Return what was said to the MAIL of this transaction."""
        story = self._story(envelope)
        return MAIL_OK if story is None else story.mail

    def said_to_rcpt(self, envelope: Envelope, path: Path) -> Said:
        """Return what was said to an accepted RCPT of this transaction."""
        story = self._story(envelope)
        return RCPT_OK if story is None else story.rcpt.get(path.text, RCPT_OK)

    def struck_in_data(self, envelope: Envelope) -> Struck:
        """Return what struck the DATA of this transaction."""
        story = self._story(envelope)
        return NOTHING if story is None else story.data

    def _story(self, envelope: Envelope) -> Story | None:
        return self.story if self.story is not None and self.story.of == envelope.id else None

    # Notes.

    def cut(self) -> int:
        """Put the notes so far away; return the octets they take."""
        if not self.notes:
            return 0
        chunk = pack(self.notes)
        self.notes.clear()
        self.chunks.append(chunk)
        octets = cost(chunk)
        self.octets += octets
        return octets

    def drop_first(self) -> int:
        """Drop the oldest notes that were put away; return the octets they took."""
        chunk = self.chunks.pop(0)
        self.dropped += count([chunk])
        octets = cost(chunk)
        self.octets -= octets
        return octets

    def forget(self) -> None:
        """Begin anew: what was said and tried so far is not kept."""
        self.chunks.clear()
        self.notes.clear()
        self.octets = self.dropped = self.accepted = self.others = 0

    def flat(self, closed_at: float | None) -> Flat:
        """Return the fields of the record as a plain tuple."""
        who = self.who
        tls = who.tls
        return (
            who.id, self.opened_at, closed_at, who.listener, who.client, who.port, who.helo, who.auth,
            None if tls is None else tuple(tls), self.accepted + self.others, self.accepted, self.dropped,
            self.octets, who.scopes_seen, (*self.chunks, pack(self.notes)) if self.notes else tuple(self.chunks),
        )  # fmt: skip

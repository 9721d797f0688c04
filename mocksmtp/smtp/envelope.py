"""The envelope of a mail transaction (RFC 5321 section 2.3.1) and the message that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from mocksmtp.smtp.record import (
    AT,
    AUTH,
    CLIENT,
    HELO,
    HOW,
    LISTENER,
    RULE,
    SCOPES,
    SESSION,
    TRANSACTION,
    WHOSE,
    Record,
    decided_by,
)

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.conversation import Tls
    from mocksmtp.smtp.mail_data import ChunkReader

Params = Mapping[str, str | None]
"""ESMTP parameters of MAIL or RCPT: upper-case keyword to its value, None where it has none."""

NO_PARAMS: Params = {}


class Recipient(NamedTuple):
    """One accepted recipient: its forward-path and the parameters of its RCPT."""

    path: Path
    params: Params = NO_PARAMS
    keep: bool = True


class Envelope:
    """What one mail transaction has gathered so far; a transaction without MAIL has none.

    ``chunks`` is there from the first BDAT on, ``headers`` once a rule has looked at them.
    """

    __slots__ = ("chunks", "fired", "headers", "id", "keep", "mail", "params", "recipients", "whole")

    chunks: ChunkReader
    headers: dict[str, list[str]]

    def __init__(self, queue_id: str, mail: Path, params: Params = NO_PARAMS) -> None:
        self.id = queue_id
        self.mail = mail
        self.params = params
        self.recipients: list[Recipient] = []
        self.keep = True
        self.whole = True
        """Whether it is kept for each recipient: nearly always, and then nobody goes through them."""
        self.fired: set[str] = set()
        """Names of the rules that count once in a transaction, and counted since its MAIL; with
        the recipient behind it as well, where one was asked about.
        """

    @property
    def kept(self) -> tuple[Recipient, ...]:
        """The recipients for whom the message is kept; none where a rule said so of all of it."""
        if not self.keep:
            return ()
        return tuple([each for each in self.recipients if each.keep])

    @property
    def declared_size(self) -> int | None:
        """Octets the client announced with SIZE= (RFC 1870), None where it did not."""
        size = self.params.get("SIZE")
        return int(size) if size else None

    @property
    def binary(self) -> bool:
        """Whether MAIL said BODY=BINARYMIME (RFC 3030): the content may hold any octets."""
        return (self.params.get("BODY") or "").upper() == "BINARYMIME"

    @property
    def smtputf8(self) -> bool:
        """Whether MAIL said SMTPUTF8 (RFC 6531): replies may then carry UTF-8."""
        return "SMTPUTF8" in self.params


class Message(NamedTuple):
    """A message as it was taken in, with the facts of the session that brought it.

    ``record`` says whose it is, when it came and how it was decided; where nobody objected the journal keeps
    the same one.  ``recipients`` are those for whom it is kept.  ``content`` is exactly what was sent between
    DATA and the final dot, octet for octet after dot-unstuffing.  ``reply`` is what the end of it was answered;
    ``refused`` says that this was no 250.
    """

    record: Record
    mail: Path
    params: Params
    recipients: tuple[Recipient, ...]
    content: bytes
    tls: Tls | None
    reply: bytes
    refused: bool

    @classmethod
    def of(
        cls,
        id: str,
        session: str,
        listener: str,
        client: str,
        helo: str | None,
        tls: Tls | None,
        auth: str | None,
        mail: Path,
        params: Params,
        recipients: tuple[Recipient, ...],
        content: bytes,
        received: float,
        rule: str | None = None,
        reply: bytes = b"",
        refused: bool = False,
        scopes: tuple[str, ...] = (),
    ) -> Message:
        """Make one whose record holds no more than is told of the message itself."""
        whose = (session, listener, client, helo, auth, scopes)
        record: Record = (
            received,
            whose,
            id,
            mail.text,
            (),
            (),
            (),
            reply,
            len(content),
            decided_by(rule, not refused),
        )
        return cls(record, mail, params, recipients, content, tls, reply, refused)

    @property
    def id(self) -> str:
        """The queue id."""
        return self.record[TRANSACTION] or ""

    @property
    def session(self) -> str:
        """The id of the session that brought it."""
        return self.record[WHOSE][SESSION]

    @property
    def listener(self) -> str:
        """The name of the listener that took it in."""
        return self.record[WHOSE][LISTENER]

    @property
    def client(self) -> str:
        """The address of the client, as text."""
        return self.record[WHOSE][CLIENT]

    @property
    def helo(self) -> str:
        """What the client said in EHLO or HELO."""
        return self.record[WHOSE][HELO] or ""

    @property
    def auth(self) -> str | None:
        """The identity that had logged in."""
        return self.record[WHOSE][AUTH]

    @property
    def scopes(self) -> tuple[str, ...]:
        """The tokens of the scopes it belongs to."""
        return self.record[WHOSE][SCOPES]

    @property
    def received(self) -> float:
        """When it came, in seconds since the epoch."""
        return self.record[AT]

    @property
    def rule(self) -> str | None:
        """The rule that gave its reply, None where nobody had a say."""
        return self.record[HOW][RULE]


Taken: TypeAlias = "tuple[Record, Path, Params, tuple[Recipient, ...], bytes, Tls | None, bytes, bool]"
"""A message as a plain tuple, as which one is handed to a store: most go unread, and it costs a fraction."""

CONTENT: Final = 4
"""Where it has its content."""

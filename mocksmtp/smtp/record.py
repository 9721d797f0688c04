"""Records: what is put down of an attempt to bring mail.  Of nearly every message store and journal keep the same.

A record is a plain tuple of plain values: most come and go unread, so it is quick to make and small,
and the collector need not look at it.  The names below say what stands where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope, Params

Pairs = tuple[tuple[str, str | None], ...]
"""ESMTP parameters: names and values."""

Whose = tuple[str, str, str, str | None, str | None, tuple[str, ...]]
"""Whose a conversation is; those records share one between which nothing of it changes."""

SESSION: Final = 0
LISTENER: Final = 1
CLIENT: Final = 2
HELO: Final = 3
AUTH: Final = 4
SCOPES: Final = 5
"""Where ``Whose`` has these."""

How = tuple[str, str | None, tuple[str, ...], tuple[str, ...], float, str]
"""How it was decided: stage, rule, rules that matched, faults that struck, seconds of delay, what came of it."""

RULE: Final = 1
"""Where ``How`` has the rule."""


def decided_by(rule: str | None, accepted: bool = True) -> How:
    """Return how a message is decided, where no more is told of it."""
    return "message", rule, (), (), 0.0, "accepted" if accepted else "refused"


PLAINLY = decided_by(None)
"""How nearly all are decided: accepted, and nobody had a say."""

Record = tuple[
    float, Whose, str | None, str | None, Pairs, str | tuple[str, ...] | None, Pairs, bytes, int | None, How
]
"""The fields of an attempt behind its number and part, with ``Whose`` and ``How`` as one value each.

The recipient is a tuple of texts where several were decided together.
"""

AT: Final = 0
WHOSE: Final = 1
TRANSACTION: Final = 2
MAIL: Final = 3
RCPT: Final = 5
REPLY: Final = 7
SIZE: Final = 8
HOW: Final = 9
"""Where a record has these."""


def record_of_message(who: Conversation, envelope: Envelope, reply: bytes, how: How) -> Record:
    """Put down that a message was accepted, for all recipients of its envelope.

    Where one of several recipients has parameters, these are the first one's.
    """
    recipients, params = envelope.recipients, envelope.params
    path, of_rcpt, _ = recipients[0]
    rcpt: str | tuple[str, ...] = path.text
    if len(recipients) > 1:
        rcpt = tuple([each.path.text for each in recipients])
    return (
        who.at, who.whose, envelope.id, envelope.mail.text, pairs(params) if params else (),
        rcpt, pairs(of_rcpt) if of_rcpt else (), reply, len(who.content or b""), how,
    )  # fmt: skip


def pairs(params: Params) -> Pairs:
    """Return parameters as plain values."""
    return tuple(params.items())

"""What a verb proposes.  A verb never changes the session; only ``commit`` does, if the policy lets it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.envelope import NO_PARAMS, Params, Recipient

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.introduction import Introduction
    from mocksmtp.smtp.mail_data import Chunk
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.sasl import Exchange
    from mocksmtp.smtp.steps import Step


NOBODY = Recipient(NULL_PATH)
"""The recipient of what names none."""


class Outcome(NamedTuple):
    """A proposed reply and what follows from it.

    ``commit`` is called with the session and this outcome, only if the final reply has
    the stage's own positive class; ``then`` follows only with it.  So an outcome is a
    plain value, and one that depends on nothing but its argument may be proposed again.
    ``asks`` says whether the policy may answer instead: it is False for what the
    protocol itself refuses.  ``accept`` is the positive answer where ``reply`` is not
    it (a wrong password); where it is the negative ``reply`` itself, no positive one may
    take its place.  ``path`` and ``params`` are what MAIL or RCPT named, ``text`` what
    VRFY or EXPN did, and AUTH.  ``follows`` is what the client sends next that is no
    command: the response to a challenge (334), or a chunk, which is read before it is
    answered; or it is the client that XCLIENT introduces, whose greeting is the answer.
    ``recipient`` is what RCPT adds to the envelope, made of both once for the same words.
    """

    reply: Reply
    commit: Callable[[Any, Outcome], None] | None = None
    then: tuple[Step, ...] = ()
    asks: bool = True
    accept: Reply | None = None
    path: Path | None = None
    params: Params = NO_PARAMS
    text: str | None = None
    follows: Exchange | Chunk | Introduction | None = None
    recipient: Recipient = NOBODY


_outcome = partial(tuple.__new__, Outcome)


def as_proposed(reply: Reply, commit: Callable[[Any, Outcome], None] | None = None) -> Outcome:
    """Return the outcome of a reply and what it commits; the constructor takes three times as long."""
    return _outcome((reply, commit, (), True, None, None, NO_PARAMS, None, None, NOBODY))


def refuse(reply: Reply) -> Outcome:
    """What the protocol refuses by itself: no policy is asked."""
    return Outcome(reply, asks=False)

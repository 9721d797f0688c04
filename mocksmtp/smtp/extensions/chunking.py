"""CHUNKING: BDAT sends mail data in chunks of announced length (RFC 3030 section 2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.demands import missing, out_of_order
from mocksmtp.smtp.extensions import Extension
from mocksmtp.smtp.mail_data import Chunk
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ANY, FOR_CHUNKS, State
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session

# bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ], chunk-size = 1*DIGIT, end-marker = "LAST"
BDAT = re.compile(rb"0*([0-9]+)(?: +(LAST))?", re.IGNORECASE)

MOST_DIGITS = 20
"""A chunk with more of them never ends, however many there are."""

NO_CHUNK = Chunk(0, last=False)


def bdat(session: Session, argument: bytes) -> Outcome:
    """Propose to take one chunk; the policy is asked about the first of a transaction."""
    match = BDAT.fullmatch(argument)
    if match is None:
        return Outcome(replies.NEEDS_SIZE, asks=False, follows=NO_CHUNK)
    chunk = Chunk(int(match[1][:MOST_DIGITS]), match[2] is not None)
    refusal = _refusal(session, chunk)
    if refusal is not None:
        return Outcome(refusal, asks=False, follows=chunk)
    reply = Reply(250, f"{chunk.octets} octets received", "2.0.0")
    first = session.state is State.RCPT
    return Outcome(reply, commit=_begin if first else None, asks=first, follows=chunk)


def _begin(session: Session, _outcome: Outcome) -> None:
    session.begin_chunks()


def _refusal(session: Session, chunk: Chunk) -> Reply | None:
    lacking = missing(session.profile, session.conversation)
    if lacking is not None:
        return lacking[1]
    if session.state not in FOR_CHUNKS:
        return out_of_order("BDAT", session.state, session.profile)
    before = session.envelope.chunks.size if session.state is State.CHUNKS else 0
    return replies.TOO_BIG if before + chunk.octets > session.profile.limits.message_size else None


EXTENSION = Extension("CHUNKING", rank=44, verbs=(Verb("BDAT", Stage.DATA, ANY, bdat),))

"""Chunks: notes of a session that are put away, packed into one piece.

What is packed takes the place of many small values, which a long-lived journal would
scatter over memory; reading it back is rare.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from sys import getsizeof
from typing import Any

from mocksmtp.smtp.notes import Note

Chunk = tuple[int, bytes]
"""How many notes, and what they are in Python's own format, which writes what is said again only once."""

LONG = 128
"""Notes from which on those of an open session are put away: few enough to be still at hand."""

HEAD = getsizeof((0, b"")) + getsizeof(b"")
"""Octets that a chunk takes beside what is packed."""


def pack(notes: Any) -> Chunk:
    """Put a sequence of notes away."""
    return len(notes), marshal.dumps(notes)


def unpack(chunk: Chunk) -> Sequence[Note]:
    """Return the notes of a chunk."""
    notes: Sequence[Note] = marshal.loads(chunk[1])
    return notes


def count(chunks: Sequence[Chunk]) -> int:
    """Count the notes of chunks."""
    return sum([each for each, _ in chunks])


def cost(chunk: Chunk) -> int:
    """Say how many octets a chunk takes."""
    return HEAD + len(chunk[1])

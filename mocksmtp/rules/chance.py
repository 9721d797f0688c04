"""Chance that can be played again: a stable hash of what is known to a fraction."""

from __future__ import annotations

from hashlib import blake2b

BITS = 53
"""Bits of a fraction: as many as a float keeps exactly."""


def fraction(*parts: object) -> float:
    """Return a number from 0 up to, not including, 1: the same for the same parts, on every machine.

    The first part is the seed.

    Each part goes in as its text behind the text's length, so that ("ab", "c") is not ("a", "bc").
    """
    told = "".join(f"{len(text)}:{text}" for text in map(str, parts))
    digest = blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest) >> (64 - BITS)) / (1 << BITS)

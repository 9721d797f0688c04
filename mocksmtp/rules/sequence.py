"""Sequences: another answer each time, counted for each key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mocksmtp.rules.template import ACCEPT, Accept, ReplyTemplate

AT_END = ("repeat", "accept")


@dataclass(frozen=True, slots=True)
class Sequence:
    """The answers in their order; after the last it stays, unless ``at_end`` says otherwise."""

    steps: tuple[ReplyTemplate | Accept, ...]
    at_end: Literal["repeat", "accept"] | None = None

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("a sequence needs at least one reply")

    def answer(self, number: int) -> ReplyTemplate | Accept:
        """Return the answer to a hit; they are counted from 1."""
        if number <= len(self.steps):
            return self.steps[number - 1]
        if self.at_end == "repeat":
            return self.steps[(number - 1) % len(self.steps)]
        return ACCEPT if self.at_end == "accept" else self.steps[-1]

"""Remembered: what was said before, and what follows from it where nobody objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mocksmtp.smtp.state import State

if TYPE_CHECKING:
    from mocksmtp.smtp.facts import Tally
    from mocksmtp.smtp.outcome import Outcome
    from mocksmtp.smtp.stage import Stage

MOST = 4096
"""Reads whose answers are kept."""

Part = tuple[Callable[[Any, "Outcome"], None] | None, "Outcome", "Stage", "Tally"]
"""Of one command: what it commits, what it proposed, its stage, and where its answer is counted."""


class Known(NamedTuple):
    """What one read brought, command by command; and as it is noted: what came, and what leaves."""

    parts: tuple[Part, ...]
    said: tuple[bytes, bytes]


KnownByState = dict[State, dict[bytes, Known]]

NOTHING_KNOWN: KnownByState = {state: {} for state in State}
"""While commands depend on more than their words, each is looked at; nothing is ever put in here."""


class Remembered:
    """What sessions of one listener are answered, by their state and by what one read brings.

    They have the same profile, policy and publisher; whoever changes one of these begins anew.
    """

    __slots__ = ("_count", "by_state")

    def __init__(self) -> None:
        self.by_state: KnownByState = {state: {} for state in State}
        self._count = 0

    def add(self, state: State, data: bytes, known: Known) -> None:
        """Remember an answer; where there are too many, all others are forgotten."""
        if self._count >= MOST:
            for each in self.by_state.values():
                each.clear()
            self._count = 0
        self._count += 1
        self.by_state[state][data] = known

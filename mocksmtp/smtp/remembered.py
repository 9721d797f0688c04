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


Standing = tuple[bool, bool, bool]
"""What EHLO's answer depends on besides the profile: TLS, channel bindings, and trust in the client."""


class Remembered:
    """What sessions of one listener are answered, by their standing, their state and what one read brings.

    They have the same profile, policy and publisher; whoever changes one of these begins anew.
    """

    __slots__ = ("_among", "_count")

    def __init__(self) -> None:
        self._among: dict[Standing, KnownByState] = {}
        self._count = 0

    def among(self, standing: Standing) -> KnownByState:
        """Return what is known among sessions of this standing."""
        known = self._among.get(standing)
        if known is None:
            known = self._among[standing] = {state: {} for state in State}
        return known

    def add(self, known: KnownByState, state: State, data: bytes, what: Known) -> None:
        """Remember an answer among sessions of a standing; where there are too many, all others are forgotten."""
        if self._count >= MOST:
            for by_state in self._among.values():
                for each in by_state.values():
                    each.clear()
            self._count = 0
        self._count += 1
        known[state][data] = what

    def forget_greetings(self) -> None:
        """Forget what is said first.

        EHLO may tell the time (``FUTURERELEASE``): call this about each second.
        """
        for by_state in self._among.values():
            said_first = by_state[State.START]
            self._count -= len(said_first)
            said_first.clear()

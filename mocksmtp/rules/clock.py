"""The rule clock: the time that schedules live by.  Moved, it lets five minutes pass in a millisecond."""

from __future__ import annotations

from collections.abc import Callable

LAST_MOMENT = 253_402_300_799.0
"""Seconds since the epoch at the end of the year 9999, where calendars end."""


class RuleClock:
    """Real time until somebody moves it: seconds since the epoch.

    Moving it back undoes no hit: what was counted stays counted.
    """

    __slots__ = ("_ahead", "_held", "_real")

    def __init__(self, real: Callable[[], float]) -> None:
        """``real`` says the real time in seconds since the epoch."""
        self._real = real
        self._ahead = 0.0
        self._held: float | None = None

    def now(self) -> float:
        """Return the moment it is."""
        return self._real() + self._ahead if self._held is None else self._held

    @property
    def held(self) -> bool:
        """Whether it stands still."""
        return self._held is not None

    @property
    def ahead(self) -> float:
        """Seconds by which it is ahead of real time; negative where it is behind."""
        return self._ahead if self._held is None else self._held - self._real()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once.  Raises ValueError, as ``set`` does."""
        _check(self.now() + seconds)
        if self._held is None:
            self._ahead += seconds
        else:
            self._held += seconds

    def set(self, moment: float) -> None:
        """Make it this moment; it goes on from there, unless it is held.

        Raises ValueError for what no calendar knows.
        """
        _check(moment)
        if self._held is None:
            self._ahead = moment - self._real()
        else:
            self._held = moment

    def hold(self) -> None:
        """Stand still; only ``advance`` and ``set`` move it from now on."""
        self._held = self.now()

    def release(self) -> None:
        """Go on from where it stood still."""
        if self._held is not None:
            self._ahead, self._held = self._held - self._real(), None

    def follow(self) -> None:
        """Be real time again."""
        self._ahead, self._held = 0.0, None


def _check(moment: float) -> None:
    if not 0.0 <= moment <= LAST_MOMENT:
        raise ValueError("the rule clock stands between the years 1970 and 9999")

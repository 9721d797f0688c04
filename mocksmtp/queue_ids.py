"""Queue ids: what a message is called from its MAIL on; ids sort by time."""

from __future__ import annotations

from collections.abc import Callable


def queue_ids(seconds: Callable[[], float], last: int = 0) -> Callable[[], str]:
    """Return a maker of ids: 13 or more hexadecimal digits, sorting by time, each of them behind ``last``."""

    def next_id() -> str:
        nonlocal last
        last = max(last + 1, int(seconds() * 1_000_000))
        return f"{last:X}"

    return next_id

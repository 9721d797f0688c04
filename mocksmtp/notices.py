"""Notices: what the service says of itself, apart from the mail; a line each, as text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO


class Notices:
    """Writes to standard error, or wherever it is told to."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = lambda: 0.0, format: str | None = None) -> None:
        """``format`` is ``text`` (None too) or ``json``; ``clock`` tells the time for the latter."""
        self._out = out
        self._clock = clock
        self._json = format == "json"

    def __call__(self, text: str) -> None:
        """Say something."""
        line = f"mocksmtp: {text}"
        if self._json:
            at = (
                datetime.fromtimestamp(self._clock(), UTC)
                .isoformat(timespec="microseconds")
                .replace("+00:00", "Z")
            )
            line = json.dumps({"at": at, "notice": text})
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except OSError:
            # Nobody reads it any more; mail goes on.
            return

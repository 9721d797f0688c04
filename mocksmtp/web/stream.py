"""A stream of server-sent events to one viewer (HTML standard, section 9.2), no faster than it reads.

While what was written has not left, nothing more is taken from the feed: the viewer's
queue there is bounded, so one who reads slowly costs little and is told what it missed.
"""

from __future__ import annotations

from typing import Any

from twisted.web.server import Request

from mocksmtp.feed import Feed, Viewer, Wanted

KEEP_ALIVE = 15.0
"""Seconds without an event after which a comment shows that the stream lives."""

AT_ONCE = 32
"""Events that leave in one write."""

RETRY = b"retry: 1000\n"
"""Milliseconds after which a viewer whose stream broke comes back."""

HEADERS = {
    b"Content-Type": b"text/event-stream; charset=utf-8",
    b"X-Accel-Buffering": b"no",  # nginx in between passes on what it gets.
}


class EventStream:
    """The answer to one request for events: a push producer that begins with ``start``."""

    def __init__(self, feed: Feed, wanted: Wanted, clock: Any) -> None:
        self._feed = feed
        self._wanted = wanted
        self._clock = clock
        self._paused = False
        self._soon: Any = None
        self._idle: Any = None
        self._viewer: Viewer
        self._request: Request

    def start(self, request: Request) -> None:
        """Write the head and go on until the viewer leaves."""
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        if request.method == b"HEAD":
            request.finish()
            return
        self._request = request
        request.notifyFinish().addBoth(lambda _: self._end())
        after = request.getHeader("last-event-id") or ""
        known = int(after) if after.isascii() and after.isdigit() and len(after) < 20 else None
        self._viewer = self._feed.open(self._wanted, self._wake, known)
        request.registerProducer(self, True)
        # An id without data is no event; it says from where to go on.
        begin = b"" if known is not None else b"id: %d\n" % self._feed.last
        request.write(RETRY + begin + b"\n")
        self._idle = self._clock.callLater(KEEP_ALIVE, self._keep_alive)
        self._wake()

    def _wake(self) -> None:
        """There is something; write it when the reactor has done what it is at."""
        if self._soon is None and not self._paused:
            self._soon = self._clock.callLater(0, self._pump)

    def _pump(self) -> None:
        self._soon = None
        while not self._paused:
            frames: list[bytes] = []
            while len(frames) < AT_ONCE and (event := self._viewer.take()) is not None:
                frames.append(event.frame)
            if not frames:
                return
            self._idle.reset(KEEP_ALIVE)
            self._request.write(b"".join(frames))

    def _keep_alive(self) -> None:
        self._idle = self._clock.callLater(KEEP_ALIVE, self._keep_alive)
        if not self._paused:
            self._request.write(b":\n\n")

    # What the transport asks of a producer.

    def pauseProducing(self) -> None:
        """Write no more for now: the viewer does not read."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Go on: what was written has left."""
        self._paused = False
        self._wake()

    def stopProducing(self) -> None:
        """The viewer is gone; ``notifyFinish`` says so too."""
        self._paused = True

    def _end(self) -> None:
        self._paused = True
        self._feed.close(self._viewer)
        for call in (self._soon, self._idle):
            if call is not None and call.active():
                call.cancel()

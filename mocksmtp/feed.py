"""The feed: facts as events, for those who look on while mail goes on.  A subscriber of facts.

It hears facts only while somebody looks, and a while longer, so that one who comes back
finds what happened in between; otherwise a fact costs nothing here.  Whoever looks has a
queue of their own, bounded, and is told how many events did not fit.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mocksmtp.smtp import facts
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.envelope import Envelope

KEPT = 1_000
"""Events that wait for one viewer, and that are kept for one who comes back."""

REST = 60.0
"""Seconds for which facts are still heard when nobody looks any more."""

SHOWN = 20
"""Recipients that an event names; it says how many there are."""

Told = dict[str, Any]
Take = Callable[[Any], None]


class Event:
    """One fact as it is told: its number, its name, and its fields, which nobody changes."""

    __slots__ = ("_frame", "name", "number", "scopes", "told")

    def __init__(self, number: int, name: str, told: Told, scopes: tuple[str, ...] = ()) -> None:
        """``scopes`` are the tokens of those it belongs to."""
        self.scopes = scopes
        self.number = number
        self.name = name
        self.told = told
        self._frame: bytes | None = None

    @property
    def frame(self) -> bytes:
        """The event as server-sent events are written; made once for all who look."""
        if self._frame is None:
            data = json.dumps(self.told, ensure_ascii=True)
            self._frame = f"id: {self.number}\nevent: {self.name}\ndata: {data}\n\n".encode()
        return self._frame


Wanted = Callable[[Event], bool]


class Viewer:
    """Somebody who looks: a bounded queue of the events that they want."""

    def __init__(self, wanted: Wanted, wake: Callable[[], None], most: int) -> None:
        """``wake`` is called with each event that is put in."""
        self._wanted = wanted
        self._wake = wake
        self._most = most
        self._queue: deque[Event] = deque()
        self._missed: int | None = 0
        self._missed_to = 0
        self._missed_at = ""

    def put(self, event: Event) -> None:
        """Take in an event, if it is wanted; the oldest goes where there is no room."""
        if not self._wanted(event):
            return
        if len(self._queue) >= self._most:
            oldest = self._queue.popleft()
            self._missed = None if self._missed is None else self._missed + 1
            self._missed_to, self._missed_at = oldest.number, oldest.told["at"]
        self._queue.append(event)
        self._wake()

    def miss(self, count: int | None, last: int, at: str) -> None:
        """Say that so many events up to a number are not to be had; None where nobody knows how many."""
        self._missed, self._missed_to, self._missed_at = count, last, at

    def take(self) -> Event | None:
        """Take out the next event, None if there is none now; what was missed comes first."""
        if self._missed != 0:
            event = Event(self._missed_to, "missed", {"at": self._missed_at, "count": self._missed})
            self._missed = 0
            return event
        return self._queue.popleft() if self._queue else None


class Feed:
    """Turns facts into events and hands them to all who look."""

    def __init__(self, clock: Any, subscribers: Mapping[type, list[Take]], most: int = KEPT) -> None:
        """``clock`` is the reactor; ``subscribers`` say who takes which fact: the feed joins and leaves them."""
        self._clock = clock
        self._subscribers = subscribers
        self._most = most
        self._kept: deque[Event] = deque(maxlen=most)
        # Numbers of another process, or of before a pause, are then told from ours.
        self._last = self._begin = int(clock.seconds() * 1000)
        self._viewers: list[Viewer] = []
        self._resting: Any = None
        self._hears = False
        self._takes: dict[type, Take] = {kind: self._taker(kind) for kind in EVENTS}

    def _taker(self, kind: type) -> Take:
        name, tell = EVENTS[kind]

        def take(fact: Any) -> None:
            self._last = number = self._last + 1
            scopes: tuple[str, ...] = () if kind is facts.ConnectionRefused else fact.who.scopes
            if kind is facts.SessionClosed:
                scopes = fact.who.scopes_seen
            event = Event(number, name, {"at": self._now(), **tell(fact)}, scopes)
            self._kept.append(event)
            for viewer in self._viewers:
                viewer.put(event)

        return take

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.seconds(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self._last

    @property
    def viewers(self) -> int:
        """How many look on now."""
        return len(self._viewers)

    def open(self, wanted: Wanted, wake: Callable[[], None], after: int | None = None) -> Viewer:
        """Begin to look; with ``after`` from the event behind that number, as far as it is kept."""
        if not self._hears:
            self._wake_up()
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        viewer = Viewer(wanted, wake, self._most)
        if after is not None:
            self._catch_up(viewer, after)
        self._viewers.append(viewer)
        return viewer

    def _wake_up(self) -> None:
        self._hears = True
        self._kept.clear()
        # What happened while nobody listened is one step, of which nobody knows how long it was.
        self._last += 1
        self._begin = self._last
        for kind, take in self._takes.items():
            self._subscribers[kind].append(take)

    def _catch_up(self, viewer: Viewer, after: int) -> None:
        first = self._last - len(self._kept) + 1
        if not self._begin <= after <= self._last:
            viewer.miss(None, first - 1, self._now())
        elif after < first - 1:
            viewer.miss(first - 1 - after, first - 1, self._now())
        for event in self._kept:
            if event.number > after or after > self._last:
                viewer.put(event)

    def close(self, viewer: Viewer) -> None:
        """Look no more."""
        self._viewers.remove(viewer)
        if not self._viewers:
            self._resting = self._clock.callLater(REST, self._rest)

    def _rest(self) -> None:
        self._resting = None
        self._hears = False
        for kind, take in self._takes.items():
            self._subscribers[kind].remove(take)


def _who(who: Conversation) -> Told:
    return {"session": who.id, "listener": who.listener, "client": who.client}


def _in_transaction(who: Conversation) -> Told:
    envelope = who.envelope
    if envelope is None:
        return {"session": who.id, "listener": who.listener, "client": who.client, "id": None, "mail": None}
    return {
        "session": who.id, "listener": who.listener, "client": who.client,
        "id": envelope.id, "mail": envelope.mail.text,
    }  # fmt: skip


def _envelope(envelope: Envelope) -> Told:
    return {
        "id": envelope.id,
        "mail": envelope.mail.text,
        "rcpt": [recipient.path.text for recipient in envelope.recipients[:SHOWN]],
        "rcpt_count": len(envelope.recipients),
    }


def _refused(fact: facts.ConnectionRefused) -> Told:
    return {"session": None, "listener": fact.listener, "client": fact.client, "reason": fact.reason}


def _opened(fact: facts.SessionOpened) -> Told:
    return _who(fact.who) | {"port": fact.who.port}


def _answered(fact: facts.CommandAnswered) -> Told:
    told = _in_transaction(fact.who)
    path = fact.path
    if fact.stage is Stage.MAIL and path is not None:
        told["mail"] = path.text
    told["rcpt"] = path.text if fact.stage in (Stage.RCPT, Stage.MESSAGE) and path is not None else None
    told |= {
        "helo": fact.who.helo, "stage": fact.stage.value, "code": fact.reply.code, "reply": fact.reply.text,
        "rule": fact.rule, "took_effect": fact.took_effect,
    }  # fmt: skip
    return told


def _matched(fact: facts.RuleMatched) -> Told:
    return _in_transaction(fact.who) | {"stage": fact.stage.value, "rule": fact.rule}


def _injected(fact: facts.FaultInjected) -> Told:
    told = _in_transaction(fact.who)
    return told | {"stage": fact.stage.value, "fault": fact.fault, "seconds": fact.seconds}


def _tls(fact: facts.TlsStarted) -> Told:
    return _who(fact.who) | fact.tls._asdict()


def _authenticated(fact: facts.Authenticated) -> Told:
    return _who(fact.who) | {"mechanism": fact.mechanism, "identity": fact.identity}


def _accepted(fact: facts.MessageAccepted) -> Told:
    return _who(fact.who) | _envelope(fact.envelope) | {
        "octets": fact.octets, "code": fact.reply.code, "reply": fact.reply.text, "rule": fact.rule,
        "kept": fact.kept,
    }  # fmt: skip


EVENTS: dict[type, tuple[str, Callable[[Any], Told]]] = {
    facts.ConnectionRefused: ("connection_refused", _refused),
    facts.SessionOpened: ("session_opened", _opened),
    facts.CommandAnswered: ("command_answered", _answered),
    facts.RuleMatched: ("rule_matched", _matched),
    facts.FaultInjected: ("fault_injected", _injected),
    facts.TlsStarted: ("tls_started", _tls),
    facts.Authenticated: ("authenticated", _authenticated),
    facts.MessageAccepted: ("message_accepted", _accepted),
    facts.TransactionEnded: ("transaction_ended", lambda fact: _who(fact.who)),
    facts.SessionClosed: ("session_closed", lambda fact: _who(fact.who)),
}
"""What each fact is called, and what is told of it: copied at once, because the conversation goes on."""

"""Counters: how often each key of each rule was hit, and when.  Their number is bounded."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Collection

MOST_KEYS = 100_000
"""Keys of all rules together."""

TIMES_A_KEY = 32
"""Times of hits that may be kept, on the average of all keys that may be kept."""

Key = tuple[str, ...]
"""The name of a rule behind its space of names (which ends in a slash, or is empty), and what tells hits apart."""


class Counter:
    """How often one key was hit, when first, and the times of its latest hits where they are asked for."""

    __slots__ = ("first", "hits", "times")

    def __init__(self, first: float, hits: int = 0, times: array[float] | None = None) -> None:
        self.first = first
        self.hits = hits
        self.times = times


class Counters:
    """All counters of a rulebook, the most recently hit last.

    When there are too many, the least recently hit are forgotten, and counted in ``dropped``.
    Rules are known by name, so counters outlive the rulebook that moved them.
    """

    def __init__(self, most: int = MOST_KEYS, under: Counters | None = None) -> None:
        """Keep at most so many keys; what is counted here goes on from ``under``, which stays as it is."""
        self.most = most
        self.dropped = 0
        self._under = under
        self._kept: OrderedDict[Key, Counter] = OrderedDict()
        self._times = 0

    def __len__(self) -> int:
        return len(self._kept)

    def hit(self, key: Key, now: float, times: int = 0) -> Counter:
        """Move the counter of a key by one; it keeps at least so many of its latest times."""
        counter = self._kept.get(key)
        if counter is None:
            counter = self._kept[key] = self._begun(key, now)
        else:
            self._kept.move_to_end(key)
        counter.hits += 1
        if times:
            self._remember(counter, now, times)
        if len(self._kept) > self.most or self._times > self.most * TIMES_A_KEY:
            self._make_room()
        return counter

    def peek(self, key: Key) -> Counter | None:
        """Return a copy of a counter, None where the key was not hit yet (or is forgotten)."""
        counter = self._kept.get(key)
        if counter is None:
            return self._under.peek(key) if self._under is not None else None
        return Counter(counter.first, counter.hits, None if counter.times is None else counter.times[:])

    def reset(self, rule: str | None = None) -> int:
        """Forget the counters of a rule (with its space of names), or all of them; return how many there were."""
        gone = [key for key in self._kept if rule is None or key[0] == rule]
        for key in gone:
            self._forget(self._kept.pop(key))
        return len(gone)

    def keep_only(self, rules: Collection[str], space: str = "") -> None:
        """Forget the counters of all other rules of a space of names: those rules are gone."""
        names = {space + rule for rule in rules}
        gone = [
            key for key in self._kept if key[0] not in names and key[0].rpartition("/")[0] == space.rstrip("/")
        ]
        for key in gone:
            self._forget(self._kept.pop(key))

    def _begun(self, key: Key, now: float) -> Counter:
        before = self._under.peek(key) if self._under is not None else None
        return before or Counter(now)

    def _remember(self, counter: Counter, now: float, times: int) -> None:
        kept = counter.times
        if kept is None:
            kept = counter.times = array("d")
        kept.append(now)
        self._times += 1
        if len(kept) > 2 * times:  # Cut seldom: each cut moves what stays.
            self._times -= len(kept) - times
            del kept[:-times]

    def _make_room(self) -> None:
        while len(self._kept) > 1 and (len(self._kept) > self.most or self._times > self.most * TIMES_A_KEY):
            self._forget(self._kept.popitem(last=False)[1])
            self.dropped += 1

    def _forget(self, counter: Counter) -> None:
        self._times -= 0 if counter.times is None else len(counter.times)

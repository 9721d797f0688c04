"""Combining conditions: all of a map, one of a list, and ``not``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mocksmtp.rules.condition import Anchor, Condition, Test
from mocksmtp.rules.pattern import GLOB_SIGNS, is_regex
from mocksmtp.smtp.stage import Stage

ORDER = tuple(Stage)
"""Stages in the order of a session, for telling which is the latest."""
ALWAYS_KNOWN_FROM = {Stage.RSET, Stage.NOOP, Stage.VRFY, Stage.EXPN, Stage.HELP, Stage.QUIT, Stage.UNKNOWN}
"""Stages outside the order of a transaction: there what was said may be empty, but not wrong."""


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold; none at all always holds."""

    parts: tuple[All | AnyOf | Not | Condition, ...] = ()

    def test(self) -> Test:
        """Return the compiled question."""
        tests = [part.test() for part in self.parts]
        if len(tests) == 1:
            return tests[0]
        return lambda context: all(test(context) for test in tests)

    def anchor(self) -> Anchor | None:
        """Return the most selective place of its parts."""
        anchors = [anchor for part in self.parts if (anchor := part.anchor()) is not None]
        return min(anchors, key=cost, default=None)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must hold."""

    parts: tuple[All | AnyOf | Not | Condition, ...]

    def test(self) -> Test:
        """Return the compiled question."""
        tests = [part.test() for part in self.parts]
        return lambda context: any(test(context) for test in tests)

    def anchor(self) -> Anchor | None:
        """Parts may stand in several places, so it stands in none."""
        return self.parts[0].anchor() if len(self.parts) == 1 else None


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: All | AnyOf

    def test(self) -> Test:
        """Return the compiled question."""
        test = self.part.test()
        return lambda context: not test(context)

    def anchor(self) -> Anchor | None:
        """What must not hold cannot be looked up."""
        return None


def conditions_of(when: All | AnyOf | Not | Condition) -> Iterator[Condition]:
    """Yield every condition, however deep."""
    if isinstance(when, (All, AnyOf)):
        for part in when.parts:
            yield from conditions_of(part)
    elif isinstance(when, Not):
        yield from conditions_of(when.part)
    else:
        yield when


def asserted(when: All | AnyOf | Not | Condition) -> Iterator[Condition]:
    """Yield every condition that is to hold, however deep, and none that is not to."""
    if isinstance(when, (All, AnyOf)):
        for part in when.parts:
            yield from asserted(part)
    elif not isinstance(when, Not):
        yield when


def latest(stages: Sequence[Stage]) -> Stage | None:
    """Return the latest of some stages in the order of a session."""
    return max(stages, key=ORDER.index, default=None)


def cost(anchor: Anchor) -> tuple[int, int]:
    """Rank how much is likely to stand in one place: an exact value least, a regex most."""
    worst = 0
    for text in anchor.patterns:
        if is_regex(text):
            rank = 3
        elif not GLOB_SIGNS.search(text):
            rank = 0
        else:
            rank = 1 if text.startswith("*@") and not GLOB_SIGNS.search(text, 2) else 2
        worst = max(worst, rank)
    return worst, 1 if anchor.field == "listener" else 0

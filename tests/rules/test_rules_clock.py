"""The rule clock: real time until it is moved."""

from __future__ import annotations

import pytest

from mocksmtp.rules.clock import LAST_MOMENT, RuleClock


class Real:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


# What is done, with 10 real seconds after each; and what the clock then shows.
MOVES = [
    ([], 1000.0),
    ([("advance", 300)], 1310.0),
    ([("advance", 300), ("advance", -100)], 1220.0),
    ([("set", 5.0)], 15.0),
    ([("hold",)], 1000.0),
    ([("hold",), ("advance", 300)], 1300.0),
    ([("hold",), ("set", 5.0)], 5.0),
    ([("set", 5.0), ("hold",)], 15.0),
    ([("hold",), ("release",)], 1010.0),
    ([("hold",), ("advance", 300), ("release",)], 1310.0),
    ([("release",)], 1010.0),
    ([("hold",), ("advance", 300), ("follow",)], 1030.0),
    ([("advance", 300), ("follow",)], 1020.0),
]


@pytest.mark.parametrize(("moves", "shown"), MOVES)
def test_the_clock_is_moved(moves, shown):
    real = Real()
    clock = RuleClock(real)
    for name, *arguments in moves:
        getattr(clock, name)(*arguments)
        real.seconds += 10
    assert clock.now() == shown
    assert clock.ahead == shown - real.seconds
    assert clock.held is (
        moves != [] and "hold" in [m[0] for m in moves] and moves[-1][0] in ("hold", "advance", "set")
    )


def test_what_was_advanced_is_told_exactly_while_time_goes_on():
    real = Real()
    clock = RuleClock(lambda: real() + 0.000_003 * next(ticks))
    ticks = iter(range(100))
    clock.advance(300)
    assert clock.ahead == 300.0


@pytest.mark.parametrize("moment", [-1.0, LAST_MOMENT + 1, float("nan"), float("inf")])
def test_a_moment_that_no_calendar_knows_is_refused(moment):
    clock = RuleClock(Real())
    with pytest.raises(ValueError, match="between the years"):
        clock.set(moment)
    with pytest.raises(ValueError, match="between the years"):
        clock.advance(moment - 1000)
    assert clock.now() == 1000.0

"""What has time is done before the reactor rests: after what came, and before it waits for more."""

from __future__ import annotations

import pytest

from mocksmtp.net.reactor import DirectReactor
from mocksmtp.net.turn import MOST_TURNS, TURN, Turn


def within_a_turn(turn, *works):
    """Ask for some work as events do that are being answered."""
    turn.begin()
    for work in works:
        turn.before_rest(work)
    turn.end()


def test_between_turns_it_is_done_at_once():
    done = []
    Turn().before_rest(lambda: done.append("work"))
    assert done == ["work"]


def test_it_waits_until_nobody_has_anything_more_to_say():
    turn, done = Turn(), []
    within_a_turn(turn, lambda: done.append("first"), lambda: done.append("second"))
    turn.settle(resting=False)
    assert done == []
    turn.settle(resting=True)
    turn.settle(resting=True)
    assert done == ["first", "second"]


def test_it_does_not_wait_for_clients_that_never_rest():
    turn, done = Turn(), []
    within_a_turn(turn, lambda: done.append("work"))
    for _ in range(MOST_TURNS):
        turn.settle(resting=False)
    assert done == []
    turn.settle(resting=False)
    assert done == ["work"]


class Poller:
    """Gives events, a list for each look, and puts down how long each look may take."""

    def __init__(self, *events):
        self.events, self.seen = list(events), []

    def poll(self, timeout, most):
        self.seen.append(timeout)
        return self.events.pop(0)


EVENT = [(7, 1)]
LOOKS = [
    # events at each look, how long each may take, what was done
    ([EVENT], [0], []),
    ([[]], [0], ["work"]),  # It may have set a timer: nobody waits for events before that is looked at.
]


@pytest.mark.parametrize(("events", "looks", "expected"), LOOKS)
def test_the_reactor_looks_once_more_before_it_does_what_is_owed(events, looks, expected):
    reactor, done = DirectReactor.__new__(DirectReactor), []
    reactor._poller, reactor._selectables = Poller(*events), {}
    within_a_turn(TURN, lambda: done.append("work"))
    reactor.doPoll(30)
    assert (reactor._poller.seen, done) == (looks, expected)
    TURN.settle(resting=True)
    assert done == ["work"]


def test_with_nothing_owed_it_looks_once():
    reactor = DirectReactor.__new__(DirectReactor)
    reactor._poller, reactor._selectables = Poller([]), {}
    reactor.doPoll(None)
    assert reactor._poller.seen == [-1]

"""Conditions on attempts: how they stand, and what they say."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.journal import Attempt
from mocksmtp.web.search import value_test
from mocksmtp.web.verdict import Case, Codes, Count, Gap, NoneAfter5xx, State, is_settled

OPEN, HOLDS, SETTLED, BROKEN = State.OPEN, State.HOLDS, State.SETTLED, State.BROKEN


def attempt(at, code=250, rcpt="b@y.test", mail="a@x.test", number=None):
    return Attempt(
        int(at * 1000) if number is None else number, 0, at, "S1", "smtp", "192.0.2.1", "me.test", None, (),
        "A1", mail, (), rcpt, (), b"%d 2.0.0 as it is\r\n" % code, None,
        "rcpt", None, (), (), 0.0, "refused",
    )  # fmt: skip


def codes(*wanted):
    return Codes([(each, value_test(each)) for each in wanted])


def taken(condition, *attempts):
    for each in attempts:
        condition.take(each)
    return condition


ONE, TWO, THREE = attempt(1, 450), attempt(2.5, 451), attempt(10, 250)
REFUSED, OTHER = attempt(3, 550), attempt(4, 250, "C@y.test")

TABLE = [
    (Count(2), [], OPEN, "0 attempts; wanted: at least 2"),
    (Count(2), [ONE, TWO, THREE], SETTLED, "3 attempts; wanted: at least 2"),
    (Count(0, 1), [ONE], HOLDS, "1 attempt; wanted: at most 1"),
    (Count(0, 1), [ONE, TWO], BROKEN, "2 attempts; wanted: at most 1"),
    (Count(0, 0), [], HOLDS, "0 attempts; wanted: exactly 0"),
    (Count(2, 2), [ONE], OPEN, "1 attempt; wanted: exactly 2"),
    (Count(2, 2), [ONE, TWO], HOLDS, "2 attempts; wanted: exactly 2"),
    (Count(1, 2), [ONE, TWO, THREE], BROKEN, "3 attempts; wanted: at least 1 and at most 2"),
    # Codes: the first ones, in order.
    (codes("450", "4*"), [], OPEN, "answered nothing yet; wanted: 450, 4*; attempt 1 is missing"),
    (codes("450", "4*"), [ONE], OPEN, "answered 450; wanted: 450, 4*; attempt 2 is missing"),
    (codes("450", "4*"), [ONE, TWO, THREE], SETTLED, "answered 450, 451; wanted: 450, 4*"),
    (codes("450", "250"), [ONE, TWO, THREE], BROKEN, "answered 450, 451; wanted: 450, 250; attempt 2 differs"),
    # Gaps: between tries of one recipient, whatever the case of its name.
    (Gap(1), [ONE], OPEN, "no recipient was tried twice, so there is no gap; wanted: at least 1s"),
    (Gap(1), [ONE, OTHER], OPEN, "no recipient was tried twice, so there is no gap; wanted: at least 1s"),
    (Gap(1, 8), [ONE, TWO, THREE], SETTLED, "2 gaps of 1.5s to 7.5s; wanted: at least 1s and at most 8s"),
    (Gap(0, 2), [OTHER, attempt(5.25, 250, "c@Y.test")], SETTLED, "1 gap of 1.25s; wanted: at most 2s"),
    (
        Gap(2), [ONE, TWO, THREE], BROKEN,
        "2 gaps of 1.5s to 7.5s; wanted: at least 2s; <b@y.test> was tried too soon, 1.5s after the try before, "
        "at 1970-01-01T00:00:02.500000Z",
    ),
    (
        Gap(0, 5), [TWO, THREE], BROKEN,
        "1 gap of 7.5s; wanted: at most 5s; <b@y.test> was tried too late, 7.5s after the try before, "
        "at 1970-01-01T00:00:10.000000Z",
    ),
    # The same recipient twice in one transaction is one try.
    (Gap(1), [ONE, ONE], OPEN, "no recipient was tried twice, so there is no gap; wanted: at least 1s"),
    # None after a 5xx.
    (NoneAfter5xx(), [ONE, TWO, THREE], HOLDS, "0 recipients got a 5xx, and none was tried again"),
    (NoneAfter5xx(), [ONE, REFUSED, OTHER], HOLDS, "1 recipient got a 5xx, and none was tried again"),
    (
        NoneAfter5xx(), [REFUSED, OTHER, THREE], BROKEN,
        "<b@y.test> was tried again 7s after 550 2.0.0 as it is, at 1970-01-01T00:00:10.000000Z",
    ),
    (
        NoneAfter5xx(), [attempt(3, 550, None), attempt(4, 550, None)], BROKEN,
        "MAIL FROM:<a@x.test> was tried again 1s after 550 2.0.0 as it is, at 1970-01-01T00:00:04.000000Z",
    ),
    (NoneAfter5xx(), [attempt(3, 550, None), ONE], HOLDS, "1 recipient got a 5xx, and none was tried again"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "attempts", "state", "says"), TABLE)
def test_a_condition_stands_so_and_says_so(condition, attempts, state, says):
    taken(condition, *attempts)
    assert (condition.state, condition.says()) == (state, says)


MAKERS = [
    lambda: Count(2), lambda: Count(0, 3), lambda: Count(2, 2), lambda: codes("4*", "250"), lambda: Gap(1, 3),
    lambda: Gap(0, inf), NoneAfter5xx,
]  # fmt: skip
ATTEMPTS = st.lists(
    st.builds(
        attempt, st.integers(0, 20), st.sampled_from([250, 450, 550]), st.sampled_from(["b@y", "c@y", None])
    ),
    max_size=8,
).map(lambda found: sorted(found, key=lambda each: each.at))


@pytest.mark.parametrize("make", MAKERS)
@given(ATTEMPTS, ATTEMPTS)
def test_what_is_broken_stays_broken(make, before, after):
    condition = taken(make(), *before)
    if condition.state is BROKEN:
        assert taken(condition, *after).state is BROKEN


@pytest.mark.parametrize("make", [MAKERS[0], MAKERS[3], MAKERS[5]])
@given(ATTEMPTS, ATTEMPTS)
def test_what_is_settled_without_an_upper_bound_stays_settled(make, before, after):
    condition = taken(make(), *before)
    if condition.state is SETTLED:
        assert taken(condition, *after).state is SETTLED


@given(ATTEMPTS)
def test_counts_are_what_counting_finds(attempts):
    for most in range(9):
        assert (taken(Count(0, most), *attempts).state is BROKEN) is (len(attempts) > most)
        assert (taken(Count(most), *attempts).state is SETTLED) is (len(attempts) >= most)


TESTS = {"rcpt": lambda each: each.rcpt == "b@y.test", "code": lambda each: each.code == 250}


def test_a_near_miss_fails_in_one_thing():
    case = Case(TESTS, [Count(1)])
    for each in (ONE, THREE, OTHER, attempt(5, 550, "no@y.test")):
        case.take(each)
    assert case.count == 1
    assert list(case.matched) == [THREE]
    assert list(case.nearest) == [(ONE, "code"), (OTHER, "rcpt")]


def test_the_nearest_are_the_newest_three():
    case = Case(TESTS, [Count(1)])
    for at in range(5):
        case.take(attempt(at, 550))
    assert [each.at for each, _ in case.nearest] == [2, 3, 4]
    assert case.failed == ["count"]


SETTLEMENTS = [
    ([[Count(0)]], True),
    ([[Count(1)]], False),
    ([[Count(0), Count(0, 5)]], False),
    ([[Count(0)], [Count(1)]], False),
    # One that is broken is enough.
    ([[Count(1), taken(Count(0, 0), ONE)], [Count(0, 5)]], True),
]


@pytest.mark.parametrize(("conditions", "settled"), SETTLEMENTS)
def test_nobody_waits_for_what_is_settled(conditions, settled):
    assert is_settled([Case({}, each) for each in conditions]) is settled

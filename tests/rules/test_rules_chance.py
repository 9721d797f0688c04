"""Chance: a pure hash, and fair enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.rules.chance import fraction

PARTS = st.lists(st.text(max_size=20) | st.integers() | st.tuples(st.text(max_size=5)), max_size=4)

# These numbers are a promise: a red run of last year is played again with its seed.
KEPT = [
    ((0,), 0.3214364412611488),
    ((42, "flaky", ("a@b.test",), 1), 0.8530811273627329),
    ((42, "flaky", ("a@b.test",), 2), 0.03545380850177071),
    ((43, "flaky", ("a@b.test",), 1), 0.4676975446051451),
]


@pytest.mark.parametrize(("parts", "expected"), KEPT)
def test_a_fraction_never_changes(parts, expected):
    assert fraction(*parts) == expected


@given(st.integers(), PARTS)
def test_a_fraction_lies_between_nothing_and_one(seed, parts):
    assert 0 <= fraction(seed, *parts) < 1


@given(PARTS, PARTS)
def test_other_parts_have_another_fraction(some, others):
    assert (fraction(1, *some) == fraction(1, *others)) == (list(map(str, some)) == list(map(str, others)))


def test_parts_are_told_apart_where_one_ends():
    assert fraction(1, "ab", "c") != fraction(1, "a", "bc") != fraction(1, "abc")


@pytest.mark.parametrize("percent", [1, 10, 30, 50, 99])
def test_a_chance_comes_as_often_as_it_says(percent):
    due = sum(fraction(7, "flaky", number) * 100 < percent for number in range(20_000))
    assert due / 200 == pytest.approx(percent, abs=1)

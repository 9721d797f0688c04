"""Counters: bounded, in the order of their use, and known by the names of rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.rules.counters import TIMES_A_KEY, Counters

KEYS = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from("12345678"))


def test_a_counter_knows_its_first_hit_and_how_many_there_were():
    counters = Counters()
    for now in (10.0, 20.0, 15.0):
        counter = counters.hit(("a",), now)
    assert (counter.hits, counter.first, counter.times) == (3, 10.0, None)


def test_times_are_kept_as_many_as_are_needed():
    counters = Counters()
    for now in range(100):
        counter = counters.hit(("a",), now, 3)
        assert list(counter.times)[-3:] == list(range(now + 1))[-3:]
        assert len(counter.times) <= 6


def test_the_least_recently_hit_goes_first_and_is_counted():
    counters = Counters(2)
    for name in "abac":
        counters.hit((name,), 0)
    assert [counters.peek((name,)) is not None for name in "abc"] == [True, False, True]
    assert counters.dropped == 1
    assert counters.hit(("b",), 0).hits == 1


@given(st.lists(KEYS), st.integers(1, 5))
def test_as_many_are_kept_as_may_be_and_they_are_the_latest(hits, most):
    counters = Counters(most)
    for key in hits:
        counters.hit(key, 0)
    latest = list(dict.fromkeys(reversed(hits)))
    assert list(counters._kept) == latest[:most][::-1]
    assert len(counters) == min(most, len(latest))
    # What was never dropped has counted right.
    if counters.dropped == 0:
        assert {key: counters.peek(key).hits for key in latest} == {key: hits.count(key) for key in latest}


def test_a_flood_of_hits_fills_nothing_either():
    counters = Counters(10)
    for number in range(10):
        for now in range(2 * TIMES_A_KEY):
            counters.hit(("a", str(number)), now, 1_000_000)
    kept = [len(counters.peek(key).times) for key in counters._kept]
    assert sum(kept) == counters._times <= 10 * TIMES_A_KEY
    assert counters.dropped == 5


def test_one_key_alone_is_kept_whatever_it_takes():
    counters = Counters(1)
    for now in range(5 * TIMES_A_KEY):
        counter = counters.hit(("a",), now, 10 * TIMES_A_KEY)
    assert len(counter.times) == 5 * TIMES_A_KEY


def test_counters_are_reset_by_rule_or_all():
    counters = Counters()
    for key in [("a", "1"), ("a", "2"), ("b",)]:
        counters.hit(key, 0, 1)
    assert counters.reset("a") == 2
    assert [*counters._kept] == [("b",)]
    assert counters.reset() == 1
    assert (len(counters), counters._times, counters.dropped) == (0, 0, 0)


def test_counters_of_rules_that_are_gone_are_forgotten_in_their_space():
    counters = Counters()
    for key in [("a", "1"), ("b",), ("runtime/b",), ("runtime/c",)]:
        counters.hit(key, 0)
    counters.keep_only(["a"])
    assert [*counters._kept] == [("a", "1"), ("runtime/b",), ("runtime/c",)]
    counters.keep_only(["c"], "runtime/")
    assert [*counters._kept] == [("a", "1"), ("runtime/c",)]


def test_what_lies_under_goes_on_and_stays_as_it_is():
    real = Counters()
    real.hit(("a",), 5.0, 2)
    over = Counters(under=real)
    assert (over.hit(("a",), 6.0, 2).hits, over.hit(("b",), 6.0).hits) == (2, 1)
    assert (real.peek(("a",)).hits, list(real.peek(("a",)).times), real.peek(("b",))) == (1, [5.0], None)
    assert Counters(under=over).peek(("a",)).hits == 2

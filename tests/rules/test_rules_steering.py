"""Steering: what is asked after each change, in which order, and what is remembered."""

from __future__ import annotations

import pytest
from rules.test_rules_in_force import ask, rule
from steered import Steered

from mocksmtp.rules.hits import NEVER, Acted
from mocksmtp.rules.rulebook import RUNTIME
from mocksmtp.rules.steering import Place, Taken, UnknownRule


def decides(steered):
    """Return the rule that decides about a recipient at y.test."""
    return ask(steered.in_force.rulebook).rule


PLACES = [
    (Place(), ["new", "a", "b"]),
    (Place("first"), ["new", "a", "b"]),
    (Place("last"), ["a", "b", "new"]),
    (Place("before", "b"), ["a", "new", "b"]),
    (Place("after", "a"), ["a", "new", "b"]),
    (Place("after", "b"), ["a", "b", "new"]),
]


@pytest.mark.parametrize(("place", "order"), PLACES)
def test_a_rule_is_added_and_moved_to_its_place(place, order):
    steered = Steered(rule("file"))
    for name in ("b", "a"):
        steered.steering.add(rule(name))
    steered.steering.add(rule("new"), place)
    assert steered.names == [*order, "file"]
    assert decides(steered) == order[0]
    for start in (Place("first"), Place("last")):
        steered.steering.move("new", start)
        steered.steering.move("new", place)
        assert steered.names == [*order, "file"]
    steered.steering.move("new", Place("before", "new"))
    assert steered.names == [*order, "file"]
    assert steered.followed[-1] is steered.in_force.rulebook


def test_what_is_not_there_is_told_and_changes_nothing():
    steered = Steered(rule("file"))
    steered.steering.add(rule("a"))
    before = steered.in_force.rulebook
    for wrong in (
        lambda s: s.find("none"),
        lambda s: s.replace("file", rule("file")),
        lambda s: s.remove("file"),
        lambda s: s.move("file", Place()),
        lambda s: s.move("a", Place("before", "file")),
        lambda s: s.add(rule("b"), Place("after", "none")),
        lambda s: s.switch("a", True),
    ):
        with pytest.raises(UnknownRule):
            wrong(steered.steering)
    with pytest.raises(Taken):
        steered.steering.add(rule("a"))
    assert steered.in_force.rulebook is before


def test_a_runtime_rule_may_have_the_name_of_one_of_the_files_and_is_found_first():
    steered = Steered(rule("same", reply="550 file"))
    steered.steering.add(rule("same", reply="550 runtime"))
    assert steered.steering.find("same").runtime
    steered.steering.remove("same")
    assert not steered.steering.find("same").runtime


def test_a_rule_that_is_replaced_keeps_its_place_and_its_counters():
    steered = Steered()
    for name in ("b", "a"):
        steered.steering.add(rule(name))
    steered.counters.hit((f"{RUNTIME}b",), 0.0)
    steered.hit("b")
    steered.steering.replace("b", rule("b", reply="451 later"))
    assert steered.names == ["a", "b"]
    assert (len(steered.counters), steered.steering.find("b").acted) == (1, Acted(1, 7.0))


def test_what_a_rule_did_is_forgotten_when_it_is_removed():
    steered = Steered(rule("file"))
    for name in ("a", "b", "file"):
        steered.steering.add(rule(name))
        steered.counters.hit((f"{RUNTIME}{name}",), 0.0)
        steered.hit(name)
    steered.counters.hit(("file",), 0.0)
    steered.steering.remove("a")
    assert (steered.hits.of("a"), steered.hits.of("b"), len(steered.counters)) == (NEVER, (1, 7.0), 3)
    assert steered.steering.clear() == 2
    assert (steered.names, len(steered.counters)) == (["file"], 1)
    assert steered.hits.of("file") == (1, 7.0)  # One of the files has that name too.


def test_a_rule_of_the_files_is_switched_off_and_on():
    steered = Steered(rule("first"), rule("second"), rule("third", enabled=False))
    steered.steering.switch("first", False)
    assert (decides(steered), steered.steering.find("first").rule.enabled) == ("second", False)
    steered.steering.switch("second", False)
    steered.steering.switch("third", True)
    assert decides(steered) == "third"
    steered.steering.switch("first", True)
    assert decides(steered) == "first"


def test_a_reload_keeps_runtime_rules_and_what_was_switched():
    steered = Steered(rule("old"), rule("gone"))
    steered.steering.add(rule("runtime", "z.test"))
    steered.steering.switch("old", False)
    steered.steering.switch("gone", False)
    files = (rule("new"), rule("old"))
    steered.steering.read_again(files, steered.compiled(files))
    assert (steered.names, decides(steered)) == (["runtime", "new", "old"], "new")
    assert [each.rule.enabled for each in steered.steering.standing()] == [True, True, False]
    files = (rule("gone"),)
    made = steered.compiled(files)
    steered.steering.read_again(files, made)
    assert (steered.names, decides(steered)) == (["runtime", "gone"], "gone")


def test_all_is_as_in_the_files_again():
    steered = Steered(rule("file"))
    steered.steering.add(rule("runtime"))
    steered.steering.switch("file", False)
    steered.steering.as_in_files()
    assert (steered.names, decides(steered)) == (["file"], "file")
    before = steered.in_force.rulebook
    steered.steering.as_in_files()
    assert steered.in_force.rulebook is before

"""Clock, reset, configuration and reload over HTTP."""

from __future__ import annotations

import json

import pytest
from stores.opened import message
from web.asked import Asked

from mocksmtp.config import Mistake, load
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.scopes import Scopes
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.routes import clock, config, reset

A = "a" * 26


class Clocked(Asked):
    """A rule clock over a real time that stands at 1000 seconds."""

    def __init__(self):
        self.clock = RuleClock(lambda: 1000.0)
        self.scopes = Scopes(Rulebook(), lambda _: None, lambda: None, lambda: 1000.0)
        super().__init__(clock.routes(self.clock, self.scopes))


MOVES = [
    ({"advance": "5m"}, "1970-01-01T00:21:40.000000Z", 300),
    ({"advance": "250ms"}, "1970-01-01T00:16:40.250000Z", 0.25),
    ({"set": "1970-01-02T00:00:00Z"}, "1970-01-02T00:00:00.000000Z", 85400),
    ({"set": "1970-01-01T01:00:00+01:00"}, "1970-01-01T00:00:00.000000Z", -1000),
    ({"set": "1970-01-01T00:00:01"}, "1970-01-01T00:00:01.000000Z", -999),
    ({"follow": True}, "1970-01-01T00:16:40.000000Z", 0),
]


@pytest.mark.parametrize(("change", "now", "ahead"), MOVES)
def test_the_clock_is_moved_and_told(change, now, ahead):
    clocked = Clocked()
    expected = (200, {"now": now, "ahead": ahead})
    assert clocked.ask("POST", "/v1/clock", change) == expected
    assert clocked.ask("GET", "/v1/clock") == expected
    clocked.ask("POST", "/v1/clock", {"advance": "1h"})
    assert clocked.ask("POST", "/v1/clock", {"follow": True})[1]["ahead"] == 0


WRONG = [
    ({}, None),
    ({"advance": "5m", "follow": True}, None),
    ({"advance": 5}, "advance"),
    ({"advance": "5"}, "advance"),
    ({"advance": None}, None),
    ({"advance": "9999999d"}, "advance"),
    ({"set": "noon"}, "set"),
    ({"set": "1960-01-01T00:00:00Z"}, "set"),
    ({"follow": False}, "follow"),
    ({"hold": True}, "hold"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_a_clock_that_cannot_be_moved_so_stays(change, field):
    clocked = Clocked()
    status, document = clocked.ask("POST", "/v1/clock", change)
    assert (status, document.get("field")) == (422, field)
    assert clocked.clock.ahead == 0


class Resets(Asked):
    """A reset of which it is told what was done."""

    def __init__(self):
        self.done = []
        self.scopes = Scopes(Rulebook(), lambda _: None, lambda: None, lambda: 1000.0)
        self.scopes.open(A, 60.0)
        everybody = {name: self.does(name) for name in ("messages", "rules", "clock")}
        super().__init__(reset.routes(everybody, self.scopes, self.of_scope))

    def of_scope(self, scope):
        return {name: self.does(f"{name} of {scope.token}") for name in ("messages", "clock")}

    def does(self, name):
        async def later():
            self.done.append(name)

        return later if name.startswith("messages") else lambda: self.done.append(name)


RESETS = [
    (None, ["messages", "rules", "clock"]),
    ({}, ["messages", "rules", "clock"]),
    ({"only": ["clock", "messages"]}, ["messages", "clock"]),
    ({"only": ["rules"]}, ["rules"]),
]


@pytest.mark.parametrize(("body", "done"), RESETS)
def test_what_is_named_is_reset_and_all_where_nothing_is(body, done):
    resets = Resets()
    assert resets.ask("POST", "/v1/reset", body) == (200, {"reset": done})
    assert resets.done == done


def test_of_a_scope_what_it_has_is_reset():
    resets = Resets()
    target = f"/v1/reset?scope={A.upper()}"
    assert resets.ask("POST", target) == (200, {"reset": ["messages", "clock"]})
    assert resets.ask("POST", target, {"only": ["clock"]}) == (200, {"reset": ["clock"]})
    assert resets.done == [f"messages of {A}", f"clock of {A}", f"clock of {A}"]


@pytest.mark.parametrize(
    ("token", "only", "status", "field"),
    [
        (A, ["clock", "rules"], 422, "only.1"),
        ("b" * 26, ["rules"], 404, None),
        ("b" * 26, ["clock"], 404, None),
        ("x", ["clock"], 422, "scope"),
    ],
)
def test_of_a_scope_what_it_has_not_cannot_be_reset_and_nothing_is(token, only, status, field):
    resets = Resets()
    got, document = resets.ask("POST", f"/v1/reset?scope={token}", {"only": only})
    assert (got, document.get("field"), resets.done) == (status, field, [])


@pytest.mark.parametrize("body", [{"only": []}, {"only": ["mail"]}, {"only": "rules"}, {"messages": True}])
def test_what_cannot_be_reset_is_told_and_nothing_is(body):
    resets = Resets()
    status, document = resets.ask("POST", "/v1/reset", body)
    assert (status, document["field"].partition(".")[0], resets.done) == (422, next(iter(body)), [])


def test_all_messages_are_removed_page_by_page(monkeypatch):
    monkeypatch.setattr(reset, "PAGE", 2)
    store = MemoryStore(10, 10_000)
    for number in range(5):
        store.add(message(number), lambda refusal: None)
    scopes = Scopes(Rulebook(), lambda _: None, lambda: None, lambda: 1000.0)
    parts = {"messages": lambda: reset.remove_messages(store)}
    Asked(reset.routes(parts, scopes, lambda _: {})).ask("POST", "/v1/reset")
    assert store.usage().messages == 0


class How:
    """How a reload went."""

    def __init__(self, changed=(), kept=(), mistakes=()):
        self.changed, self.kept, self.mistakes = changed, kept, mistakes


def configured(how=None, text=""):
    async def reload():
        return how

    return Asked(config.routes(lambda: load([], {"MOCKSMTP_CONFIG_YAML": text}), reload))


def test_what_is_in_force_is_told_without_secrets():
    asked = configured(text="hostname: mx.a.test\nauth: {users: {alice: wonderland}}")
    status, document = asked.ask("GET", "/v1/config")
    assert (status, document["hostname"], document["auth"]["users"]) == (200, "mx.a.test", {"alice": "***"})
    assert "wonderland" not in json.dumps(document)


def test_a_reload_tells_what_changed():
    told = configured(How(("seed changed",), ("data: stays",))).ask("POST", "/v1/reload")
    assert told == (200, {"changed": ["seed changed"], "kept": ["data: stays"]})


def test_a_reload_that_fails_tells_each_mistake_with_its_place():
    mistakes = (Mistake("a.yaml", 3, 7, "seed: a number"), Mistake("", 0, 0, "mx.pem: no certificate"))
    status, document = configured(How(mistakes=mistakes)).ask("POST", "/v1/reload")
    assert status == 409
    assert document["detail"] == "what was in force stays: a.yaml:3:7: seed: a number; mx.pem: no certificate"
    assert document["errors"] == [
        {"field": "a.yaml:3:7", "detail": "seed: a number"},
        {"field": "", "detail": "mx.pem: no certificate"},
    ]

"""/v1/scopes: begun, listed, ended with their last state; and what is shown to whom."""

from __future__ import annotations

import re

import pytest
from http_site import message
from steered import Steered, routes_over
from web.asked import Asked

from mocksmtp.feed import Event
from mocksmtp.journal import Attempt, Journal, SessionRecord
from mocksmtp.journal.attempts import NOBODYS
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.scopes import Scopes
from mocksmtp.smtp.record import PLAINLY
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.attempt import AttemptSearch, SessionSearch, attempt_test, session_test
from mocksmtp.web.routes.events import wanted_by
from mocksmtp.web.search import MessageSearch, message_test

A, B, ENDED = "a" * 26, "b" * 26, "c" * 26
FULL = {"name": "full", "when": {"rcpt": "bob@*"}, "reply": "452 4.2.2 full"}


def attempt(*names, rcpt="bob@y.test"):
    return Attempt(
        1, 0, 0.0, "S", "smtp", "::1", None, None, names, "A1", "a@x.test", (), rcpt, (), b"250 ok\r\n", 1,
        "rcpt", None, (), (), 0.0, "accepted",
    )  # fmt: skip


def session(*names):
    return SessionRecord("S", 0.0, None, "smtp", "::1", 1, None, None, None, 0, 0, 0, 0, names, ())


class Service(Asked):
    """The routes over scopes, a store and a journal; it is 1000 seconds past the epoch."""

    def __init__(self, most=2):
        self.scopes = Scopes(Rulebook(), lambda _: None, lambda: None, lambda: 1000.0, most)
        self.store, self.journal = MemoryStore(10, 10_000), Journal(10, 1000)
        steered = Steered()
        steered.scopes = self.scopes
        super().__init__(routes_over(steered, self.store, self.journal))

    @property
    def kept(self):
        return [each.scopes for each in self.store._by_id().values()]

    def add(self, number, *tokens):
        self.store.add(message(number, scopes=tokens), lambda refusal: None)
        for token in set(tokens) - {ENDED}:
            self.scopes.find(token).messages.append((f"A{number}", tokens))
        at, *whose = attempt(*tokens)[2:9]
        self.journal.attempts.add((at, tuple(whose), *attempt(*tokens)[9:16], PLAINLY))


@pytest.fixture
def service():
    return Service()


def test_a_scope_is_begun_and_found_again(service):
    answer = service.raw("POST", "/v1/scopes", {"ttl": "1m", "label": "signup", "rules": [FULL]})
    _, listed = service.ask("GET", "/v1/scopes")
    (told,) = listed["scopes"]
    token = told.pop("token")
    assert re.fullmatch("[a-z2-7]{26}", token)
    assert (answer.status, dict(answer.headers)) == (201, {"Location": f"/v1/scopes/{token}"})
    assert told == {
        "domain": f"{token}.scope.test", "label": "signup", "began_at": "1970-01-01T00:16:40.000000Z",
        "ends_at": "1970-01-01T00:17:40.000000Z", "rules": ["full"], "hits": {},
    }  # fmt: skip
    assert service.ask("GET", f"/v1/scopes/{token.upper()}") == (200, told | {"token": token})


def test_no_two_tokens_are_alike_and_ten_minutes_are_the_default(service):
    one, other = (service.ask("POST", "/v1/scopes")[1] for _ in range(2))
    assert one["token"] != other["token"]
    assert one["ends_at"] == "1970-01-01T00:26:40.000000Z"


BAD = [
    ({"ttl": "0s"}, "ttl"),
    ({"ttl": "8d"}, "ttl"),
    ({"ttl": 5}, "ttl"),
    ({"rules": [FULL, {"name": "b", "when": {"rcpt": "a@*"}, "reply": "99 no"}]}, "rules.1.reply"),
    ({"rules": [FULL, FULL]}, "rules.1.name"),
    ({"rules": [FULL] * 101}, "rules"),
    ({"label": "x" * 201}, "label"),
    ({"token": A}, "token"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_what_no_scope_can_begin_with_is_told(service, body, field):
    status, document = service.ask("POST", "/v1/scopes", body)
    assert (status, document["field"], len(service.scopes)) == (422, field, 0)


def test_there_is_room_for_so_many(service):
    assert [service.ask("POST", "/v1/scopes")[0] for _ in range(3)] == [201, 201, 503]


def test_a_scope_is_given_other_rules(service):
    service.scopes.open(A, 60.0)
    status, told = service.ask("PUT", f"/v1/scopes/{A}/rules", {"rules": [FULL]})
    assert (status, told["rules"]) == (200, ["full"])
    status, document = service.ask("PUT", f"/v1/scopes/{A}/rules", {"rules": [FULL, FULL]})
    assert (status, document["field"]) == (422, "rules.1.name")
    assert service.ask("PUT", f"/v1/scopes/{B}/rules", {"rules": []})[0] == 404
    assert service.ask("PUT", f"/v1/scopes/{A}/rules", {})[1]["rules"] == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_scope_that_is_not_there_is_not_found(service, method):
    assert service.ask(method, f"/v1/scopes/{A}")[0] == 404


def test_a_scope_ends_with_its_last_state_and_takes_its_messages_along(service):
    scope = service.scopes.open(A, 60.0, (), "mine")
    service.scopes.open(B, 60.0)
    scope.hits.count("full")
    service.add(1, A)
    service.add(2)
    service.add(3, A, B)
    service.add(4, A)
    status, state = service.ask("DELETE", f"/v1/scopes/{A}")
    assert (status, state["label"], state["hits"]) == (200, "mine", {"full": 1})
    assert [each["id"] for each in state["messages"]] == ["A1", "A3", "A4"]
    assert [each["id"] for each in state["attempts"]] == ["1.0", "3.0", "4.0"]
    assert service.store.usage().messages == 2
    assert service.ask("DELETE", f"/v1/scopes/{B}")[1]["messages"][0]["id"] == "A3"
    assert (service.store.usage().messages, len(service.scopes)) == (1, 0)


def test_the_clock_of_a_scope_is_moved_alone(service):
    service.scopes.open(A, 60.0)
    assert service.ask("POST", f"/v1/clock?scope={A.upper()}", {"advance": "5m"})[1]["ahead"] == 300
    assert service.ask("GET", f"/v1/clock?scope={A}")[1]["ahead"] == 300
    assert service.ask("GET", "/v1/clock")[1]["ahead"] == 0
    assert service.ask("GET", f"/v1/clock?scope={B}")[0] == 404
    assert service.ask("GET", "/v1/clock?scope=x")[0] == 422


@pytest.mark.parametrize(
    ("asked", "tokens", "shown"),
    [(None, (), True), (None, (A,), False), (A, (), False), (A, (A,), True), (A, (B,), False), (A, (B, A), True)],
)
def test_what_belongs_to_a_scope_is_shown_to_who_asks_for_it_and_the_rest_to_all_others(asked, tokens, shown):
    by_envelope, _ = message_test(MessageSearch(scope=asked))
    assert by_envelope(message(1, scopes=tokens)) is shown
    assert attempt_test(AttemptSearch(scope=asked))(attempt(*tokens)) is shown
    assert session_test(SessionSearch(scope=asked))(session(*tokens)) is shown
    assert wanted_by({}, asked)(Event(1, "session_opened", {}, tokens)) is shown
    assert wanted_by({}, asked)(Event(1, "missed", {}, ()))


@pytest.mark.parametrize(
    ("rcpt", "shown"),
    [(f"bob+{B}@y.test", [B]), (f"bob@{A}.scope.test", [A]), ("bob@y.test", [A, B]), (None, [A, B])],
)
def test_of_two_scopes_in_a_transaction_each_sees_its_own_recipients_and_those_that_name_none(rcpt, shown):
    seen = [token for token in (A, B) if attempt_test(AttemptSearch(scope=token))(attempt(A, B, rcpt=rcpt))]
    assert seen == shown


def test_a_reset_spares_what_belongs_to_a_scope(service):
    service.scopes.open(A, 60.0)
    service.add(1, A)
    service.add(2)
    assert service.ask("POST", "/v1/reset")[0] == 200
    assert service.store.usage().messages == 1
    seen = [(each.number, each.scopes) for each in service.journal.attempts.newest() if each.scopes != NOBODYS]
    assert seen == [(1, (A,))]


def test_a_reset_of_a_scope_spares_all_others(service):
    for token in (A, B):
        scope = service.scopes.open(token, 60.0)
        scope.counters.hit(("full",), 1000.0)
        scope.hits.count("full")
        scope.clock.advance(300)
    for number, tokens in enumerate([(A,), (), (B,), (A, B), (A,), (A, ENDED)]):
        service.add(number, *tokens)
    status, told = service.ask("POST", f"/v1/reset?scope={A}")
    assert (status, told) == (200, {"reset": ["messages", "journal", "counters", "clock"]})
    assert service.kept == [(), (B,), (A, B)]
    one, other = service.scopes.find(A), service.scopes.find(B)
    assert (len(one.counters), one.hits.all(), one.clock.ahead) == (0, {}, 0)
    assert (len(other.counters), other.hits.all(), other.clock.ahead) == (1, {"full": 1}, 300)
    for asked, seen in ((None, [2]), (A, [4]), (B, [3, 4]), (ENDED, [])):
        wanted = attempt_test(AttemptSearch(scope=asked))
        assert [each.number for each in service.journal.attempts.after(0) if wanted(each)] == seen


def test_a_reset_removes_messages_that_the_scope_no_longer_knows_by_their_ids(service, monkeypatch):
    monkeypatch.setattr("mocksmtp.rules.scopes.MOST_MESSAGES", 2)
    service.scopes.open(A, 60.0)
    for number, tokens in enumerate([(A,), (), (A,), (A,)]):
        service.add(number, *tokens)
    service.ask("POST", f"/v1/reset?scope={A}")
    assert service.kept == [()]


def test_what_comes_after_a_reset_of_a_scope_is_there_again_and_what_went_is_not_in_its_last_state(service):
    service.scopes.open(A, 60.0)
    service.add(1, A)
    service.ask("POST", f"/v1/reset?scope={A}", {"only": ["messages", "journal"]})
    service.add(2, A)
    state = service.ask("DELETE", f"/v1/scopes/{A}")[1]
    assert [each["id"] for each in state["messages"]] == ["A2"]
    assert [each["id"] for each in state["attempts"]] == ["2.0"]
    assert service.ask("POST", f"/v1/reset?scope={A}")[0] == 404

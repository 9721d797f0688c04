"""Rules over HTTP: what each route answers, and what is asked afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rules.test_rules_in_force import ask as decide
from steered import Steered, routes_over
from web.asked import Asked

from mocksmtp.config import load
from mocksmtp.config.given import rule_of

FILE = {"name": "file", "when": {"rcpt": "y.test"}, "reply": "550 5.1.1 file"}
A = "a" * 26
OTHER = {"name": "other", "when": {"mail": "z.test"}, "schedule": {"first": 3, "within": "5m"}, "reply": "450 no"}
NEW = {"name": "new", "when": {"rcpt": "*@y.test"}, "reply": "452 4.2.2 <{rcpt}>: mailbox full"}


class Rules(Asked):
    """Two rules of a file, and the routes over them."""

    def __init__(self, *runtime):
        self.steered = Steered(
            replace(rule_of(FILE), source="a.yaml:3"), replace(rule_of(OTHER), source="a.yaml:7")
        )
        super().__init__(routes_over(self.steered))
        for each in reversed(runtime):
            assert self.ask("POST", "/v1/rules", each)[0] == 201

    @property
    def names(self):
        return [each["name"] for each in self.ask("GET", "/v1/rules")[1]["rules"]]

    @property
    def decides(self):
        return decide(self.steered.in_force.rulebook).rule


def named(name, **more):
    return {**NEW, "name": name, **more}


def test_rules_are_listed_in_their_order_with_what_they_did():
    rules = Rules(NEW)
    rules.steered.hit("new")
    status, document = rules.ask("GET", "/v1/rules")
    assert status == 200
    assert document["rules"][:2] == [
        {
            "name": "new", "source": None, "runtime": True, "scope": None, "enabled": True,
            "description": "", "stages": ["rcpt"], "when": {"rcpt": "*@y.test"},
            "reply": "452 4.2.2 <{rcpt}>: mailbox full", "hits": 1, "last_hit": "1970-01-01T00:00:07.000000Z",
        },
        {
            "name": "file", "source": "a.yaml:3", "runtime": False, "scope": None, "enabled": True,
            "description": "", "stages": ["rcpt"], "when": {"rcpt": "y.test"}, "reply": "550 5.1.1 file",
            "hits": 0, "last_hit": None,
        },
    ]  # fmt: skip
    assert rules.ask("GET", "/v1/rules/new")[1] == document["rules"][0]


def test_in_a_scope_its_own_rules_are_listed_before_all_others_with_what_all_of_them_did_there():
    rules = Rules(NEW)
    scope = rules.steered.scopes.open(A, 60.0, [rule_of(named("own")), rule_of(named("file"))])
    for name in ("own", "new", "new"):
        scope.hits.count(name)
    rules.steered.hit("other")
    status, document = rules.ask("GET", f"/v1/rules?scope={A.upper()}")
    assert status == 200
    assert [(each["name"], each["scope"], each["runtime"], each["hits"]) for each in document["rules"]] == [
        ("own", A, False, 1), ("file", A, False, 0), ("new", None, True, 2), ("file", None, False, 0),
        ("other", None, False, 0),
    ]  # fmt: skip
    assert [each["last_hit"] for each in document["rules"][:2]] == ["1970-01-01T00:16:40.000000Z", None]
    assert document["rules"][0]["source"] is None
    assert rules.names == ["new", "file", "other"]
    assert rules.ask("GET", f"/v1/rules/file?scope={A}")[1] == document["rules"][1]
    assert rules.ask("GET", f"/v1/rules/other?scope={A}")[1]["hits"] == 0
    assert rules.ask("GET", "/v1/rules/other")[1]["hits"] == 1


def test_the_yaml_of_a_scope_has_its_rules_first_and_each_name_once(tmp_path):
    rules = Rules(named("file"))
    rules.steered.scopes.open(A, 60.0, [rule_of(named("file")), rule_of(NEW)])
    (tmp_path / "rules.yaml").write_bytes(rules.raw("GET", f"/v1/rules?format=yaml&scope={A}").body)
    loaded = load([tmp_path / "rules.yaml"], {}).rulebook_rules
    assert [rule.name for rule in loaded] == ["file-3", "new", "file-2", "file", "other"]


@pytest.mark.parametrize(
    ("target", "status", "field"),
    [
        (f"/v1/rules?scope={A}", 404, None), (f"/v1/rules/file?scope={A}", 404, None),
        ("/v1/rules?scope=x", 422, "scope"), ("/v1/rules/file?scope=", 422, "scope"),
    ],
)  # fmt: skip
def test_rules_of_a_scope_that_is_not_there_are_not_told(target, status, field):
    got, document = Rules().ask("GET", target)
    assert (got, document.get("field")) == (status, field)


def test_the_yaml_of_what_is_in_force_loads_again_to_the_same_rules(tmp_path):
    rules = Rules(NEW, named("file"), named("other", enabled=False, reply=["450 a", '450 it\'s "b"']))
    rules.ask("PATCH", "/v1/rules/new", {"description": "so: it is # said"})
    answer = rules.raw("GET", "/v1/rules?format=yaml")
    assert (answer.status, answer.content_type) == (200, "application/yaml")
    path = tmp_path / "rules.yaml"
    path.write_bytes(answer.body)
    loaded = load([path], {}).rulebook_rules
    standing = [each.rule for each in rules.steered.steering.standing()]
    # Those that have the name of a rule of the files are called otherwise in one file.
    assert [rule.name for rule in loaded] == ["new", "file-2", "other-2", "file", "other"]
    assert [replace(rule, source="", name="") for rule in loaded] == [
        replace(rule, source="", name="") for rule in standing
    ]


PLACES = [
    ({}, ["new", "a", "b"]),
    ({"position": None}, ["new", "a", "b"]),
    ({"position": "first"}, ["new", "a", "b"]),
    ({"position": "last"}, ["a", "b", "new"]),
    ({"position": {"before": "b"}}, ["a", "new", "b"]),
    ({"position": {"after": "b"}}, ["a", "b", "new"]),
]


@pytest.mark.parametrize(("place", "order"), PLACES)
def test_a_rule_is_added_in_its_place(place, order):
    rules = Rules(named("a"), named("b"))
    answer = rules.raw("POST", "/v1/rules", {**NEW, **place})
    assert (answer.status, answer.headers) == (201, (("Location", "/v1/rules/new"),))
    assert rules.names == [*order, "file", "other"]
    assert rules.decides == order[0]


def test_a_rule_is_moved():
    rules = Rules(named("a"), named("b"))
    assert rules.ask("POST", "/v1/rules/a/move", {"position": {"after": "b"}})[0] == 200
    assert rules.names == ["b", "a", "file", "other"]
    assert rules.decides == "b"


def test_a_rule_is_replaced_where_it_stands():
    rules = Rules(named("a"), named("b"))
    status, told = rules.ask("PUT", "/v1/rules/b", {"when": {"rcpt": "*"}, "reply": "accept"})
    assert (status, told["name"], told["reply"]) == (200, "b", "accept")
    assert rules.names == ["a", "b", "file", "other"]


PATCHES = [
    ({}, {}),
    ({"enabled": False}, {"enabled": False}),
    ({"reply": "550 no"}, {"reply": "550 no"}),
    ({"description": "why"}, {"description": "why"}),
    ({"when": {"helo": "x"}}, {"when": {"rcpt": "*@y.test", "helo": "x"}, "stages": ["rcpt"]}),
    ({"when": {"rcpt": None, "mail": "x"}, "reply": "550 no"},
     {"when": {"mail": "x"}, "stages": ["mail"], "reply": "550 no"}),
    ({"schedule": {"first": 2}}, {"schedule": {"first": 2}}),
]  # fmt: skip


@pytest.mark.parametrize(("patch", "changed"), PATCHES)
def test_a_patch_changes_what_it_names(patch, changed):
    rules = Rules(NEW)
    before = rules.ask("GET", "/v1/rules/new")[1]
    status, told = rules.ask("PATCH", "/v1/rules/new", patch)
    assert (status, told) == (200, {**before, **changed})


def test_a_patch_inside_a_map_leaves_the_rest_of_it():
    rules = Rules(named("new", schedule={"first": 3, "within": "5m"}))
    _, told = rules.ask("PATCH", "/v1/rules/new", {"schedule": {"first": None}})
    assert told["schedule"] == {"within": "5m"}


def test_a_rule_of_the_files_is_switched_off_and_on():
    rules = Rules()
    status, told = rules.ask("PATCH", "/v1/rules/file", {"enabled": False})
    assert (status, told["enabled"], rules.decides) == (200, False, None)
    assert rules.ask("PATCH", "/v1/rules/file", {})[1]["enabled"] is False
    rules.ask("PATCH", "/v1/rules/file", {"enabled": None})
    assert rules.decides == "file"


def test_runtime_rules_are_removed_and_those_of_the_files_stay():
    rules = Rules(named("a"), named("b"), named("c"))
    assert rules.ask("DELETE", "/v1/rules/b") == (204, None)
    assert rules.names == ["a", "c", "file", "other"]
    assert rules.ask("DELETE", "/v1/rules") == (200, {"removed": 2})
    assert (rules.names, rules.decides) == (["file", "other"], "file")


PROBLEMS = [
    ("GET", "/v1/rules?format=xml", None, 422, "format"),
    ("GET", "/v1/rules/none", None, 404, None),
    ("PUT", "/v1/rules/none", NEW, 404, None),
    ("PUT", "/v1/rules/file", FILE, 409, None),
    ("PUT", "/v1/rules/a", named("b"), 422, "name"),
    ("PUT", "/v1/rules/a", {"reply": "550 no"}, 422, "stage"),
    ("PATCH", "/v1/rules/none", {}, 404, None),
    ("PATCH", "/v1/rules/file", {"enabled": False, "reply": "550 no"}, 422, "reply"),
    ("PATCH", "/v1/rules/file", {"enabled": "false"}, 422, "enabled"),
    ("PATCH", "/v1/rules/a", {"name": "b"}, 422, "name"),
    ("PATCH", "/v1/rules/a", {"reply": None}, 422, None),
    ("PATCH", "/v1/rules/a", {"when": {"rcpt": ""}}, 422, "when.rcpt"),
    ("PATCH", "/v1/rules/a", [1], 422, None),
    ("DELETE", "/v1/rules/none", None, 404, None),
    ("DELETE", "/v1/rules/file", None, 409, None),
    ("POST", "/v1/rules", named("a"), 409, "name"),
    ("POST", "/v1/rules", {}, 422, "name"),
    ("POST", "/v1/rules", {**NEW, "when": {"rcpx": "a"}}, 422, "when.rcpx"),
    ("POST", "/v1/rules", {**NEW, "repli": "550 no"}, 422, "repli"),
    ("POST", "/v1/rules", {**NEW, "fault": [{"drip": {"bytez": 1}}]}, 422, "fault.0.drip.bytez"),
    ("POST", "/v1/rules", {**NEW, "position": "middle"}, 422, "position"),
    ("POST", "/v1/rules", {**NEW, "position": {"before": 1}}, 422, "position"),
    ("POST", "/v1/rules", {**NEW, "position": {"before": "file"}}, 422, "position"),
    ("POST", "/v1/rules", b"[", 422, None),
    ("POST", "/v1/rules/none/move", {"position": "first"}, 404, None),
    ("POST", "/v1/rules/file/move", {"position": "first"}, 409, None),
    ("POST", "/v1/rules/a/move", {"position": {"after": "none"}}, 422, "position"),
    ("POST", "/v1/rules/a/move", {}, 422, "position"),
    ("POST", "/v1/rules/a/move", {"position": "last", "of": 1}, 422, "of"),
    ("POST", "/v1/rules/check", {}, 422, "text"),
]


@pytest.mark.parametrize(("method", "target", "body", "status", "field"), PROBLEMS)
def test_what_cannot_be_done_names_the_field_and_changes_nothing(method, target, body, status, field):
    rules = Rules(named("a"))
    before = rules.steered.in_force.rulebook
    got, document = rules.ask(method, target, body)
    assert (got, document["status"], document.get("field")) == (status, status, field)
    assert document["detail"]
    assert rules.steered.in_force.rulebook is before


def test_all_mistakes_of_a_rule_are_told():
    _, document = Rules().ask("POST", "/v1/rules", {"name": "r", "when": {"rcpx": "a"}, "reply": "no"})
    assert [each["field"] for each in document["errors"]] == ["when.rcpx", "reply"]


def deciders(rules, target, rcpt):
    status, told = rules.ask("POST", target, {"rcpt": rcpt})
    assert status == 200
    return [each["rule"] for each in told["stages"] if each["stage"] == "rcpt"]


def test_it_is_explained_who_decides_in_a_scope_that_is_a_parameter_or_named_by_what_is_said():
    rules = Rules()
    rules.steered.scopes.open(A, 60.0, [rule_of(named("own"))])
    path = "/v1/rules/explain"
    assert deciders(rules, path, "bob@y.test") == ["file"]
    assert deciders(rules, f"{path}?scope={A.upper()}", "bob@y.test") == ["own"]
    assert deciders(rules, path, f"bob+{A}@y.test") == ["own"]
    assert rules.ask("GET", f"/v1/rules/own?scope={A}")[1]["hits"] == 0


@pytest.mark.parametrize(("token", "status", "field"), [("b" * 26, 404, None), ("x", 422, "scope")])
def test_nothing_is_explained_of_a_scope_that_is_not_there(token, status, field):
    got, document = Rules().ask("POST", f"/v1/rules/explain?scope={token}", {"rcpt": "bob@y.test"})
    assert (got, document.get("field")) == (status, field)


def test_a_text_is_looked_through():
    rules = Rules()
    good = "rules:\n  - {name: a, stage: mail, reply: '550 no'}\n"
    told = rules.ask("POST", "/v1/rules/check", {"text": good})
    assert told == (200, {"valid": True, "mistakes": [], "warnings": []})
    status, told = rules.ask("POST", "/v1/rules/check", {"text": good.replace("reply", "replx")})
    (mistake,) = told["mistakes"]
    assert (status, told["valid"], mistake["line"], mistake["column"]) == (200, False, 2, 28)
    assert mistake["text"].startswith("unknown key 'replx'")
    twice = "{name: a, stage: rset, delay: 1s}"
    _, told = rules.ask("POST", "/v1/rules/check", {"text": f"[{twice}, {twice}]"})
    assert told["mistakes"][0]["text"].endswith("'a' is the name of another rule, at line 1, column 9")


WARNINGS = [
    ('{"name": "a", "stage": "mail", "reply": "550 4.1.1 no"}', ["1:4"]),
    ("- {name: a, stage: mail, reply: '550 no'}\n- {name: b, stage: mail, reply: '550 no'}\n", ["2"]),
    ("{name: a, stage: mail, when: {listener: nowhere}, reply: 550 no}", ["1"]),
    ("{name: a, stage: mail, when: {listener: submission}, reply: 550 no}", []),
    ("{listeners: {in: {port: 0}}, rules: [{name: a, stage: mail, when: {listener: in}, reply: 550 no}]}", []),
]


@pytest.mark.parametrize(("text", "places"), WARNINGS)
def test_what_is_worth_a_look_is_told_with_its_place(text, places):
    _, told = Rules().ask("POST", "/v1/rules/check", {"text": text})
    assert told["valid"]
    found = [f"{each['line']}:{each['column']}" for each in told["warnings"]]
    assert [place[: len(start)] for place, start in zip(found, places, strict=True)] == places

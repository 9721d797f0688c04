"""/v1/rules: the rules in force, and what may be changed of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NoReturn

from pydantic import ConfigDict, PlainValidator, RootModel, WithJsonSchema

from mocksmtp.config.checking import check
from mocksmtp.config.given import Wrong, merged, rule_of
from mocksmtp.config.mistakes import Mistake
from mocksmtp.config.rules import RuleModel
from mocksmtp.config.writing import written_rule
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.scopes import Scope, Scopes
from mocksmtp.rules.steering import FIRST, Place, Standing, Steering, Taken, UnknownRule
from mocksmtp.web.asking import Body
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json
from mocksmtp.web.scoped import Scoped, scope_asked
from mocksmtp.web.told import Time, Told
from mocksmtp.web.told_rules import file_text, told

YAML = "application/yaml"


def position(value: Any) -> Place:
    """Take ``first``, ``last``, ``{before: NAME}`` or ``{after: NAME}``."""
    if value in ("first", "last"):
        return Place(value)
    if isinstance(value, dict) and len(value) == 1:
        ((where, other),) = value.items()
        if where in ("before", "after") and isinstance(other, str):
            return Place(where, other)
    raise ValueError('first, last, {"before": NAME} or {"after": NAME} is wanted here')


POSITION_SCHEMA = {
    "anyOf": [
        {"enum": ["first", "last"]},
        *(
            {"type": "object", "properties": {where: {"type": "string"}}, "required": [where], "maxProperties": 1}
            for where in ("before", "after")
        ),
    ]
}
PositionField = Annotated[Any, PlainValidator(position), WithJsonSchema(POSITION_SCHEMA)]


class Form(Scoped):
    """In which form rules are listed."""

    format: Literal["json", "yaml"] = "json"


class Given(RootModel[dict[str, Any]]):
    """A rule as YAML writes it."""

    @classmethod
    def __get_pydantic_json_schema__(cls, _: Any, schema_of: Any) -> Any:
        """It is a rule's schema; the rule itself is read as one of a file is."""
        return schema_of(RuleModel.__pydantic_core_schema__)


class Added(Given):
    """A rule as YAML writes it, and besides ``position``: ``first`` where it is left out."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, schema_of: Any) -> Any:
        """A rule's schema with one property more."""
        schema = super().__get_pydantic_json_schema__(core, schema_of)
        return schema | {"properties": schema["properties"] | {"position": POSITION_SCHEMA}}


class Patch(RootModel[dict[str, Any]]):
    """A merge patch (RFC 7396): what it leaves out stays as it is, null takes away."""


class Move(Body):
    """Where a runtime rule is put, among those."""

    position: PositionField


class Text(Body):
    """A rule, a list of rules or a file of rules, as YAML or JSON."""

    text: str


class ToldRule(Told):
    """A rule in force: what it is as YAML writes it, where it comes from and what it did."""

    model_config = ConfigDict(extra="allow")

    name: str
    source: str | None
    runtime: bool
    scope: str | None
    enabled: bool
    description: str
    stages: list[str]
    hits: int
    last_hit: Time | None


class ToldRules(Told):
    """The rules in force in their order."""

    rules: list[ToldRule]


class ToldMistake(Told):
    """Something in a text, and where."""

    line: int
    column: int
    text: str


class ToldCheck(Told):
    """What is wrong with a text, and what is worth a look."""

    valid: bool
    mistakes: list[ToldMistake]
    warnings: list[ToldMistake]


class Removed(Told):
    """How many runtime rules were taken away."""

    removed: int


class Steered:
    """The answers to requests about rules."""

    def __init__(self, steering: Steering, scopes: Scopes) -> None:
        self._steering = steering
        self._scopes = scopes

    def listed(self, query: Query) -> Answer:
        """List all."""
        standing = list(self._steering.standing(scope_asked(self._scopes, query)))
        if query.asked.format == "yaml":
            return Answer(file_text(standing).encode(), YAML)
        return as_json({"rules": [told(each) for each in standing]})

    def one(self, query: Query) -> Answer:
        """Tell one."""
        return as_json(told(self._found(query, scope_asked(self._scopes, query))))

    def added(self, query: Query) -> Answer:
        """Put a runtime rule among the others."""
        given = dict(query.body.root)
        place = _position(given.pop("position", None))
        rule = _rule(given)
        try:
            self._steering.add(rule, place)
        except Taken:
            _taken(rule.name)
        except UnknownRule as unknown:
            _nowhere(unknown)
        return self._answer(rule.name, 201)

    def replaced(self, query: Query) -> Answer:
        """Put another rule in the place of a runtime rule."""
        name = self._runtime(query).rule.name
        self._steering.replace(name, _rule({"name": name, **query.body.root}, name))
        return self._answer(name)

    def patched(self, query: Query) -> Answer:
        """Change what is named of a rule; of one of the files only whether it is asked."""
        standing, patch = self._found(query), query.body.root
        rule = standing.rule
        if standing.runtime:
            self._steering.replace(rule.name, _rule(merged(written_rule(rule), patch), rule.name))
            return self._answer(rule.name)
        others = [name for name in patch if name != "enabled"]
        if others:
            detail = f"of {rule.name}, which stands in a file, only enabled can be patched"
            raise Problem(422, "Bad rule", detail, others[0])
        if "enabled" in patch:
            patched = _rule(merged(written_rule(rule), patch), rule.name)
            self._steering.switch(rule.name, patched.enabled)
        return self._answer(rule.name)

    def moved(self, query: Query) -> Answer:
        """Put a runtime rule elsewhere."""
        name = self._runtime(query).rule.name
        try:
            self._steering.move(name, query.body.position)
        except UnknownRule as unknown:
            _nowhere(unknown)
        return self._answer(name)

    def removed(self, query: Query) -> Answer:
        """Take a runtime rule away."""
        self._steering.remove(self._runtime(query).rule.name)
        return Answer(b"", status=204)

    def cleared(self, _: Query) -> Answer:
        """Take all runtime rules away."""
        return as_json({"removed": self._steering.clear()})

    def _answer(self, name: str, status: int = 200) -> Answer:
        answer = as_json(told(self._steering.find(name)), status)
        return answer._replace(headers=(("Location", f"/v1/rules/{name}"),)) if status == 201 else answer

    def _found(self, query: Query, scope: Scope | None = None) -> Standing:
        name = query.path["name"]
        try:
            return self._steering.find(name, scope)
        except UnknownRule:
            raise Problem(404, "Not found", f"there is no rule {name}") from None

    def _runtime(self, query: Query) -> Standing:
        standing = self._found(query)
        if not standing.runtime:
            detail = f"{standing.rule.name} stands in {standing.rule.source}; only enabled can be patched"
            raise Problem(409, "Not a runtime rule", detail)
        return standing


def given_rule(given: dict[str, Any], place: str = "") -> Rule:
    """Read a rule that stands at a place of what was given.  Raises Problem."""
    try:
        return rule_of(given)
    except Wrong as wrong:
        mistakes = [(".".join(filter(None, (place, path))), text) for path, text in wrong.mistakes]
        raise Problem(422, "Bad rule", str(wrong), mistakes[0][0] or None, mistakes) from None


def _rule(given: dict[str, Any], name: str | None = None) -> Rule:
    rule = given_rule(given)
    if name is not None and rule.name != name:
        raise Problem(422, "Bad rule", f"name: a rule keeps its name, which is {name}", "name")
    return rule


def _position(value: Any) -> Place:
    if value is None:
        return FIRST
    try:
        return position(value)
    except ValueError as error:
        raise Problem(422, "Bad rule", f"position: {error}", "position") from None


def _mistakes(found: Sequence[Mistake]) -> list[dict[str, Any]]:
    return [{"line": each.line, "column": each.column, "text": each.text} for each in found]


def _taken(name: str) -> NoReturn:
    detail = f"there is a runtime rule {name} already; PUT /v1/rules/{name} replaces it"
    raise Problem(409, "Name is taken", detail, "name") from None


def _nowhere(unknown: UnknownRule) -> NoReturn:
    raise Problem(422, "Bad position", f"there is no runtime rule {unknown}", "position") from None


def routes(steering: Steering, scopes: Scopes, listeners: Callable[[], Sequence[str]]) -> list[Route]:
    """Return the routes over these rules; ``listeners`` are the names of those that rules may speak of."""
    on = Steered(steering, scopes)

    def checked(query: Query) -> Answer:
        found = check(query.body.text, listeners())
        mistakes, warnings = _mistakes(found.mistakes), _mistakes(found.warnings)
        return as_json({"valid": not mistakes, "mistakes": mistakes, "warnings": warnings})

    path, one = "/v1/rules", "/v1/rules/{name}"
    return [
        Route("GET", path, on.listed, query=Form, answer=ToldRules, also=YAML, problems=(404,),
              says="The rules in force, in their order."),
        Route("POST", path, on.added, body=Added, answer=ToldRule, status=201, problems=(409,),
              says="Add a runtime rule."),
        Route("DELETE", path, on.cleared, answer=Removed, says="Take all runtime rules away."),
        Route("POST", f"{path}/check", checked, body=Text, answer=ToldCheck, says="Look a text of rules through."),
        Route("GET", one, on.one, query=Scoped, answer=ToldRule, says="One rule."),
        Route("PUT", one, on.replaced, body=Given, answer=ToldRule, problems=(409,),
              says="Put another rule in the place of a runtime rule."),
        Route("PATCH", one, on.patched, body=Patch, answer=ToldRule, says="Change what is named of a rule."),
        Route("DELETE", one, on.removed, status=204, problems=(409,), says="Take a runtime rule away."),
        Route("POST", f"{one}/move", on.moved, body=Move, answer=ToldRule, problems=(409,),
              says="Put a runtime rule elsewhere."),
    ]  # fmt: skip

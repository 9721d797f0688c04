"""Rules written as YAML writes them: what is read from the result is the same rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import UTC
from decimal import Decimal
from math import inf
from typing import Any, get_args, get_origin

from mocksmtp.config.declared import fields_of
from mocksmtp.config.faults import FOREVER
from mocksmtp.config.types import DURATIONS, LONGEST_NUMBER, SIZES
from mocksmtp.faults import fault as faults
from mocksmtp.faults.delay import Delay, Draw, LogNormal, Normal
from mocksmtp.rules import condition as conditions
from mocksmtp.rules.network import Network, Networks
from mocksmtp.rules.pattern import Patterns
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.schedule import Between, Over, Schedule
from mocksmtp.rules.template import Accept, ReplyTemplate
from mocksmtp.rules.when import All, AnyOf, Not

BINARY_SIZES = {unit: octets for unit, octets in SIZES.items() if unit == "B" or "i" in unit}
ESCAPES = {0: r"\0", 9: r"\t", 10: r"\n", 13: r"\r", 92: r"\\"}


def written_rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as maps, lists, texts, whole numbers and flags; what it leaves out is left out."""
    delay = rule.faults[0] if rule.faults and isinstance(rule.faults[0], Delay) else None
    struck = [_fault(each) for each in rule.faults[0 if delay is None else 1 :]]
    parts = {
        "name": rule.name,
        "description": rule.description or None,
        "enabled": None if rule.enabled else False,
        "stage": None if rule.stage is None else rule.stage.value,
        "when": _when(rule.when) or None,
        "schedule": _schedule(rule.schedule) or None,
        "per": list(rule.per) or None,
        "sequence": None if rule.sequence is None else [written_reply(each) for each in rule.sequence.steps],
        "at_end": None if rule.sequence is None else rule.sequence.at_end,
        "reply": None if rule.reply is None else written_reply(rule.reply),
        "then": rule.then,
        "keep": None if rule.keep else False,
        "delay": None if delay is None else _draw(delay.value),
        "fault": None if not struck else struck[0] if len(struck) == 1 else struck,
        "extensions": None if rule.extensions is None else _given(rule.extensions),
    }
    return {name: value for name, value in parts.items() if value is not None}


def _when(when: All | AnyOf) -> dict[str, Any] | list[Any]:
    if isinstance(when, AnyOf):
        return [_when(each) for each in when.parts if isinstance(each, (All, AnyOf))]
    return dict(_condition(each) for each in when.parts)


def _condition(part: Any) -> tuple[str, Any]:
    if isinstance(part, Not):
        return "not", _when(part.part)
    return part.name, _declared(part)


def _declared(value: Any) -> Any:
    """Write what is declared by fields, the shortest way that it can be read."""
    kinds = fields_of(type(value))
    if list(kinds) == ["value"]:
        return _written(kinds["value"], value.value)
    defaults = {each.name: each.default for each in fields(value)}
    given = {name: getattr(value, name) for name in kinds if getattr(value, name) != defaults[name]}
    shorthand = value.shorthand
    if shorthand and not given and defaults[shorthand] is not MISSING:
        given = {shorthand: getattr(value, shorthand)}
    told = {name: _written(kinds[name], each) for name, each in given.items()}
    return told[shorthand] if list(told) == [shorthand] else told


def _fault(fault: faults.Fault) -> Any:
    told = _draw(fault.value) if isinstance(fault, Delay) else _declared(fault)
    return fault.name if told == {} else {fault.name: told}


def _written(kind: Any, value: Any) -> Any:
    if get_origin(kind) is tuple:
        return list(value)
    if get_origin(kind) is dict:
        return {name: _written(get_args(kind)[-1], each) for name, each in value.items()}
    write = WRITERS.get(kind)
    return value if write is None else write(value)


def _patterns(patterns: Patterns) -> Any:
    several = [*patterns.items, *({"not": _patterns(each)} for each in patterns.excluded)]
    return several[0] if len(several) == 1 else several


def _networks(networks: Networks) -> Any:
    several = [_network(each) for each in networks.items]
    return several[0] if len(several) == 1 else several


def _network(network: Network) -> str:
    return str(network.network_address if network.num_addresses == 1 else network)


def _octets(octets: bytes) -> str:
    return "".join(ESCAPES.get(each) or (chr(each) if 32 <= each < 127 else f"\\x{each:02x}") for each in octets)


def size_text(octets: int) -> str:
    """Write octets with their unit."""
    whole = [unit for unit, each in BINARY_SIZES.items() if octets % each == 0 and octets >= each]
    unit = whole[-1] if whole else "B"
    return f"{octets // BINARY_SIZES[unit]}{unit}"


def duration_text(seconds: float) -> str:
    """Write seconds with their unit: the longest that is there a whole number of times."""
    for unit, length in reversed(DURATIONS.items()):
        if seconds % length == 0 and (seconds or unit == "s"):
            return f"{int(seconds // length)}{unit}"
    for unit, length in DURATIONS.items():
        text = f"{Decimal(repr(seconds / length)).normalize():f}"
        if len(text) + len(unit) <= LONGEST_NUMBER and float(text) * length == seconds:
            return text + unit
    return f"{round(seconds * 1000)}ms"


def _span(seconds: float) -> str:
    return FOREVER if seconds == inf else duration_text(seconds)


def _draw(draw: Draw) -> Any:
    first, second = map(duration_text, draw)
    if isinstance(draw, Normal):
        return {"normal": [first, second]}
    if isinstance(draw, LogNormal):
        return {"p50": first, "p99": second}
    return first if first == second else f"{first}..{second}"


WRITERS: Mapping[Any, Callable[[Any], Any]] = {
    Patterns: _patterns,
    Networks: _networks,
    conditions.Octets: size_text,
    faults.Octets: _octets,
    faults.Seconds: duration_text,
    faults.Span: _span,
}
"""How each type that a condition or a fault may declare is written; the others are written as they are."""


def _schedule(schedule: Schedule) -> dict[str, Any]:
    told = {name: SCHEDULE_WORDS.get(name, _same)(value) for name, value in schedule.words}
    between = schedule.between
    if between is not None and between.zone is not UTC:
        told["timezone"] = str(between.zone)
    return told


def _same(value: Any) -> Any:
    return value


def _over(over: Over) -> str:
    return f"{over.number} per {duration_text(over.seconds)}"


def _between(between: Between) -> list[str]:
    return [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (between.start, between.end)]


SCHEDULE_WORDS: Mapping[str, Callable[[Any], Any]] = {
    "chance": lambda percent: f"{percent:.6f}".rstrip("0").rstrip(".") + "%",
    "over": _over,
    "within": duration_text,
    "between": _between,
}


def written_reply(reply: ReplyTemplate | Accept) -> Any:
    """Return a reply as a text, a list of its lines, or a map where those would be read otherwise."""
    if isinstance(reply, Accept):
        return repr(reply)
    texts = ["".join(_signs(text.parts)) for text in reply.texts]
    lines = [
        f"{reply.code} {head}{text}".rstrip() if not text else f"{reply.code} {head}{text}"
        for head, text in zip(reply.heads, texts, strict=True)
    ]
    if ReplyTemplate.parse(lines) == reply:
        return lines[0] if len(lines) == 1 else lines
    # What looks like an enhanced code may be the text itself.
    enhanced = {"enhanced": reply.heads[0].strip()} if reply.heads[0] else {}
    return {"code": reply.code, **enhanced, "text": texts[0] if len(texts) == 1 else texts}


def _signs(parts: Sequence[str]) -> list[str]:
    return [f"{{{part}}}" if number % 2 else part for number, part in enumerate(parts)]


def _given(shown: Any) -> dict[str, list[str]]:
    return {name: list(value) for name in ("hide", "show") if (value := getattr(shown, name))}

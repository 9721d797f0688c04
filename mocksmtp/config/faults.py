"""``fault:`` and ``delay:`` read into faults, from the fields that each fault declares."""

from __future__ import annotations

import re
from math import inf
from typing import Any

from mocksmtp.config import types
from mocksmtp.config.declared import SCALARS, Found, Readers, fields_of, read_declared, schema_of
from mocksmtp.config.mistakes import Located, suggestion
from mocksmtp.config.tree import Plain
from mocksmtp.faults import FAULTS
from mocksmtp.faults.delay import Delay, Draw, LogNormal, Normal, Uniform
from mocksmtp.faults.fault import Fault, Octets, Seconds, Span

FOREVER = "forever"
PERCENTILES = ("p50", "p99")
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.)|$)", re.DOTALL)
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def draw(value: Any) -> Draw:
    """Take a time: 2s, 2s..5s, {normal: [mean, deviation]} or {p50: …, p99: …}."""
    if isinstance(value, dict):
        if set(value) == set(PERCENTILES):
            return LogNormal(*(types.duration(value[name]) for name in PERCENTILES))
        if list(value) == ["normal"]:
            two = value["normal"]
            if not isinstance(two, list) or len(two) != 2:
                raise ValueError("normal takes two durations, as in {normal: [2s, 500ms]}")
            return Normal(types.duration(two[0]), types.duration(two[1]))
        raise ValueError("a time is wanted here: 2s, 2s..5s, {normal: [2s, 500ms]} or {p50: 1s, p99: 8s}")
    low, dots, high = types.text(value).partition("..")
    seconds = types.duration(low)
    return Uniform(seconds, types.duration(high) if dots else seconds)


def span(value: Any) -> float:
    """Take a duration, or ``forever``."""
    return inf if value == FOREVER else types.duration(value)


def octets(value: Any) -> bytes:
    """Take octets as text with escapes."""
    text, found, at = types.text(value), b"", 0
    for match in ESCAPE.finditer(text):
        found += text[at : match.start()].encode()
        number, sign = match.groups()
        if number is None and sign not in ESCAPES:
            raise ValueError(f"{match[0]} is no octet (known: \\r \\n \\t \\0 \\\\ and \\xNN)")
        found += bytes.fromhex(number) if number else ESCAPES[sign]
        at = match.end()
    return found + text[at:].encode()


DURATION_SCHEMA = {"type": "string", "examples": ["200ms"]}
READERS: Readers = {
    **SCALARS,
    Seconds: (types.duration, DURATION_SCHEMA),
    Span: (span, {"type": "string", "examples": [FOREVER, "30s"]}),
    Octets: (octets, {"type": "string", "examples": ["250 ok\\r\\n"]}),
    Draw: (draw, {"type": ["string", "object"], "examples": ["2s", "2s..5s", {"p50": "1s", "p99": "8s"}]}),
}


def read_delay(value: Any) -> Delay:
    """Read ``delay:``.  Raises ValueError."""
    return Delay(draw(value))


def read_faults(value: Any) -> tuple[Fault, ...]:
    """Read ``fault:``: one, or a list that composes in its order.  Raises Located."""
    found: Found = []
    faults: list[Fault] = []
    several = isinstance(value, list)
    for number, each in enumerate(value if several else [value]):
        place = (number,) if several else ()
        try:
            faults.append(_fault(each))
        except Located as located:
            found += [((*place, *inner), text) for inner, text in located.found]
        except ValueError as error:
            found.append((place, str(error)))
    if not faults and not found:
        found.append(((), "fault: an empty list does nothing"))
    if found:
        raise Located(found)
    return tuple(faults)


def _fault(value: Any) -> Fault:
    if isinstance(value, dict) and len(value) != 1:
        raise ValueError("fault: one map holds one fault; give a list for several, as in [{…}, {…}]")
    name, given = next(iter(value.items())) if isinstance(value, dict) else (types.text(value), None)
    if name not in FAULTS:
        raise Located([((name,) if isinstance(value, dict) else (), _unknown(name))])
    cls: Any = FAULTS[name]
    place = (name,) if isinstance(value, dict) else ()
    if given is None or (isinstance(given, Plain) and given in types.NULLS):
        if list(fields_of(cls)) == ["value"]:
            raise Located([(place, f"{name}: give it a value, as in {{{name}: …}}")])
        given = {}
    try:
        fault: Fault = read_declared(cls, given, READERS)
    except Located as located:
        raise Located([((name, *inner), text) for inner, text in located.found]) from None
    except ValueError as error:
        raise Located([(place, f"{name}: {error}")]) from None
    return fault


def _unknown(name: str) -> str:
    return f"unknown fault {name!r} {suggestion(name, FAULTS)}"


def faults_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``fault``."""
    properties = {name: schema_of(cls, READERS) for name, cls in FAULTS.items()}
    alone = [name for name, cls in FAULTS.items() if list(fields_of(cls)) != ["value"]]
    one = {
        "anyOf": [
            {"enum": alone},
            {"type": "object", "properties": properties, "additionalProperties": False, "maxProperties": 1},
        ]
    }
    return {"anyOf": [one, {"type": "array", "items": one}]}


def delay_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``delay``."""
    return schema_of(Delay, READERS)

"""Types of single settings: what a scalar must look like, and what it then is."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from mocksmtp.config.tree import Plain

SIZES = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
DURATIONS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_NUMBER = 18
"""Digits of a number; more is a slip, not a size."""

WITH_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)")
NUMBER = re.compile(r"[-+]?[0-9]+")
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def text(value: Any) -> str:
    """Take a scalar as it was written."""
    if not isinstance(value, str):
        raise ValueError("a text is wanted here")
    return str(value)


def whole(value: Any) -> int:
    """Take a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(value)} digits is too long")
    if not isinstance(value, Plain) or not NUMBER.fullmatch(value):
        raise ValueError(f"a whole number is wanted here, not {shown(value)}")
    return int(value)


def flag(value: Any) -> bool:
    """Take true or false (YAML 1.2: no others)."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, Plain) or value not in ("true", "false"):
        raise ValueError(f"true or false is wanted here, not {shown(value)}")
    return value == "true"


def size(value: Any) -> int:
    """Take octets with their unit: 25MiB, 512B."""
    return int(_with_unit(value, SIZES, "25MiB"))


def duration(value: Any) -> float:
    """Take seconds with their unit: 250ms, 5m."""
    return _with_unit(value, DURATIONS, "5m")


def _with_unit(value: Any, units: dict[str, Any], example: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise ValueError(f"a value with its unit is wanted here, as in {example}")
    if len(value) > LONGEST_NUMBER:
        raise ValueError(f"a value of {len(value)} characters is too long")
    match = WITH_UNIT.fullmatch(value.strip())
    if match is None:
        reason = "has no unit" if re.fullmatch(r"[0-9.]+", value) else "is no value with a unit"
        raise ValueError(f"{value} {reason} (units: {', '.join(units)}; as in {example})")
    if match[2] not in units:
        raise ValueError(f"{match[2]} is no unit (units: {', '.join(units)}; as in {example})")
    return float(match[1]) * float(units[match[2]])


def null(value: Any) -> Any:
    """Take YAML's null for None, and leave everything else to the type behind."""
    return None if isinstance(value, Plain) and value in NULLS else value


def shown(value: Any) -> str:
    """Return how a value is named in an error."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return repr(str(value))


def several(value: Any) -> list[Any]:
    """Take one or a list of them."""
    return value if isinstance(value, list) else [value]


Text = Annotated[str, BeforeValidator(text)]
Whole = Annotated[int, BeforeValidator(whole)]
Flag = Annotated[bool, BeforeValidator(flag)]
Size = Annotated[int, BeforeValidator(size), WithJsonSchema({"type": "string", "examples": ["25MiB"]})]
Duration = Annotated[float, BeforeValidator(duration), WithJsonSchema({"type": "string", "examples": ["5m"]})]
Texts = Annotated[
    list[Text],
    BeforeValidator(several),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
]

"""What answers are made of: models that are the documentation of what is told, and how times are written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

TIME_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2026-11-24T10:00:00Z"]}

_PLUS_LOST = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)")
"""Where a + in an address was not written as %2B."""


class Told(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def time_told(at: float) -> str:
    """Write seconds since the epoch as ISO 8601, to the microsecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(value: Any) -> float:
    """Read a time as ISO 8601; without a zone it is UTC."""
    if not isinstance(value, str):
        raise ValueError("a time is wanted here, as in 2026-11-24T10:00:00Z")
    try:
        found = datetime.fromisoformat(_PLUS_LOST.sub("+", value.strip()))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{value[:40]!r} is no time; write it as in 2026-11-24T10:00:00Z") from None


Time = Annotated[str, WithJsonSchema(TIME_SCHEMA)]
"""A time that is told."""

Moment = Annotated[float, BeforeValidator(read_time), WithJsonSchema(TIME_SCHEMA)]
"""A time that is asked for, in seconds since the epoch."""

Params = Annotated[dict[str, str | None], Field(description="ESMTP parameters; null for one without a value")]


class TlsTold(Told):
    """What a handshake agreed on."""

    version: str
    cipher: str
    sni: str | None


def tls_told(tls: Any) -> TlsTold | None:
    """Tell of TLS, None where there is none."""
    return None if tls is None else TlsTold(version=tls[0], cipher=tls[1], sni=tls[2])


def reply_told(wire: bytes) -> str:
    """Write a reply as a person reads it: several lines are parted by a slash."""
    *head, last = wire.decode(errors="replace").removesuffix("\r\n").split("\r\n")
    return " / ".join([last[:4] + head[0][4:], *(line[4:] for line in head[1:]), last[4:]]) if head else last

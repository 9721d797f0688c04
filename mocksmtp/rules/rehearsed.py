"""What came of a rehearsal, as the command line and the API tell it in JSON."""

from __future__ import annotations

from typing import Any

from mocksmtp.rules.rehearsal import Row


def reply_lines(wire: bytes) -> list[str]:
    """Return the lines of a reply; none where nothing is replied."""
    return wire.decode("utf-8", "backslashreplace").removesuffix("\r\n").split("\r\n") if wire else []


def told(row: Row) -> dict[str, Any]:
    """Tell of one answer."""
    return {
        "stage": row.stage.value,
        "said": row.said,
        "code": row.code,
        "reply": reply_lines(row.wire),
        "rule": row.rule,
        "asked": row.asked,
        "matched": list(row.matched),
        "then": list(row.steps),
        "near": [
            {"rule": miss.rule, "condition": miss.condition, "wanted": miss.wanted, "found": miss.found}
            for miss in row.near
        ],
    }

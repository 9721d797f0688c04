"""Faults: what can go wrong with an answer, one file each, found by the listing of this folder.  Pure.

A fault is a frozen dataclass.  Its fields are what YAML gives it: one called ``value``, or
several that make a map.  Their types come from a closed set that the configuration knows
to read: int, str, Literal, Seconds, Span, Octets, Draw, tuple[int, ...], and any or None.
"""

from __future__ import annotations

from collections.abc import Mapping

from mocksmtp.faults.fault import Fault
from mocksmtp.smtp.modules import modules_of


def _found() -> dict[str, type[Fault]]:
    found: list[type[Fault]] = [m.FAULT for m in modules_of(__name__, list(__path__)) if hasattr(m, "FAULT")]
    return {fault.name: fault for fault in found}


FAULTS: Mapping[str, type[Fault]] = _found()

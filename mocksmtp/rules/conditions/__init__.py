"""Conditions: one file each, found by the listing of this folder.

A condition is a frozen dataclass.  Its fields are what YAML gives it: one field called
``value``, or several optional ones that make a map.  Field types come from a closed set
that the configuration knows to read: Patterns, Networks, Octets, int, bool, str,
dict[str, Patterns], and any of them or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mocksmtp.smtp.modules import modules_of


def _found() -> dict[str, type[Any]]:
    modules = modules_of(__name__, list(__path__))
    return {module.CONDITION.name: module.CONDITION for module in modules}


CONDITIONS: Mapping[str, type[Any]] = _found()

"""Finds the modules of a folder whose listing is the feature list: verbs, extensions, mechanisms."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules_of(package: str, path: list[str]) -> Iterator[ModuleType]:
    """Import and yield each module of a package in the order of their names."""
    for module in sorted(iter_modules(path), key=lambda found: found.name):
        yield import_module(f"{package}.{module.name}")

"""Mistakes: what is wrong with a configuration, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple


class Mistake(NamedTuple):
    """One mistake; ``line`` and ``column`` count from 1, and are 0 where there is no place in a file."""

    file: str
    line: int
    column: int
    text: str

    @property
    def place(self) -> str:
        """Where it is: ``file:line:column``, or less where less is known."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.file else f"line {self.line}, column {self.column}"

    def as_warning(self) -> str:
        """Say it as what may be done, and is surely not meant."""
        return f"{self.place}: warning: {self.text}"

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


class Invalid(Exception):
    """The configuration cannot be used; all mistakes at once, a line each."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(set(mistakes))
        super().__init__("\n".join(map(str, self.mistakes)))


class Located(ValueError):
    """Several mistakes inside one value: each with the path from that value to its place."""

    def __init__(self, found: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
        self.found = list(found)
        super().__init__("; ".join(text for _, text in self.found))


def suggestion(wrong: str, allowed: Iterable[str]) -> str:
    """Return ``(allowed: …; did you mean …?)``."""
    names = sorted(allowed)
    near = get_close_matches(wrong, names, 1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"(allowed: {', '.join(names)}{hint})" if names else ""

"""Patterns: exact values, globs and /regexes/, and an index that looks for many of them at once.

Exact values and whole domains live in dicts; globs share one RE2 set and regexes another,
so a thousand patterns cost about as much as ten, in time linear in the value.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import idna
import re2

SET_MEMORY = 1 << 30
"""Octets an RE2 set may use; its default gives up at ten thousand patterns."""


class Kind(StrEnum):
    """What the values are that patterns are matched against."""

    ADDRESS = "address"
    """``local@domain``; a pattern without ``@`` is a domain, ``<>`` the null reverse-path."""
    VALUE = "value"
    LOCAL_PART = "local_part"
    OCTETS = "octets"
    """Text as it came, one character an octet; a dot matches line ends."""


def _options(kind: Kind) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = SET_MEMORY
    options.log_errors = False
    if kind is Kind.OCTETS:
        options.encoding = re2.Options.Encoding.LATIN1
        options.dot_nl = True
    return options


OPTIONS = {kind: _options(kind) for kind in Kind}
GLOB_SIGNS = re.compile(r"[*?]")


def is_regex(text: str) -> bool:
    """Say whether a pattern is written between slashes."""
    return len(text) > 1 and text[0] == "/" == text[-1]


def check_regex(regex: str) -> None:
    """Raise ValueError in plain words where RE2 cannot read a regex."""
    if not regex:
        raise ValueError("an empty regex matches everything; write * for that")
    try:
        re2.compile(regex, OPTIONS[Kind.VALUE])
    except re2.error as error:
        detail = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error.args[0])
        hint = ""
        if re.search(r"\(\?<?[=!]|\\[1-9]", regex):
            hint = " (RE2 knows no look-ahead, look-behind or back-references)"
        raise ValueError(f"bad regex: {detail}{hint}") from None


@dataclass(frozen=True, slots=True)
class Patterns:
    """A list of patterns; it holds if one of them matches, or one of the lists under ``not`` does not."""

    items: tuple[str, ...]
    excluded: tuple[Patterns, ...] = ()

    @classmethod
    def parse(cls, value: object) -> Patterns:
        """Read a pattern, ``{not: …}`` or a list of those.  Raises ValueError in plain words."""
        items: list[str] = []
        excluded: list[Patterns] = []
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                _check(each)
                items.append(each)
            elif isinstance(each, dict) and set(each) == {"not"}:
                excluded.append(cls.parse(each["not"]))
            else:
                raise ValueError("give a pattern, a list of patterns, or {not: …}")
        if not items and not excluded:
            raise ValueError("an empty list matches nothing")
        return cls(tuple(items), tuple(excluded))


def _check(text: str) -> None:
    if not text:
        raise ValueError("an empty pattern matches nothing")
    if is_regex(text):
        check_regex(text[1:-1])


def normal(text: str, kind: Kind) -> str:
    """Bring a pattern into the form of the values: lower case, domains in A-labels, domains as ``*@domain``."""
    text = text.lower()
    if kind is not Kind.ADDRESS or text in ("<>", "<postmaster>"):
        return text
    local, at, domain = text.rpartition("@")
    if not text.isascii() and domain and not GLOB_SIGNS.search(domain):
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            raise ValueError(f"{domain} is no domain name") from None
    return f"{local}@{domain}" if at else ("*" if domain == "*" else f"*@{domain}")


class PatternIndex:
    """Many patterns, each filed under something; finds what is filed under those that match a value."""

    __slots__ = ("_domains", "_exact", "_globs", "_kind", "_regexes", "_under_glob", "_under_regex")

    def __init__(self, kind: Kind, patterns: Iterable[tuple[str, Hashable]]) -> None:
        """Take pairs of pattern and what is filed under it.  Raises ValueError for a bad pattern."""
        self._kind = kind
        self._exact: dict[str, list[Any]] = {}
        self._domains: dict[str, list[Any]] = {}
        self._under_glob: list[Any] = []
        self._under_regex: list[Any] = []
        globs: list[str] = []
        regexes: list[str] = []
        for text, item in patterns:
            if is_regex(text):
                regexes.append(text[1:-1])
                self._under_regex.append(item)
                continue
            text = normal(text, kind)
            if not GLOB_SIGNS.search(text):
                self._exact.setdefault(text, []).append(item)
            elif kind is Kind.ADDRESS and text.startswith("*@") and not GLOB_SIGNS.search(text, 2):
                self._domains.setdefault(text[2:], []).append(item)
            else:
                globs.append(_glob_regex(text))
                self._under_glob.append(item)
        self._globs = _compiled(re2.Set.FullMatchSet, globs, kind)
        self._regexes = _compiled(re2.Set.SearchSet, regexes, kind)

    def find(self, value: str) -> list[Any]:
        """Return what is filed under every pattern that matches, in no order.

        ``value`` is in lower case already where the kind is ADDRESS (``Path.key``).
        """
        found: list[Any] = []
        key = value if self._kind is Kind.ADDRESS else value.lower()
        if self._exact and key in self._exact:
            found += self._exact[key]
        if self._domains:
            items = self._domains.get(value[value.rfind("@") + 1 :])
            if items is not None and "@" in value:
                found += items
        if self._globs is not None:
            found += [self._under_glob[number] for number in self._globs.Match(self._subject(value)) or ()]
        if self._regexes is not None:
            found += [self._under_regex[number] for number in self._regexes.Match(self._subject(value)) or ()]
        return found

    def _subject(self, value: str) -> str | bytes:
        return value.encode("latin-1", "replace") if self._kind is Kind.OCTETS else value


def _glob_regex(glob: str) -> str:
    # (?s) lets * cross line ends; everything but the two signs stands for itself.
    return "(?s)" + "".join({"*": ".*", "?": "."}.get(sign) or re2.escape(sign) for sign in glob)


def _compiled(make: Any, regexes: list[str], kind: Kind) -> Any:
    if not regexes:
        return None
    compiled = make(OPTIONS[kind])
    for regex in regexes:
        compiled.Add(regex)
    compiled.Compile()
    return compiled

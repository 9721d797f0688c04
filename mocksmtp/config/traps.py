"""YAML's traps: values that look right and are not, each found where it stands, with the line as it should be.

YAML itself only says where it lost the thread.  So a line is read here as people write it:
a key and its value, or a map or list in braces, in which brackets inside a text belong to
the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

HEAD = re.compile(
    r"""\s*(?:- +)*(?:(?![2-5][0-9][0-9] )(?:"[^"]*"|'[^']*'|[^\s:"'{}\[\],#][^:"'{}\[\],#]*):(?:\s+|$))?"""
)
"""What stands before the value of a line: dashes and a key (which a reply is not, even with a colon in it)."""

KEY = re.compile(r"""\s*(?:"[^"]*"|'[^']*'|[^\s:"'{}\[\],][^:"'{}\[\],]*):(?:\s+|(?=[{\["']))""")
"""The key of an entry in braces."""

QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
REGEX = re.compile(r"/.*?/(?=\s*(?:[,}\]]|$))")
BLOCK = re.compile(r"[|>][-+0-9]*")
"""What begins a text over several lines; it has no cure in its own line."""

CLOSING = {"{": "}", "[": "]"}
SIGNS = "*&!%@`|>{["
SPLITS = "{}[],"
"""What ends or begins something inside braces."""


class Trap(NamedTuple):
    """What is wrong with a line: the column from 0, the cure in words, and the line as it should be."""

    column: int
    text: str
    cured: str


class _Value(NamedTuple):
    start: int
    end: int
    flow: bool


def find_trap(line: str) -> Trap | None:
    """Return the first trap of a line, its text with the line in which all are cured; None where it has none."""
    values = _values(line)
    wrong = [(value, said) for value in values if (said := _wrong(line[value.start : value.end], value.flow))]
    if not wrong:
        return None
    cured = line
    for value, _ in reversed(wrong):
        cured = cured[: value.start] + _quoted(line[value.start : value.end]) + cured[value.end :]
    first, said = wrong[0]
    return Trap(first.start, f"{said}, as in `{cured.strip()}`", cured)


def find_traps(lines: Sequence[str]) -> Iterable[tuple[int, Trap]]:
    """Yield the traps of a text that YAML cannot read, with their lines from 0."""
    for number, line in enumerate(lines):
        trap = None if line.lstrip().startswith("#") else find_trap(line)
        if trap is not None:
            yield number, trap


def _values(line: str) -> list[_Value]:
    head = HEAD.match(line)
    start = head.end() if head is not None else 0
    end = len(line.rstrip())
    if start >= end:
        return []
    if line[start] in CLOSING:
        found, after = _collection(line, start, end)
        if found is not None and (after >= end or line[after:end].lstrip().startswith(("#", ",", "}", "]"))):
            return found
    inside = line[end - 1] == "," or _closes_more(line[start:end])
    return [_scalar(line, start, end) if inside else _Value(start, _before_comment(line, start, end), False)]


def _collection(line: str, start: int, end: int) -> tuple[list[_Value] | None, int]:
    """Read a map or list in braces; return its values and where it ends, None where it is something else."""
    opening, at = line[start], start + 1
    found: list[_Value] = []
    while (at := _skip(line, at, end)) < end and line[at] != CLOSING[opening]:
        if line[at] == ",":
            at += 1
            continue
        key = KEY.match(line, at, end) if opening == "{" else None
        if opening == "{" and key is None:
            if not found:
                return None, at  # `{hostname}` is a text, not a map.
            value = _scalar(line, at, end)  # A comma belonged to the text before it.
            found[-1] = found[-1]._replace(end=value.end)
            at = value.end
            continue
        at = _skip(line, key.end() if key is not None else at, end)
        if at < end and line[at] in CLOSING:
            inner, after = _collection(line, at, end)
            if inner is not None and line[_skip(line, after, end) : end][:1] in ("", ",", "}", "]"):
                found += inner
                at = after
                continue
        value = _scalar(line, at, end)
        found.append(value)
        at = max(value.end, at)
        if at < end and line[at] in "}]" and line[at] != CLOSING[opening]:
            return None, at
    return found, min(at + 1, end)


def _scalar(line: str, start: int, end: int) -> _Value:
    """Read a value in braces: as far as a comma or bracket that does not belong to it."""
    for whole in (QUOTED, REGEX):
        match = whole.match(line, start, end)
        if match is not None and line[_skip(line, match.end(), end) : end][:1] in ("", ",", "}", "]"):
            return _Value(start, match.end(), True)
    depth, at = 0, start
    while at < end:
        sign = line[at]
        if sign in "{[":
            depth += 1
        elif sign in "}]":
            if depth == 0:
                break
            depth -= 1
        elif sign == "," and depth == 0:
            break
        at += 1
    return _Value(start, start + len(line[start:at].rstrip()), True)


def _wrong(text: str, flow: bool) -> str | None:
    """Say what is wrong with a value as it is written."""
    if not text:
        return None
    if text[0] in "\"'":
        if QUOTED.match(text) is None:
            return None  # It may end on a later line.
        if QUOTED.fullmatch(text) is None:
            return "a quote that ends before its value does: quote it with the other kind"
        if text[0] == '"' and "\\" in text:
            return "a backslash in double quotes: quote it with single quotes"
        return None
    if text[0] in SIGNS and not BLOCK.fullmatch(text):
        return f"a value that begins with {text[0]}: quote it"
    if text.startswith(("- ", "? ")) or (flow and text[0] == "?"):
        return f"a value that begins with {text[0]}: quote it"
    if ": " in text:
        return 'a value that holds ": ": quote it'
    if " #" in text:
        return 'a value that holds " #": quote it'
    split = next((sign for sign in text if sign in SPLITS), None) if flow else None
    return f"a value that holds {split} inside braces: quote it" if split else None


def _quoted(text: str) -> str:
    if text[0] in "\"'" and text[-1] == text[0] and len(text) > 1:
        # What was escaped in double quotes only because of them needs no escape in single ones.
        text = text[1:-1].replace('\\"', '"') if text[0] == '"' else text[1:-1]
    if text[0] == "/" or "\\" in text or '"' in text:
        return f"'{text.replace(chr(39), chr(39) * 2)}'"
    return f'"{text}"'


def _skip(line: str, at: int, end: int) -> int:
    while at < end and line[at] in " \t":
        at += 1
    return at


def _before_comment(line: str, start: int, end: int) -> int:
    quoted = QUOTED.match(line, start, end)
    comment = re.compile(r"\s#(?=\s|$)").search(line, quoted.end() if quoted else start, end)
    return len(line[: comment.start()].rstrip()) if comment else end


def _closes_more(text: str) -> bool:
    return any(text.count(closing) > text.count(opening) for opening, closing in CLOSING.items())

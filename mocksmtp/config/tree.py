"""YAML to plain values with the place of each; YAML's traps are told with the line as it should be.

Every scalar stays the text that was written, as ``Plain`` where it was not quoted: what
it means follows from what is wanted in its place, so 4.5.3 can be a code and 1.2 a
version without quotes.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

from mocksmtp.config.mistakes import Invalid, Mistake

Place = tuple[str | int, ...]
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 40
LINE = re.compile(r"^(\s*(?:- +)*(?:[\w.-]+:\s+|- +))(.+?)\s*$")
FLOW_VALUE = re.compile(r"""(?:[{\[,]|:\s)\s*((?:"[^"]*")|[^\s,{}\[\]"'][^,}\]]*)""")
FLOW_TRAPS = re.compile(r"(?:[{\[,]|: )\s*([*&!%@`|>])")
TRAPS = "*&!%@`{[|>"
REPLY = re.compile(r"[2-5][0-9][0-9][ -]")


class Plain(str):
    """A scalar that was not quoted."""

    __slots__ = ()


class Tree(NamedTuple):
    """The values of a file, and where each stands: the place of its key where it has one, and of itself."""

    file: str
    value: Any
    keys: dict[Place, tuple[int, int]]
    values: dict[Place, tuple[int, int]]

    def mistake(self, place: Place, text: str, at_key: bool = False) -> Mistake:
        """Return a mistake at a place, or at the nearest known place above it."""
        while place and place not in self.values:
            place = place[:-1]
        where = self.keys.get(place) if at_key else None
        line, column = where or self.values.get(place, (1, 1))
        return Mistake(self.file, line, column, text)


def read(text: str, file: str) -> Tree:
    """Read a YAML document.  Raises Invalid with all that is wrong with its form."""
    _check_events(text, file)
    try:
        node = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise Invalid([_mistake_of(error, text, file)]) from None
    reader = _Reader(file, text.splitlines())
    value = {} if node is None else reader.value(node, ())
    if reader.mistakes:
        raise Invalid(reader.mistakes)
    return Tree(file, value, reader.keys, reader.values)


def _check_events(text: str, file: str) -> None:
    """Refuse what would cost too much to build: aliases, which can multiply, and too deep a nesting."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            mark: Any = event.start_mark
            line, column = mark.line, mark.column
            if isinstance(event, yaml.AliasEvent):
                trap = _quoted(text.splitlines(), line, column)
                raise Invalid([Mistake(file, line + 1, column + 1, f"a value that begins with *: quote it{trap}")])
            if depth > DEEPEST:
                raise Invalid([Mistake(file, line + 1, column + 1, f"nested deeper than {DEEPEST} levels")])
    except yaml.YAMLError as error:
        raise Invalid([_mistake_of(error, text, file)]) from None


def _mistake_of(error: yaml.YAMLError, text: str, file: str) -> Mistake:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        return Mistake(file, 1, 1, f"not YAML: {problem}")
    lines = text.splitlines()
    trap = _trap(lines[mark.line]) if mark.line < len(lines) else None
    if trap is not None:
        return Mistake(file, mark.line + 1, mark.column + 1, trap + _quoted(lines, mark.line, mark.column))
    return Mistake(file, mark.line + 1, mark.column + 1, f"not YAML: {problem}")


def _trap(line: str) -> str | None:
    match = LINE.match(line)
    if match is None:
        return None
    value = match[2]
    if value[0] in "{[":
        inner = next((sign for sign in FLOW_TRAPS.findall(value)), None)
        if inner:
            return f"a value that begins with {inner}: quote it"
        if '"' in value and "\\" in value:
            return "a backslash in double quotes: quote it with single quotes"
    if value[0] in TRAPS:
        return f"a value that begins with {value[0]}: quote it"
    if value[0] == '"' and "\\" in value:
        return "a backslash in double quotes: quote it with single quotes"
    if value[0] not in "\"'" and ": " in value:
        return 'a value that holds ": ": quote it'
    return None


def _quoted(lines: list[str], number: int, column: int = 0) -> str:
    match = LINE.match(lines[number]) if number < len(lines) else None
    if match is None:
        return ""
    value = match[2]
    if value[0] in "{[" and column > len(match[1]):
        return _quoted_inside(lines[number], column)
    if value[0] == '"' and value[-1] == '"' and len(value) > 1:
        value = value[1:-1]
    quoted = '"' + value + '"' if "\\" not in value and '"' not in value else "'" + value.replace("'", "''") + "'"
    return f", as in `{(match[1] + quoted).strip()}`"


def _quoted_inside(line: str, column: int) -> str:
    """Quote the one value of a flow map or list that begins at or just before a column."""
    starts = [found for found in FLOW_VALUE.finditer(line) if found.start(1) <= column]
    if not starts:
        return ""
    start, end = starts[-1].span(1)
    value = line[start:end].strip()
    if value[:1] == '"' == value[-1:]:
        value = value[1:-1]
    return f", as in `{(line[:start] + chr(39) + value + chr(39) + line[end:]).strip()}`"


class _Reader:
    """Turns nodes into values, and notes places and mistakes on the way."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.keys: dict[Place, tuple[int, int]] = {}
        self.values: dict[Place, tuple[int, int]] = {}
        self.mistakes: list[Mistake] = []

    def value(self, node: yaml.Node, place: Place) -> Any:
        """Return what a node means."""
        self.values[place] = _at(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._wrong(node, "a value that begins with !: quote it")
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, number)) for number, each in enumerate(node.value)]
        return self._map(node, place)

    def _map(self, node: yaml.Node, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(key, "a key must be a text")
                continue
            name = str(key.value)
            if name in found:
                self._wrong(key, f"{name}: this key stands here twice")
                continue
            found[name] = self.value(value, (*place, name))
            self.keys[(*place, name)] = _at(key)
        return found

    def _scalar(self, node: yaml.ScalarNode) -> str:
        text = str(node.value)
        if node.tag.startswith("!"):
            place = node.start_mark
            quoted = _quoted(self.lines, place.line, place.column)
            self._wrong(node, f"a value that begins with !: quote it{quoted}")
        end = node.end_mark
        line = self.lines[end.line] if end.line < len(self.lines) else ""
        if node.style == '"' and "\\" in line[node.start_mark.column : end.column]:
            quoted = _quoted(self.lines, end.line, node.start_mark.column)
            self._wrong(node, f"a backslash in double quotes: quote it with single quotes{quoted}")
        if node.style:
            return text
        if REPLY.match(text) and line[end.column :].lstrip().startswith("#"):
            self._wrong(node, f'a value that holds " #": quote it{_quoted(self.lines, end.line)}')
        return Plain(text)

    def _wrong(self, node: yaml.Node, text: str) -> None:
        line, column = _at(node)
        self.mistakes.append(Mistake(self.file, line, column, text))


def _at(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1

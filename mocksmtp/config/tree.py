"""YAML to plain values with the place of each; YAML's traps are told with the line as it should be.

Every scalar stays the text that was written, as ``Plain`` where it was not quoted: what
it means follows from what is wanted in its place, so 4.5.3 can be a code and 1.2 a
version without quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from mocksmtp.config.mistakes import Invalid, Mistake
from mocksmtp.config.traps import find_trap, find_traps

Place = tuple[str | int, ...]
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 40
REPLY = re.compile(r"[2-5][0-9][0-9][ -]")
MAP, LIST = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"


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
    tree, mistakes = read_all(text, file)
    if tree is None or mistakes:
        raise Invalid(mistakes)
    return tree


def read_all(text: str, file: str) -> tuple[Tree | None, list[Mistake]]:
    """Return what a YAML document holds, as far as it can be told, and all that is wrong with its form.

    YAML reads no further than its first trap; so they are all told and cured, and the rest is read.
    """
    reader = _Reader(file, text)
    try:
        return reader.tree(), reader.mistakes
    except Invalid:
        return None, reader.mistakes
    except yaml.YAMLError as error:
        traps = dict(find_traps(reader.lines))
        if not traps:
            return None, [*reader.mistakes, _mistake_of(error, file)]
    told = [Mistake(file, number + 1, trap.column + 1, trap.text) for number, trap in traps.items()]
    lines = [traps[number].cured if number in traps else line for number, line in enumerate(reader.lines)]
    rest = _Reader(file, "\n".join(lines) + "\n")
    try:
        return rest.tree(), [*told, *rest.mistakes]
    except Invalid:
        return None, [*told, *rest.mistakes]
    except yaml.YAMLError:
        return None, told


def _mistake_of(error: yaml.YAMLError, file: str) -> Mistake:
    """Say what YAML says."""
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if "quoted scalar" in (getattr(error, "context", None) or ""):
        begun: Any = getattr(error, "context_mark", mark)
        return Mistake(file, begun.line + 1, begun.column + 1, "not YAML: this quote is not closed")
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Mistake(file, line, column, f"not YAML: {problem}")


class _Reader:
    """Turns events into values, and notes places and mistakes on the way."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.keys: dict[Place, tuple[int, int]] = {}
        self.values: dict[Place, tuple[int, int]] = {}
        self.mistakes: list[Mistake] = []
        self._text = text
        self._events: Iterator[Any] = iter(())

    def tree(self) -> Tree:
        """Read all.  Raises YAMLError, and Invalid for what is too deep."""
        value = self._document()
        return Tree(self.file, value, self.keys, self.values)

    def _document(self) -> Any:
        """Return what the one document of the text means."""
        self._events = iter(yaml.parse(self._text, Loader=Loader))
        value: Any = {}
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._wrong(event, "not YAML: one document is wanted in a file")
                    break
                value = self._value(next(self._events), ())
        return value

    def _value(self, event: Any, place: Place) -> Any:
        """Return what begins with an event."""
        self.values[place] = _at(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._trap(event, "a value that begins with * or &: quote it")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        if isinstance(event, yaml.AliasEvent):
            return ""
        if event.tag not in (None, MAP, LIST):
            self._trap(event, "a value that begins with !: quote it")
        if len(place) >= DEEPEST:
            self._wrong(event, f"nested deeper than {DEEPEST} levels")
            raise Invalid(self.mistakes)
        if event.tag is None and _has_no_braces(event, self.lines):
            self._trap(event, 'a value that holds ": ": quote it')
        return self._list(place) if isinstance(event, yaml.SequenceStartEvent) else self._map(event, place)

    def _list(self, place: Place) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*place, len(found))))
        return found

    def _map(self, start: Any, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                self._wrong(key, "a key must be a text")
                self._value(key, (*place, ""))
                self._value(next(self._events), (*place, ""))
                continue
            name = str(key.value)
            if REPLY.match(name) and not key.style:
                self._trap(key, 'a value that holds ": ": quote it')
            if key.anchor is not None or key.tag is not None:
                self._trap(key, "a key that begins with & or !: quote it")
            value = next(self._events)
            if start.flow_style and _is_nothing(value) and _touch(key, value):
                self._trap(key, "a key without a value")  # {hostname} is no map, and "no, really" no two entries.
            inside = (*place, name)
            if name in found:
                self._wrong(key, f"{name}: this key stands here twice")
                inside = (*place, "")
            found.setdefault(name, self._value(value, inside))
            self.keys[inside] = _at(key)
        return found

    def _scalar(self, event: Any, place: Place) -> str:
        text = str(event.value)
        if event.tag is not None and event.tag.startswith("!"):
            self._trap(event, "a value that begins with !: quote it")
        end = event.end_mark
        line = self.lines[end.line] if end.line < len(self.lines) else ""
        if event.style == '"' and "\\" in line[event.start_mark.column : end.column]:
            self._trap(event, "a backslash in double quotes: quote it with single quotes")
        if event.style in ("|", ">"):
            if place[-1:] != ("description",):
                self._wrong(event, f"a value that begins with {event.style}: quote it; a list makes several lines")
            return text.strip()
        if event.style in ("'", '"'):
            return text
        if REPLY.match(text) and line[end.column :].lstrip().startswith("#"):
            self._trap(event, 'a value that holds " #": quote it')
        return Plain(text)

    def _trap(self, event: Any, otherwise: str) -> None:
        """Tell a trap with its cure, as it stands in its line."""
        number = event.start_mark.line
        trap = find_trap(self.lines[number]) if number < len(self.lines) else None
        if trap is None:
            self._wrong(event, otherwise)
        else:
            self.mistakes.append(Mistake(self.file, number + 1, trap.column + 1, trap.text))

    def _wrong(self, event: Any, text: str) -> None:
        self.mistakes.append(Mistake(self.file, *_at(event), text))


def _is_nothing(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and not event.value and not event.style


def _has_no_braces(event: Any, lines: Sequence[str]) -> bool:
    """Whether a map inside a list was made by a mere ": ", as in [550 no: really]."""
    mark = event.start_mark
    in_braces = isinstance(event, yaml.MappingStartEvent) and bool(event.flow_style)
    return in_braces and lines[mark.line][mark.column] != "{"


def _touch(key: Any, value: Any) -> bool:
    return bool(key.end_mark.index == value.start_mark.index)


def _at(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1

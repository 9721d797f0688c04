"""Settings from the environment: MOCKSMTP_SECTION__KEY stands above the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mocksmtp.config.files import Files
from mocksmtp.config.mistakes import Mistake
from mocksmtp.config.models import DEFAULT_LISTENERS, Configuration
from mocksmtp.config.tree import Place, Plain, Tree
from mocksmtp.config.validation import at, keys_at

PREFIX = "MOCKSMTP_"
RESERVED = frozenset(
    {"MOCKSMTP_CONFIG", "MOCKSMTP_CONFIG_YAML", "MOCKSMTP_URL", "MOCKSMTP_TOKEN", "MOCKSMTP_SEND_PASSWORD"}
)
"""Names that are no settings: where the configuration is, and what the commands of the client read."""
KUBERNETES = re.compile(
    r"MOCKSMTP_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)"
)
"""What Kubernetes sets in every pod for a service of our name."""


def override(tree: Tree, environ: Mapping[str, str], mistakes: list[Mistake], files: Files) -> Tree:
    """Return the tree with the environment's values put in; add unknown names to ``mistakes``."""
    names: dict[Place, str] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        found = _place(tree, name)
        if found is None:
            if not KUBERNETES.fullmatch(name):
                mistakes.append(Mistake(name, 0, 0, f"no such setting{_did_you_mean(name, tree)}"))
            continue
        place, is_file = found
        if place[0] == "listeners":
            # The environment changes one port of the default ones; the others stay.
            tree.value.setdefault("listeners", _default_listeners())
        value = _content(name, environ[name], mistakes, files) if is_file else environ[name]
        if value is not None:
            _put(tree.value, place, Plain(value))
            names[place] = name
    # What stands only in the environment has no place in the file, and neither has what is around it.
    around = {place[:length]: (0, 0) for place in names for length in range(1, len(place))}
    values = {**around, **tree.values, **dict.fromkeys(names, (0, 0))}
    return _Overridden(tree.file, tree.value, tree.keys, values, names)


class _Overridden(Tree):
    """A tree some of whose values come from the environment; their mistakes name the variable."""

    names: Mapping[Place, str]

    def __new__(cls, file: str, value: Any, keys: Any, values: Any, names: Mapping[Place, str]) -> _Overridden:
        tree = super().__new__(cls, file, value, keys, values)
        tree.names = names
        return tree

    def mistake(self, place: Place, text: str, at_key: bool = False) -> Mistake:
        """Return a mistake at a place."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.names:
                return Mistake(self.names[place[:length]], 0, 0, text)
        below = [name for known, name in self.names.items() if known[: len(place)] == place]
        if below and (not self.file or self.values.get(place) == (0, 0)):
            return Mistake(below[0], 0, 0, text)
        return super().mistake(place, text, at_key)


def _place(tree: Tree, name: str) -> tuple[Place, bool] | None:
    """Return where a variable points, and whether it names a file that holds the value."""
    parts = name[len(PREFIX) :].split("__")
    if name.endswith("_FILE"):
        place = _resolved(tree, [*parts[:-1], parts[-1].removesuffix("_FILE")])
        if place is not None:
            return place, True
    place = _resolved(tree, parts)
    return None if place is None else (place, False)


def _resolved(tree: Tree, parts: list[str]) -> Place | None:
    place: Place = ()
    given: Any = tree.value
    for number, part in enumerate(parts):
        known = keys_at(Configuration, place)
        free = not known and isinstance(at(Configuration, place), object) and place != ()
        present = list(given) if isinstance(given, dict) else []
        key = next((k for k in [*known, *present] if k.upper().replace("-", "_") == part), None)
        if key is None:
            if not free or (at(Configuration, place) is None):
                return None
            key = part.lower()
        place = (*place, key)
        given = given.get(key) if isinstance(given, dict) else None
        if number < len(parts) - 1 and not _has_keys(place):
            return None
    return place if _may_be_a_word(place) or not _has_keys(place) else None


def _may_be_a_word(place: Place) -> bool:
    """Whether a map may also be one word there: users: any, certificate: auto."""
    return place == ("auth", "users") or place[-1:] == ("certificate",)


def _has_keys(place: Place) -> bool:
    if place == ("auth", "users"):
        return True
    kind = at(Configuration, place)
    return bool(keys_at(Configuration, place)) or getattr(kind, "__origin__", None) is dict


def _put(value: Any, place: Place, text: Plain) -> None:
    for part in place[:-1]:
        if not isinstance(value.get(part), dict):
            value[part] = {}
        value = value[part]
    value[place[-1]] = text


def _default_listeners() -> dict[str, dict[str, Plain]]:
    return {name: {"port": Plain(port), "tls": Plain(tls)} for name, (port, tls) in DEFAULT_LISTENERS.items()}


def _content(name: str, path: str, mistakes: list[Mistake], files: Files) -> str | None:
    try:
        return files.read(Path(path)).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(Mistake(name, 0, 0, f"{path}: {getattr(error, 'strerror', None) or error}"))
        return None


def _did_you_mean(name: str, tree: Tree) -> str:
    near = get_close_matches(name, _variables((), tree.value), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _variables(place: Place, given: Any) -> list[str]:
    found = []
    present = list(given) if isinstance(given, dict) else []
    for key in dict.fromkeys([*keys_at(Configuration, place), *present]):
        inner = (*place, key)
        if _has_keys(inner):
            found += _variables(inner, given.get(key) if isinstance(given, dict) else None)
        else:
            found.append(PREFIX + "__".join(str(part).upper().replace("-", "_") for part in inner))
    return found

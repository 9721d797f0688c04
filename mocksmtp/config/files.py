"""The files a configuration is read from, and whether they have changed since.

They are looked at by ``stat``, through links: so a Kubernetes ConfigMap, which swaps the
link ``..data``, an editor that renames, and a bind mount without inotify are all seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

SUFFIXES = frozenset({".yaml", ".yml"})

Look = tuple[object, ...]
"""How a file or a listing looked; two that are equal are taken for the same content."""


class Files:
    """Reads, and notes how each thing looked just before: a change during the reading is a change after it."""

    def __init__(self) -> None:
        self._looked: dict[Path, Callable[[Path], Look]] = {}
        self.seen: dict[Path, Look] = {}

    def note(self, path: Path) -> None:
        """Take note of a file that somebody else reads, now."""
        self._note(path, _look_of_file)

    def read(self, path: Path) -> bytes:
        """Return what is in a file.  Raises OSError."""
        self.note(path)
        return path.read_bytes()

    def listed(self, folder: Path) -> list[Path]:
        """Return the YAML files of a directory in the order of their names.  Raises OSError."""
        self._note(folder, _look_of_folder)
        return _yaml_files(folder)

    def look(self) -> Mapping[Path, Look]:
        """Return how all of it looks now."""
        return {path: look(path) for path, look in self._looked.items()}

    def _note(self, path: Path, look: Callable[[Path], Look]) -> None:
        self._looked[path] = look
        self.seen[path] = look(path)


def _yaml_files(folder: Path) -> list[Path]:
    # A name that begins with a dot is an editor's, or a ConfigMap's own.
    found = (each for each in folder.iterdir() if each.suffix in SUFFIXES and not each.name.startswith("."))
    return sorted(found)


def _look_of_file(path: Path) -> Look:
    try:
        found = path.stat()
    except OSError as error:
        return (error.errno,)
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev


def _look_of_folder(path: Path) -> Look:
    try:
        return tuple(each.name for each in _yaml_files(path))
    except OSError as error:
        return (error.errno,)

"""Loading: files and environment to settings, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mocksmtp.config.build import build, listener_mistakes
from mocksmtp.config.environment import override
from mocksmtp.config.files import Files
from mocksmtp.config.mistakes import Invalid, Mistake
from mocksmtp.config.models import Configuration, RuleFile
from mocksmtp.config.settings import Settings
from mocksmtp.config.tree import Tree, read_all
from mocksmtp.config.validation import Model, validate

MAIN = "mocksmtp.yaml"


def load(paths: Sequence[Path], environ: Mapping[str, str], files: Files | None = None) -> Settings:
    """Read configuration files, or directories of them, under the environment's overrides.

    Without paths, MOCKSMTP_CONFIG names one, or MOCKSMTP_CONFIG_YAML holds it whole; without
    those the defaults stand.  ``files`` takes note of all that is read.  Raises Invalid with
    every mistake.
    """
    return _Loading(files or Files()).load(paths, environ)


class _Loading:
    """One reading: what is wrong is gathered on the way."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._mistakes: list[Mistake] = []
        self._misread: set[tuple[str, int]] = set()

    def load(self, paths: Sequence[Path], environ: Mapping[str, str]) -> Settings:
        mistakes = self._mistakes
        main, rule_files = self._sources(paths, environ)
        main = override(main, environ, mistakes, self._files)
        configuration = self._validated(main, Configuration)
        if configuration is not None:
            mistakes += listener_mistakes(main, configuration)
        for name in configuration.include if configuration is not None else _included(main):
            rule_files += self._rule_files(Path(main.file).parent / name)
        found: list[tuple[Tree, RuleFile]] = []
        for path in rule_files:
            tree = self._tree(path)
            file = self._validated(tree, RuleFile) if tree is not None else None
            if tree is not None and file is not None:
                found.append((tree, file))
        check_names([main, *(tree for tree, _ in found)], mistakes)
        _check_domains([main, *(tree for tree, _ in found)], mistakes)
        if configuration is None or mistakes:
            raise Invalid(mistakes)
        return build(main, configuration, found)

    def _validated(self, tree: Tree, model: type[Model]) -> Model | None:
        mistakes: list[Mistake] = []
        found = validate(tree, model, mistakes)
        self._mistakes += [each for each in mistakes if (each.file, each.line) not in self._misread]
        return found

    def _sources(self, paths: Sequence[Path], environ: Mapping[str, str]) -> tuple[Tree, list[Path]]:
        if not paths and environ.get("MOCKSMTP_CONFIG"):
            paths = [Path(environ["MOCKSMTP_CONFIG"])]
        empty = Tree("", {}, {}, {})
        if not paths:
            inline = environ.get("MOCKSMTP_CONFIG_YAML")
            if inline is None:
                return empty, []
            return self._read(inline, "MOCKSMTP_CONFIG_YAML") or empty, []
        first, *others = paths
        rule_files: list[Path] = []
        if first.is_dir():
            main = first / MAIN
            if not main.is_file():
                return empty, [*self._rule_files(first), *self._all_rule_files(others)]
            first = main
        rule_files += self._all_rule_files(others)
        return self._tree(first) or empty, rule_files

    def _all_rule_files(self, paths: Sequence[Path]) -> list[Path]:
        return [file for path in paths for file in self._rule_files(path)]

    def _rule_files(self, path: Path) -> list[Path]:
        """Return a file, or the files of a directory in the order of their names."""
        if not path.is_dir():
            return [path]
        try:
            return [each for each in self._files.listed(path) if each.name != MAIN]
        except OSError as error:
            self._mistakes.append(Mistake(str(path), 0, 0, str(error.strerror)))
            return []

    def _tree(self, path: Path) -> Tree | None:
        try:
            text = self._files.read(path).decode("utf-8-sig")
        except OSError as error:
            self._mistakes.append(Mistake(str(path), 0, 0, f"cannot be read: {error.strerror}"))
            return None
        except UnicodeDecodeError as error:
            wrong = f"not UTF-8: octet {error.start + 1} cannot be decoded"
            self._mistakes.append(Mistake(str(path), 1, 1, wrong))
            return None
        return self._read(text, str(path))

    def _read(self, text: str, file: str) -> Tree | None:
        tree, mistakes = read_all(text, file)
        self._mistakes += mistakes
        # What is wrong with the form of a line is told; what its value then means is not.
        self._misread |= {(each.file, each.line) for each in mistakes}
        return None if tree is None else self._mapping(tree)

    def _mapping(self, tree: Tree) -> Tree:
        if isinstance(tree.value, dict):
            return tree
        if tree.value != "":
            self._mistakes.append(
                Mistake(tree.file, 1, 1, "a map of settings is wanted here, as in `hostname: mx.mock.test`")
            )
        return tree._replace(value={})


def _included(main: Tree) -> list[str]:
    """Return what a main file includes that has mistakes elsewhere: those of all files are told at once."""
    names = main.value.get("include", [])
    return [str(each) for each in (names if isinstance(names, list) else [names]) if isinstance(each, str)]


def _check_domains(trees: Sequence[Tree], mistakes: list[Mistake]) -> None:
    """A domain of ``mailboxes`` stands in one file; both places are told."""
    seen: dict[str, Mistake] = {}
    for tree in trees:
        domains = tree.value.get("mailboxes")
        for name in domains if isinstance(domains, dict) else ():
            here = tree.mistake(("mailboxes", name), "", at_key=True)
            first = seen.setdefault(name.lower(), here)
            if first is not here:
                mistakes.append(here._replace(text=f"mailboxes: {name} stands at {first.place} already"))


def check_names(trees: Sequence[Tree], mistakes: list[Mistake]) -> None:
    """Rule names are unique among all files; both places are told."""
    seen: dict[str, Mistake] = {}
    for tree in trees:
        rules = tree.value.get("rules")
        for number, rule in enumerate(rules if isinstance(rules, list) else []):
            name = rule.get("name") if isinstance(rule, dict) else None
            if not isinstance(name, str):
                continue
            here = tree.mistake(("rules", number, "name"), "")
            first = seen.setdefault(name, here)
            if first is not here:
                mistakes.append(
                    here._replace(text=f"name: {name!r} is the name of another rule, at {first.place}")
                )

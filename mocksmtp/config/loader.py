"""Loading: files and environment to settings, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mocksmtp.config.build import build
from mocksmtp.config.environment import override
from mocksmtp.config.mistakes import Invalid, Mistake
from mocksmtp.config.models import Configuration, RuleFile
from mocksmtp.config.settings import Settings
from mocksmtp.config.tree import Tree, read
from mocksmtp.config.validation import validate

MAIN = "mocksmtp.yaml"
SUFFIXES = frozenset({".yaml", ".yml"})


def load(paths: Sequence[Path], environ: Mapping[str, str]) -> Settings:
    """Read configuration files, or directories of them, under the environment's overrides.

    Without paths, MOCKSMTP_CONFIG names one, or MOCKSMTP_CONFIG_YAML holds it whole; without
    those the defaults stand.  Raises Invalid with every mistake.
    """
    mistakes: list[Mistake] = []
    main, rule_files = _sources(paths, environ, mistakes)
    main = override(main, environ, mistakes)
    configuration = validate(main, Configuration, mistakes)
    folder = Path(main.file).parent
    for name in configuration.include if configuration else []:
        rule_files += _rule_files(folder / name, mistakes)
    files: list[tuple[Tree, RuleFile]] = []
    for path in rule_files:
        tree = _tree(path, mistakes)
        file = validate(tree, RuleFile, mistakes) if tree is not None else None
        if tree is not None and file is not None:
            files.append((tree, file))
    _check_names([main, *(tree for tree, _ in files)], mistakes)
    if configuration is None or mistakes:
        raise Invalid(mistakes)
    return build(main, configuration, files)


def _sources(
    paths: Sequence[Path], environ: Mapping[str, str], mistakes: list[Mistake]
) -> tuple[Tree, list[Path]]:
    if not paths and environ.get("MOCKSMTP_CONFIG"):
        paths = [Path(environ["MOCKSMTP_CONFIG"])]
    empty = Tree("", {}, {}, {})
    if not paths:
        inline = environ.get("MOCKSMTP_CONFIG_YAML")
        if inline is None:
            return empty, []
        try:
            return _mapping(read(inline, "MOCKSMTP_CONFIG_YAML"), mistakes), []
        except Invalid as invalid:
            mistakes += invalid.mistakes
            return empty, []
    first, *others = paths
    rule_files: list[Path] = []
    if first.is_dir():
        main = first / MAIN
        if not main.is_file():
            return empty, [*_rule_files(first, mistakes), *_all_rule_files(others, mistakes)]
        first = main
    rule_files += _all_rule_files(others, mistakes)
    return _tree(first, mistakes) or empty, rule_files


def _all_rule_files(paths: Sequence[Path], mistakes: list[Mistake]) -> list[Path]:
    return [file for path in paths for file in _rule_files(path, mistakes)]


def _rule_files(path: Path, mistakes: list[Mistake]) -> list[Path]:
    """Return a file, or the files of a directory in the order of their names."""
    if not path.is_dir():
        return [path]
    try:
        return sorted(each for each in path.iterdir() if each.suffix in SUFFIXES and each.name != MAIN)
    except OSError as error:
        mistakes.append(Mistake(str(path), 0, 0, str(error.strerror)))
        return []


def _tree(path: Path, mistakes: list[Mistake]) -> Tree | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        mistakes.append(Mistake(str(path), 0, 0, f"cannot be read: {error.strerror}"))
        return None
    except UnicodeDecodeError as error:
        mistakes.append(Mistake(str(path), 1, 1, f"not UTF-8: octet {error.start + 1} cannot be decoded"))
        return None
    try:
        return _mapping(read(text, str(path)), mistakes)
    except Invalid as invalid:
        mistakes += invalid.mistakes
        return None


def _mapping(tree: Tree, mistakes: list[Mistake]) -> Tree:
    if isinstance(tree.value, dict):
        return tree
    if tree.value != "":
        mistakes.append(
            Mistake(tree.file, 1, 1, "a map of settings is wanted here, as in `hostname: mx.mock.test`")
        )
    return tree._replace(value={})


def _check_names(trees: Sequence[Tree], mistakes: list[Mistake]) -> None:
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
                place = f"{first.file}:{first.line}:{first.column}"
                mistakes.append(here._replace(text=f"name: {name!r} is the name of another rule, at {place}"))

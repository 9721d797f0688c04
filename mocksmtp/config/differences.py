"""What differs between two settings, in words for the log; and what only a restart can change."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from mocksmtp.config.settings import ListenerSettings, Settings
from mocksmtp.rules.rule import Rule

NAMED = 5
"""Rules that are named in a line; of more the number is told."""


class Fixed(NamedTuple):
    """What only a restart changes: how it is read, how settings are made that keep it, and when it matters."""

    name: str
    read: Callable[[Settings], Any]
    keep: Callable[[Settings, Any], Settings]
    differs: Callable[[Any, Any], bool] = operator.ne


NEEDS_RESTART = (
    Fixed("data", lambda s: s.data, lambda s, v: replace(s, data=v)),
    Fixed("http.port", lambda s: s.http.port, lambda s, v: replace(s, http=replace(s.http, port=v))),
    Fixed(
        "http.interface", lambda s: s.http.interface, lambda s, v: replace(s, http=replace(s.http, interface=v))
    ),
    Fixed(
        "capture.store", lambda s: s.capture.store, lambda s, v: replace(s, capture=replace(s.capture, store=v))
    ),
    Fixed(  # With 0 there is no journal, and sessions that are open would be unknown to one that began now.
        "capture.keep.sessions",
        lambda s: s.capture.sessions,
        lambda s, v: replace(s, capture=replace(s.capture, sessions=v)),
        lambda before, wanted: (before == 0) != (wanted == 0),
    ),
)


def held_back(old: Settings, new: Settings) -> tuple[Settings, list[str]]:
    """Return the new settings without what needs a restart, and a line for each of those that differ."""
    told = []
    for fixed in NEEDS_RESTART:
        before, wanted = fixed.read(old), fixed.read(new)
        if fixed.differs(before, wanted):
            told.append(f"{fixed.name}: {_shown(before)} stays until a restart (the files say {_shown(wanted)})")
            new = fixed.keep(new, before)
    return new, told


def differences(old: Settings, new: Settings) -> list[str]:
    """Say what differs, a line for each part."""
    told = list(_listeners(old.listeners, new.listeners))
    told += _rules(old.rulebook_rules, new.rulebook_rules)
    told += [
        f"{words} changed"
        for name, words in WORDS.items()
        if words is not None and getattr(old, name) != getattr(new, name)
    ]
    return told


WORDS: dict[str, str | None] = {
    "hostname": "hostname",
    "seed": "seed",
    "rule_keys": "rule_keys",
    "data": "data",
    "listeners": None,
    "tls": "tls",
    "capture": "capture",
    "http": "http",
    "rulebook_rules": None,
    "mailboxes": "mailboxes",
    "syntax_reply": "syntax.reply",
    "sender_reply": "syntax.sender_reply",
    "warnings": None,
}
"""How each part of the settings is called; None where it is told in more words."""


def _listeners(old: Sequence[ListenerSettings], new: Sequence[ListenerSettings]) -> Iterator[str]:
    before = {each.profile.name: each for each in old}
    after = {each.profile.name: each for each in new}
    for name in before:
        if name not in after:
            yield f"listener {name} removed"
    for name, wanted in after.items():
        was = before.get(name)
        if was is None:
            yield f"listener {name} added on {wanted.port}"
        elif was != wanted:
            yield f"listener {name}: {', '.join(_parts(was, wanted))}"


def _parts(old: ListenerSettings, new: ListenerSettings) -> Iterator[str]:
    if old.port != new.port:
        yield f"port {old.port} is now {new.port}"
    for each in fields(old):
        if each.name not in ("port", "profile") and getattr(old, each.name) != getattr(new, each.name):
            yield each.name
    for each in fields(old.profile):
        if each.compare and getattr(old.profile, each.name) != getattr(new.profile, each.name):
            yield each.name


def _rules(old: Sequence[Rule], new: Sequence[Rule]) -> list[str]:
    before = {rule.name: _meaning(rule) for rule in old}
    after = {rule.name: _meaning(rule) for rule in new}
    told = [
        _named("added", [name for name in after if name not in before]),
        _named("changed", [name for name in after if name in before and before[name] != after[name]]),
        _named("removed", [name for name in before if name not in after]),
    ]
    stayed = [name for name in before if name in after]
    if stayed != [name for name in after if name in before]:
        told.append("in another order")
    words = ", ".join(filter(None, told))
    return [f"rules: {words}"] if words else []


def _meaning(rule: Rule) -> tuple[Any, ...]:
    """All of a rule but the line it stands on."""
    return tuple([getattr(rule, each.name) for each in fields(rule) if each.name != "source"])


def _named(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names) if len(names) <= NAMED else f"{', '.join(names[:NAMED])} and others"
    return f"{len(names)} {what} ({shown})"


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)

"""The index of one stage: from a few lookups to the few rules that may hold, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from mocksmtp.faults.fault import Fault
from mocksmtp.rules.condition import Anchor, Test
from mocksmtp.rules.conditions.client import Client
from mocksmtp.rules.context import Context
from mocksmtp.rules.keys import FirstRcpt, first_rcpt
from mocksmtp.rules.network import Networks
from mocksmtp.rules.pattern import Kind, PatternIndex
from mocksmtp.rules.recall import Recall, recall
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.when import All, conditions_of
from mocksmtp.smtp.stage import Stage

REMEMBERED = 4096
"""Values of a field whose search is kept."""


PATH_NAMED_AT = {Stage.MAIL: "mail", Stage.RCPT: "rcpt"}
"""The field of the path that the command of a stage names."""


class Entry(NamedTuple):
    """A rule, where it stands among all, its compiled question, its memory and its faults where it has any."""

    number: int
    rule: Rule
    test: Test
    first_rcpt: FirstRcpt
    recall: Recall | None
    faults: tuple[Fault, ...]


def entry_of(stage: Stage, number: int, rule: Rule, space: str) -> Entry:
    """Compile a rule for a stage; its counters stand in a space of names."""
    first = first_rcpt(rule.when)
    faults = tuple(fault.for_stage(stage) for fault in rule.faults)
    return Entry(number, rule, rule.when.test(), first, recall(rule, first, space), faults)


Find = Callable[[str], Sequence[Entry]]
"""From a value to what is filed under the patterns that match it."""


def _nothing(_value: str) -> Sequence[Entry]:
    """Find nothing, where there are no rules."""
    return ()


class NetworkIndex:
    """Networks by prefix: one dict lookup for each length of prefix in use, however many networks."""

    __slots__ = ("_by_prefix",)

    def __init__(self) -> None:
        self._by_prefix: dict[tuple[int, int], dict[int, list[Entry]]] = {}

    def add(self, networks: Networks, entry: Entry) -> None:
        """File an entry under each of these networks."""
        for network in networks.items:
            shift = network.max_prefixlen - network.prefixlen
            place = self._by_prefix.setdefault((network.version, shift), {})
            place.setdefault(int(network.network_address) >> shift, []).append(entry)

    def find(self, client: str) -> list[Entry]:
        """Return what is filed under the networks that hold this address."""
        try:
            address: IPv4Address | IPv6Address = ip_address(client)
        except ValueError:
            return []
        number, version = int(address), address.version
        found: list[Entry] = []
        for (of_version, shift), place in self._by_prefix.items():
            if of_version == version:
                found += place.get(number >> shift, ())
        return found


class StageIndex:
    """The rules of one stage, each filed under its most selective condition."""

    __slots__ = ("_always", "_fields", "_networks", "entries", "faults", "of_path", "speaks_of_body")

    def __init__(self, stage: Stage, rules: Sequence[tuple[int, Rule]], space: str = "") -> None:
        """Take the rules of a stage with their numbers, in order."""
        self.entries = [entry_of(stage, number, rule, space) for number, rule in rules]
        self._always: list[Entry] = []
        self._networks: NetworkIndex | None = None
        anchored: dict[str, tuple[Anchor, list[tuple[str, Entry]]]] = {}
        for entry in self.entries:
            anchor = entry.rule.when.anchor()
            if anchor is not None:
                _, patterns = anchored.setdefault(anchor.field, (anchor, []))
                patterns += [(text, entry) for text in anchor.patterns]
            elif (networks := _networks_of(entry.rule)) is not None:
                self._networks = self._networks or NetworkIndex()
                self._networks.add(networks, entry)
            else:
                self._always.append(entry)
        self._fields: list[tuple[Find, Callable[[Context], Iterable[str]]]] = [
            (_remembering(PatternIndex(anchor.kind, patterns), anchor.kind), anchor.values)
            for anchor, patterns in anchored.values()
        ]
        # Where every rule is filed under the path that the command names, a look at that is enough.
        if self._always or self._networks or set(anchored) - {PATH_NAMED_AT.get(stage)}:
            self.of_path: Find | None = None
        else:
            self.of_path = self._fields[0][0] if self._fields else _nothing
        self.speaks_of_body = any("body" in _names(rule) for _, rule in rules)
        self.faults = frozenset(fault.name for _, rule in rules for fault in rule.faults)

    def candidates(self, context: Context) -> list[Entry]:
        """Return the rules that may hold, in their order."""
        found = list(self._always)
        if self._networks is not None:
            found += self._networks.find(context.conversation.client)
        for find, values in self._fields:
            for value in values(context):
                found += find(value)
        if len(found) > 1:
            # A rule may be found under several of its patterns.
            unique = {entry.number: entry for entry in found}
            return [unique[number] for number in sorted(unique)]
        return found


class Layers:
    """The rules of one stage in two layers: all of the upper before any of the lower."""

    __slots__ = ("_lower", "_upper", "faults", "of_path", "speaks_of_body")

    def __init__(self, upper: StageIndex | Layers, lower: StageIndex | Layers) -> None:
        self._upper = upper
        self._lower = lower
        self.speaks_of_body: bool = upper.speaks_of_body or lower.speaks_of_body
        self.faults: frozenset[str] = upper.faults | lower.faults
        self.of_path: Find | None = None

    @property
    def entries(self) -> list[Entry]:
        """All rules, in their order."""
        return self._upper.entries + self._lower.entries

    def candidates(self, context: Context) -> list[Entry]:
        """Return the rules that may hold, in their order."""
        return self._upper.candidates(context) + self._lower.candidates(context)


def _remembering(index: PatternIndex, kind: Kind) -> Find:
    """Return the index's search; what short values found is kept, because senders and recipients come again."""
    return index.find if kind is Kind.OCTETS else lru_cache(REMEMBERED)(index.find)


def _names(rule: Rule) -> set[str]:
    return {condition.name for condition in conditions_of(rule.when)}


def _networks_of(rule: Rule) -> Networks | None:
    if isinstance(rule.when, All):
        for part in rule.when.parts:
            if isinstance(part, Client):
                return part.value
    return None

"""Metrics: facts counted in plain integers, read by Prometheus when it scrapes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mocksmtp import __version__
from mocksmtp.smtp import facts
from mocksmtp.smtp.facts import Fact, Tallies, Tally
from mocksmtp.smtp.record import SIZE
from mocksmtp.stores import Store

if TYPE_CHECKING:
    from mocksmtp.journal import Kept


class Counted(Protocol):
    """What the rules count: keys now, and how many had to go."""

    dropped: int

    def __len__(self) -> int:
        """Return the number of keys."""
        ...


class Metrics:
    """A subscriber of facts.  Nothing a client says becomes a label, so their number is bounded."""

    def __init__(
        self, store: Store, journal: Callable[[], Kept], rules: Sequence[str], counters: Counted | None = None
    ) -> None:
        """``journal`` says how full it is; ``rules`` are the names to show from the beginning, with 0.

        ``counters`` are those that the rules count by.
        """
        self._counters = counters
        self._store = store
        self._journal = journal
        self._opened: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()
        self._turned_away: Counter[str] = Counter()
        self.tallies: Tallies = defaultdict(Tally)
        """What sessions count their answers in."""
        self._rules: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._messages: Counter[str] = Counter()
        self._octets: Counter[str] = Counter()
        self._handshakes: Counter[tuple[str, str]] = Counter()
        self._logins: Counter[tuple[str, str]] = Counter()
        self._in_force = False
        self._loaded_at = 0.0
        self.show(rules)
        self.takes: dict[type, Callable[[Any], None]] = {
            facts.ConnectionRefused: lambda fact: self._turned_away.update((fact.listener,)),
            facts.RuleMatched: self._matched,
            facts.FaultInjected: lambda fact: self._faults.update((fact.fault,)),
            facts.TlsStarted: lambda fact: self._handshakes.update(((fact.who.listener, fact.tls.version),)),
            facts.Authenticated: lambda fact: self._logins.update(((fact.who.listener, fact.mechanism),)),
            facts.SessionOpened: self._session_opened,
            facts.SessionClosed: self._session_closed,
            facts.MessageAccepted: self._accepted,
        }
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def __call__(self, fact: Fact) -> None:
        """Count a fact."""
        take = self.takes.get(type(fact))
        if take is not None:
            take(fact)

    def _matched(self, fact: facts.RuleMatched) -> None:
        if not fact.who.scopes:  # Names of rules in scopes come and go with tests.
            self._rules[fact.rule] += 1

    def _session_opened(self, fact: facts.SessionOpened) -> None:
        self._opened[fact.who.listener] += 1

    def _session_closed(self, fact: facts.SessionClosed) -> None:
        self._closed[fact.who.listener] += 1

    def _accepted(self, fact: facts.MessageAccepted) -> None:
        listener = fact[0].listener
        self._messages[listener] += 1
        self._octets[listener] += fact[4][SIZE] or 0

    def show(self, rules: Iterable[str] = (), listeners: Iterable[str] = ()) -> None:
        """Show these too, with 0 until something happens: a rate begins with the first event, not the second."""
        for name in rules:
            self._rules.setdefault(name, 0)
        for name in listeners:
            for counted in (self._opened, self._messages, self._octets):
                counted.setdefault(name, 0)

    def reloaded(self, in_force: bool, now: float) -> None:
        """The configuration was read; ``in_force`` says whether all of it took effect."""
        self._in_force = in_force
        if in_force:
            self._loaded_at = now

    def collect(self) -> Iterable[Metric]:
        """Yield what was counted, for a scrape."""
        commands: Counter[tuple[str, str]] = Counter()
        for (listener, stage, _), tally in self.tallies.items():
            commands[listener, str(stage)] += tally.number
        replies = {(li, str(st), str(code)): tally.number for (li, st, code), tally in self.tallies.items()}
        open_now = {listener: n - self._closed[listener] for listener, n in self._opened.items()}
        usage, journal = self._store.usage(), self._journal()
        dropped = {
            ("session",): journal.sessions_dropped,
            ("attempt",): journal.attempts_dropped,
            ("note",): journal.notes_dropped,
        }
        yield _counter("connections", "Connections accepted.", ("listener",), self._opened)
        refused = "Connections closed before a session, for want of a PROXY header."
        yield _counter("connections_refused", refused, ("listener",), self._turned_away)
        yield _gauge("connections_open", "Connections open now.", ("listener",), open_now)
        yield _counter("commands", "Commands answered.", ("listener", "stage"), commands)
        yield _counter("replies", "Replies by stage and code.", ("listener", "stage", "code"), replies)
        yield _counter("rule_matches", "Times a rule matched, outside of scopes.", ("rule",), self._rules)
        keys, gone = (0, 0) if self._counters is None else (len(self._counters), self._counters.dropped)
        yield _gauge("rule_keys", "Keys that rules count by, kept now.", (), {(): keys})
        yield _counter("rule_keys_dropped", "Keys dropped to make room.", (), {(): gone})
        yield _counter("faults", "Faults that struck.", ("fault",), self._faults)
        yield _counter("messages", "Messages accepted.", ("listener",), self._messages)
        yield _counter("message_octets", "Octets of accepted mail data.", ("listener",), self._octets)
        yield _counter("messages_dropped", "Messages dropped to make room.", (), {(): usage.dropped})
        yield _gauge("store_messages", "Messages kept now.", (), {(): usage.messages})
        yield _gauge("store_octets", "Octets kept now.", (), {(): usage.octets})
        yield _gauge("journal_sessions", "Sessions in the journal now.", (), {(): journal.sessions})
        yield _gauge("journal_attempts", "Attempts in the journal now.", (), {(): journal.attempts})
        yield _gauge("journal_octets", "Octets of transcripts that are put away now.", (), {(): journal.octets})
        yield _counter("journal_dropped", "What the journal dropped to make room.", ("what",), dropped)
        yield _counter("tls_handshakes", "Handshakes completed.", ("listener", "version"), self._handshakes)
        yield _counter("authentications", "Logins accepted.", ("listener", "mechanism"), self._logins)
        yield from self._of_the_configuration()
        yield _gauge("build_info", "What is running.", ("version",), {__version__: 1})

    def _of_the_configuration(self) -> Iterable[Metric]:
        last, at = "config_last_reload_successful", "config_last_reload_success_timestamp_seconds"
        yield _gauge(last, "Whether all that the files say is in force.", (), {(): self._in_force})
        yield _gauge(at, "When it last was, in seconds since 1970.", (), {(): self._loaded_at})


def _labels(key: Any) -> tuple[str, ...]:
    return key if isinstance(key, tuple) else (key,)


def _counter(name: str, text: str, labels: tuple[str, ...], numbers: Any) -> Metric:
    family = CounterMetricFamily(f"mocksmtp_{name}", text, labels=labels)
    for key, number in numbers.items():
        family.add_metric(_labels(key), number)
    return family


def _gauge(name: str, text: str, labels: tuple[str, ...], numbers: Any) -> Metric:
    family = GaugeMetricFamily(f"mocksmtp_{name}", text, labels=labels)
    for key, number in numbers.items():
        family.add_metric(_labels(key), number)
    return family

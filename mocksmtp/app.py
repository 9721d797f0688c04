"""The composition root: settings in, a running service out.  Nobody imports it but the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO, get_args

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from mocksmtp import __version__
from mocksmtp.journal import Journal
from mocksmtp.metrics import Metrics
from mocksmtp.net.certificates import authority
from mocksmtp.net.listeners import Listener
from mocksmtp.net.tls import server_context
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.hits import Hits
from mocksmtp.rules.in_force import InForce
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.smtp.facts import Fact
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.terminal import Terminal
from mocksmtp.web.site import make_site

if TYPE_CHECKING:
    from mocksmtp.config.settings import ListenerSettings, Settings

FLUSH = 0.1
"""Seconds that a line for the terminal may wait to be written with others."""

TIDY = 1.0
"""Seconds between two looks at what is too much or too old to be kept."""

SHARE_OF_JOURNAL = 8
"""The journal may take this part of the octets that messages may take, beside them."""

PATIENCE = 5.0
"""Seconds that a running transaction has to end when the service stops."""

TLS_WORDS = {"starttls": "STARTTLS", "implicit": "TLS"}


class CannotServe(Exception):
    """The service cannot start; the text says why and what to do."""


def queue_ids(seconds: Callable[[], float]) -> Callable[[], str]:
    """Return a maker of ids: 13 or more hexadecimal digits, unique in the process, sorting by time."""
    last = 0

    def next_id() -> str:
        nonlocal last
        last = max(last + 1, int(seconds() * 1_000_000))
        return f"{last:X}"

    return next_id


class App:
    """The service: listeners, store, metrics, terminal and HTTP, from start to a quiet end."""

    def __init__(self, settings: Settings, reactor: Any, out: TextIO, log_format: str | None = None) -> None:
        """``out`` gets a line for each transaction; ``log_format`` is ``text`` or ``json``."""
        self.settings = settings
        self.reactor = reactor
        self.out = out
        capture = settings.capture
        self.store = MemoryStore(capture.messages, capture.octets)
        self.journal = Journal(
            capture.sessions, capture.octets // SHARE_OF_JOURNAL, capture.age, refused=capture.refused
        )
        rules = settings.rulebook_rules
        self.rule_clock = RuleClock(reactor.seconds)
        self.counters = Counters(settings.rule_keys)
        self.hits = Hits(reactor.seconds)
        names = [rule.name for rule in rules]
        self.metrics = Metrics(self.store, self.journal.usage, names, self.counters)
        self.terminal = Terminal(out, refused=capture.refused, clock=reactor.seconds, format=log_format)
        subscribers = [
            self.metrics.takes,
            self.terminal.takes,
            self.hits.takes,
            *([self.journal.takes] if capture.sessions else ()),
        ]
        # Who takes which fact is settled once: facts are published several times a message.
        self._subscribers = {
            kind: [take for takes in subscribers if (take := takes.get(kind))] for kind in get_args(Fact)
        }
        self.listeners: list[Listener] = []
        self.in_force = InForce(self._rulebook(settings), self._follow)
        self.authority = authority(settings.data, settings.tls.names, datetime.now(UTC))
        self.next_id = queue_ids(reactor.seconds)
        self.listeners = [self._listener(each) for each in settings.listeners]
        self.http: Any = None
        self._flush: Any = None
        self._tidying: Any = None

    def _publish(self, fact: Fact) -> None:
        for take in self._subscribers[type(fact)]:
            take(fact)

    def _rulebook(self, settings: Settings) -> Rulebook:
        """Compile the rules; counters of rules that kept their name go on."""
        return Rulebook(
            settings.rulebook_rules, settings.mailboxes, settings.syntax_reply, settings.sender_reply,
            self.counters, self.rule_clock.now, settings.seed,
        )  # fmt: skip

    def _follow(self, rulebook: Rulebook) -> None:
        for listener in self.listeners:
            listener.follow(rulebook)

    def _listener(self, settings: ListenerSettings) -> Listener:
        own = settings.certificate or self.settings.tls.certificate
        identity = (own.cert, own.key) if own else self.authority.identity
        tls = server_context(identity, self.settings.tls.versions)
        listener = Listener(
            settings.profile, self.in_force.rulebook, self.store, self._publish, tls, self.reactor, self.next_id,
            settings.proxy_protocol,
        )  # fmt: skip
        if self.settings.capture.sessions:
            listener.notes = self.journal.notes
        return listener

    def start(self) -> str:
        """Listen everywhere and return the line that says so.  Raises CannotServe."""
        told = []
        for listener, settings in zip(self.listeners, self.settings.listeners, strict=True):
            port = self._bind(settings, listener)
            words = TLS_WORDS.get(settings.tls)
            told.append(f"{settings.profile.name} on {port}" + (f" ({words})" if words else ""))
        if self.settings.http.port is not None:
            told.append(f"http on {self._serve_http()}")
        self._flush = self.reactor.callLater(FLUSH, self._flush_terminal)
        self._tidying = self.reactor.callLater(TIDY, self._tidy)
        return f"mocksmtp {__version__} ready: " + ", ".join(told)

    def _bind(self, settings: ListenerSettings, listener: Listener) -> int:
        try:
            return listener.listen(settings.interface, settings.port)
        except CannotListenError as error:
            name = settings.profile.name
            variable = f"MOCKSMTP_LISTENERS__{name.upper().replace('-', '_')}__PORT"
            raise CannotServe(
                f"listener {name}: port {settings.port}: {_reason(error)}; choose another with "
                f"{variable}={_unprivileged(settings.port)}, or all three with `make run PORTS=high`"
            ) from None

    def _serve_http(self) -> str:
        http = self.settings.http
        site = make_site(
            store=self.store,
            registry=self.metrics.registry,
            ready=self.not_accepting,
            ca_pem=None if self.settings.tls.certificate else self.authority.ca_pem,
            hosts=http.hosts,
            clock=self.reactor,
        )
        try:
            self.http = self.reactor.listenTCP(http.port, site, interface=http.interface)
        except CannotListenError as error:
            raise CannotServe(
                f"http: port {http.port}: {_reason(error)}; choose another with MOCKSMTP_HTTP__PORT"
            ) from None
        host = http.interface
        return f"{f'[{host}]' if ':' in host else host}:{self.http.getHost().port}"

    def not_accepting(self) -> Sequence[str]:
        """Names of the listeners that do not accept now."""
        return [listener.profile.name for listener in self.listeners if not listener.accepts_on]

    def _flush_terminal(self) -> None:
        try:
            self.metrics.catch_up()
            self.terminal.flush()
        finally:
            self._flush = self.reactor.callLater(FLUSH, self._flush_terminal)

    def _tidy(self) -> None:
        now, age = self.reactor.seconds(), self.settings.capture.age
        try:
            self.journal.tidy(now)
            if age is not None:
                self.store.expire(now - age)
        finally:
            self._tidying = self.reactor.callLater(TIDY, self._tidy)

    def stop(self) -> Deferred[None]:
        """Accept no more, answer 421 to idle sessions, let transactions end; fires when all are gone."""
        for listener in self.listeners:
            listener.stop_accepting()
            for connection in list(listener.connections):
                connection.drain()
        done: Deferred[None] = Deferred()
        self._wait_for_the_last(self.reactor.seconds() + PATIENCE, done)
        return done

    def _wait_for_the_last(self, deadline: float, done: Deferred[None]) -> None:
        open_now = [c for listener in self.listeners for c in listener.connections]
        now = self.reactor.seconds()
        if not open_now or now >= deadline + 1.0:
            self._end()
            done.callback(None)
            return
        if now >= deadline:
            for connection in open_now:
                connection.shut_down()
        self.reactor.callLater(0.05, self._wait_for_the_last, deadline, done)

    def _end(self) -> None:
        for listener in self.listeners:
            listener.stop_looking()
        for call in (self._flush, self._tidying):
            if call is not None and call.active():
                call.cancel()
        if self.http is not None:
            self.http.stopListening()
        self.terminal.flush()


def _reason(error: CannotListenError) -> str:
    return getattr(error.socketError, "strerror", None) or str(error.socketError)


def _unprivileged(port: int) -> int:
    return {25: 2525, 465: 4650, 587: 5870}.get(port, port + 1 if port else 0)

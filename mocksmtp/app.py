"""The composition root: settings in, a running service out.  Nobody imports it but the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO, get_args

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from mocksmtp import __version__
from mocksmtp.feed import Feed
from mocksmtp.journal import Journal
from mocksmtp.keeping import begin_journal, journal_bounds, make_store
from mocksmtp.metrics import Metrics
from mocksmtp.net.listeners import Listener
from mocksmtp.net.listening import PATIENCE, Listening
from mocksmtp.net.ports import Place, reason, unprivileged
from mocksmtp.net.turn import TURN
from mocksmtp.notices import Notices
from mocksmtp.parts import Parts, make_again, make_parts, without_refused
from mocksmtp.queue_ids import queue_ids
from mocksmtp.reload import Reload, Reloaded
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.hits import Hits
from mocksmtp.rules.in_force import InForce
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.steering import Steering
from mocksmtp.scoping import end_late, make_scopes
from mocksmtp.smtp.facts import Fact, Publisher
from mocksmtp.terminal import Terminal
from mocksmtp.web.site import Seen, make_site
from mocksmtp.web.steering import steering_routes

if TYPE_CHECKING:
    from mocksmtp.config import Source
    from mocksmtp.config.settings import ListenerSettings, Settings

FLUSH = 0.1
"""Seconds that a line for the terminal may wait to be written with others."""

TIDY = 1.0
"""Seconds between two looks at what is too much or too old to be kept."""


TLS_WORDS = {"starttls": ["STARTTLS"], "implicit": ["TLS"], "off": []}


class CannotServe(Exception):
    """The service cannot start; the text says why and what to do."""


class App:
    """The service: listeners, store, metrics, terminal and HTTP, from start to a quiet end."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        reactor: Any,
        out: TextIO,
        err: TextIO,
        log_format: str | None = None,
    ) -> None:
        """``source`` is where the settings came from, and is read again at a reload.

        ``out`` gets a line for each transaction, ``err`` what is to be said besides;
        ``log_format`` is ``text`` or ``json``.
        """
        self.rule_clock = RuleClock(reactor.seconds)
        self.counters = Counters(settings.rule_keys)
        self.hits = Hits(reactor.seconds)
        self.parts = make_parts(settings, self._rulebook)
        self.reactor = reactor
        self.out = out
        self.say = Notices(err, reactor.seconds, log_format)
        capture = settings.capture
        self.store, latest = make_store(settings, reactor, self.say)
        self.journal = Journal(*journal_bounds(capture))
        self.behind, seen = begin_journal(self.store, self.journal)
        self.metrics = Metrics(self.store, self.journal.usage, (), self.counters)
        self.terminal = Terminal(out, refused=capture.refused, clock=reactor.seconds, format=log_format)
        self._publish = self._publisher()
        self.feed = Feed(reactor, self._publish.takers)
        self.listening = Listening(reactor)
        self.scopes = make_scopes(self.parts.rulebook, self.listening, reactor)
        self.in_force = InForce(self.parts.rulebook, self.scopes.follow)
        self.steering = Steering(self.in_force, settings.rulebook_rules, self._with_rules, self.hits)
        self.next_id = queue_ids(reactor.seconds, max(latest, seen))
        self.listening.named = [self._listener(each, self.parts) for each in settings.listeners]
        self._reload = Reload(source, self._make_again, self._take, self._reloaded, reactor)
        self.http: Any = None
        self._flush: Any = None
        self._tidying: Any = None

    @property
    def settings(self) -> Settings:
        """What is in force; of what the files say, all but what needs a restart."""
        return self.parts.settings

    def _publisher(self) -> Publisher:
        """Who takes which fact is settled once: facts are published several times a message."""
        all_takes = [self.metrics.takes, self.terminal.takes, self.hits.takes]
        if self.settings.capture.sessions:
            all_takes.append(self.journal.takes)
        takers = {kind: [take for takes in all_takes if (take := takes.get(kind))] for kind in get_args(Fact)}
        return Publisher(takers, self.metrics.tallies, TURN.before_rest)

    def _rulebook(self, settings: Settings) -> Rulebook:
        """Compile the rules; counters of rules that kept their name go on."""
        return Rulebook(
            settings.rulebook_rules, settings.mailboxes, settings.syntax_reply, settings.sender_reply,
            self.counters, self.rule_clock.now, settings.seed,
        )  # fmt: skip

    def _with_rules(self, rules: Sequence[Rule]) -> Rulebook:
        return self._rulebook(replace(self.settings, rulebook_rules=tuple(rules)))

    def _listener(self, settings: ListenerSettings, parts: Parts) -> Listener:
        listener = Listener(
            settings.profile, self.scopes.policy, self.store, self._publish,
            parts.contexts[settings.profile.name], self.reactor, self.next_id, settings.proxy_protocol,
        )  # fmt: skip
        if self.settings.capture.sessions:
            listener.notes = self.journal.notes
        return listener

    def start(self) -> str:
        """Listen everywhere and return the line that says so.  Raises CannotServe."""
        told = []
        for listener, settings in zip(self.listening.named, self.settings.listeners, strict=True):
            port = self._bind(settings, listener)
            words = (["LMTP"] if settings.profile.lmtp else []) + TLS_WORDS[settings.tls]
            told.append(f"{settings.profile.name} on {port}" + (f" ({', '.join(words)})" if words else ""))
        if self.settings.http.port is not None:
            told.append(f"http on {self._serve_http()}")
        self._flush = self.reactor.callLater(FLUSH, self._flush_terminal)
        self._tidying = self.reactor.callLater(TIDY, self._tidy)
        self._show()
        self.metrics.reloaded(True, self.reactor.seconds())
        self._reload.watch()
        self._say_all(self.parts.notes())
        return f"mocksmtp {__version__} ready: " + ", ".join(told)

    def _bind(self, settings: ListenerSettings, listener: Listener) -> int:
        try:
            return listener.listen(Place(settings.interface, settings.port))
        except CannotListenError as error:
            name = settings.profile.name
            variable = f"MOCKSMTP_LISTENERS__{name.upper().replace('-', '_')}__PORT"
            raise CannotServe(
                f"listener {name}: port {settings.port}: {reason(error)}; choose another with "
                f"{variable}={unprivileged(settings.port)}, or all three with `make run PORTS=high`"
            ) from None

    def _serve_http(self) -> str:
        http = self.settings.http
        site = make_site(
            store=self.store,
            registry=self.metrics.registry,
            ready=self.listening.not_accepting,
            ca_pem=self.ca_pem,
            http=lambda: self.settings.http,
            clock=self.reactor,
            feed=self.feed,
            seen=Seen(self.journal, self.steering.standing, lambda: self.listening.named),
            publish=self._publish,
            more=steering_routes(
                self.steering, self.rule_clock, self.counters, self.hits, self.store, self.journal,
                lambda: self.settings, self.reload, self.scopes, self.reactor,
            ),
        )  # fmt: skip
        try:
            self.http = self.reactor.listenTCP(http.port, site, interface=http.interface)
        except CannotListenError as error:
            raise CannotServe(
                f"http: port {http.port}: {reason(error)}; choose another with MOCKSMTP_HTTP__PORT"
            ) from None
        host = http.interface
        return f"{f'[{host}]' if ':' in host else host}:{self.http.getHost().port}"

    def ca_pem(self) -> bytes | None:
        """What signed what we show; None where nobody is shown anything but the user's own certificates."""
        own = self.settings.tls.certificate is not None
        return None if own and not self.in_force.rulebook.strikes("certificate") else self.parts.authority.ca_pem

    def _flush_terminal(self) -> None:
        try:
            self.terminal.flush()
        finally:
            self._flush = self.reactor.callLater(FLUSH, self._flush_terminal)

    def _tidy(self) -> None:
        now, age = self.reactor.seconds(), self.settings.capture.age
        try:
            self.journal.tidy(now)
            self.behind.flush(now)
            end_late(self.scopes, self.store)
            if age is not None:
                self.store.expire(now - age)
        finally:
            self._tidying = self.reactor.callLater(TIDY, self._tidy)

    def reload(self) -> Deferred[Reloaded]:
        """Read the configuration again, and let it take effect if it has no mistakes; fires with how it went."""
        return self._reload.now()

    def _make_again(self, settings: Settings) -> Parts:
        return make_again(settings, self._rulebook, self.parts)

    async def _take(self, made: Parts) -> Reloaded:
        """Let new parts take effect; what cannot be bound stays where it is."""
        named = self.listening.by_name()
        wanted: dict[Listener, Place] = {}
        for each in made.settings.listeners:
            listener = named.get(each.profile.name) or self._listener(each, made)
            wanted[listener] = Place(each.interface, each.port)
        made = without_refused(made, self.parts, await self.listening.rearrange(wanted))
        for listener, settings in zip(self.listening.named, made.settings.listeners, strict=True):
            listener.become(settings.profile, made.contexts[settings.profile.name], settings.proxy_protocol)
        self.parts = made
        self.steering.read_again(made.settings.rulebook_rules, made.rulebook)
        self.counters.most = made.settings.rule_keys
        self.counters.keep_only({rule.name for rule in made.settings.rulebook_rules})
        capture = made.settings.capture
        self.store.bound(capture.messages, capture.octets)
        self.journal.bound(*journal_bounds(capture))
        self.terminal.refused = capture.refused
        self._show()
        return Reloaded(made.changed, made.kept)

    def _show(self) -> None:
        rules, listeners = self.settings.rulebook_rules, self.settings.listeners
        self.metrics.show([rule.name for rule in rules], [each.profile.name for each in listeners])

    def _reloaded(self, how: Reloaded) -> None:
        self.metrics.reloaded(how.in_force, self.reactor.seconds())
        self._say_all([*how.lines(), *(() if how.mistakes else self.parts.notes())])

    def _say_all(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.say(line)

    def stop(self) -> Deferred[None]:
        """Accept no more, answer 421 to idle sessions, let transactions end; fires when all are gone."""
        self._reload.stop()
        done: Deferred[None] = Deferred()
        self.listening.stop().addCallback(lambda _: self._end(done))
        return done

    def _close_store(self) -> Deferred[None]:
        """Wait until all is on the disk, but not for a disk that does not answer."""
        closed: Deferred[None] = Deferred()
        closed.addTimeout(PATIENCE, self.reactor)
        self.behind.flush(self.reactor.seconds(), last=True)
        self.store.close(lambda: closed.callback(None))
        return closed

    def _end(self, done: Deferred[None]) -> None:
        for call in (self._flush, self._tidying):
            if call is not None and call.active():
                call.cancel()
        if self.http is not None:
            self.http.stopListening()
        self._publish.settle()
        self.terminal.flush()
        self._close_store().addBoth(lambda _: done.callback(None))

"""Scopes: many tests on one server, each with rules, counters and a clock that nobody else meets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.hits import Hits
from mocksmtp.rules.rulebook import SCOPE, Rulebook
from mocksmtp.rules.scope_names import deciding, named
from mocksmtp.smtp.policy import Decision, Found, Policy, Search, settled
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.rules.rule import Rule
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.outcome import Outcome
    from mocksmtp.smtp.reply import Reply

MOST = 1_000
"""Scopes at a time."""

MOST_KEYS = 10_000
"""Keys of counters that one scope may have."""

MOST_MESSAGES = 10_000
"""Messages of one scope that are known by their ids: what it returns and takes along when it ends."""

MOST_SEEN = 100
"""Scopes that one session is shown in, the latest: a client may keep its connection for thousands."""

ALL_STAGES = frozenset(Stage)


class UnknownScope(LookupError):
    """There is no such scope (any more); the text is its token."""


class TooManyScopes(ValueError):
    """There is no room for another one."""


class Scope:
    """One scope: its rules before all others, with counters, hits and a clock of its own.

    ``began`` and ``ends`` are real time, in seconds since the epoch; ``messages`` are the ids of
    those that came to their end in it, each with all the scopes that it is in.
    """

    def __init__(
        self, token: str, label: str, rules: Sequence[Rule], began: float, ends: float, now: Callable[[], float]
    ) -> None:
        """``now`` says the real time."""
        self.token = token
        self.label = label
        self.rules = tuple(rules)
        self.began = began
        self.ends = ends
        self.clock = RuleClock(now)
        self.counters = Counters(MOST_KEYS)
        self.hits = Hits(now)
        self.messages: deque[tuple[str, tuple[str, ...]]] = deque(maxlen=MOST_MESSAGES)
        self._over: Rulebook | None = None
        self._rulebook: Rulebook | None = None

    def rulebook(self, over: Rulebook) -> Rulebook:
        """Return its rules before those of another rulebook; they are compiled when that is another one."""
        if self._rulebook is None or self._over is not over:
            self._over = over
            self._rulebook = over.in_scope(self.rules, self.counters, self.clock.now)
        return self._rulebook

    def replace(self, rules: Sequence[Rule]) -> None:
        """Ask other rules from now on; counters of those that kept their name go on."""
        self.rules = tuple(rules)
        self._rulebook = None
        self.counters.keep_only([rule.name for rule in rules], SCOPE)

    def forget(self) -> None:
        """Forget what was counted here."""
        self.counters.reset()
        self.hits.forget()

    def counted(self, found: Decision | Found) -> Decision:
        """Count what rules did here."""
        decision = settled(found)
        for rule in decision.matched:
            self.hits.count(rule)
        return decision


class ScopedPolicy:
    """Finds the scope of what is being answered, and asks its rules; where there is none, those in force."""

    stages = ALL_STAGES

    def __init__(self, scopes: dict[str, Scope], rulebook: Rulebook) -> None:
        """Ask ``rulebook`` where no scope is named."""
        self._scopes = scopes
        self._rulebook = rulebook
        self.reads_slowly = (
            any(each.rulebook(rulebook).reads_slowly for each in scopes.values() if each.rules)
            or rulebook.reads_slowly
        )

    def silent(self, _stage: Stage, _outcome: Outcome) -> bool:
        """A command alone does not say to which scope it belongs."""
        return False

    def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
        """Say what is answered; what is counted is the scope's."""
        tokens = conversation.scopes = named(stage, conversation, outcome, self._scopes)
        if not tokens:
            return self._rulebook.decide(stage, conversation, outcome)
        seen = conversation.scopes_seen
        if new := [token for token in tokens if token not in seen]:
            conversation.scopes_seen = (*seen, *new)[-MOST_SEEN:]
        if stage is Stage.MESSAGE and conversation.envelope is not None:
            self._note(tokens, conversation.envelope.id)
        scope = self._scopes[deciding(stage, outcome, tokens)]
        found = scope.rulebook(self._rulebook).decide(stage, conversation, outcome)
        if isinstance(found, Decision):
            return scope.counted(found)

        def search() -> Found:
            ended = found()
            return lambda: scope.counted(ended)

        return search

    def malformed(self, stage: Stage, conversation: Conversation, address: str, reason: str) -> Reply:
        """Word the refusal of what is no mailbox."""
        return self._rulebook.malformed(stage, conversation, address, reason)

    def _note(self, tokens: tuple[str, ...], queue_id: str) -> None:
        for token in tokens:
            messages = self._scopes[token].messages
            if not messages or messages[-1][0] != queue_id:  # Over LMTP each recipient asks.
                messages.append((queue_id, tokens))


class Scopes:
    """The scopes there are, within bounds; while there is none, sessions ask the plain rulebook.

    ``policy`` is the one to ask now; whoever hands it to sessions is told of each change.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        follow: Callable[[Policy], None],
        ended: Callable[[], None],
        now: Callable[[], float],
        most: int = MOST,
    ) -> None:
        """``follow`` is called with each policy; ``ended`` when none is left, so that no session goes on in one.

        ``now`` says the real time in seconds since the epoch.
        """
        self._rulebook = rulebook
        self._follow = follow
        self._ended = ended
        self._now = now
        self._most = most
        self._scopes: dict[str, Scope] = {}
        self.policy: Policy = rulebook

    def __len__(self) -> int:
        return len(self._scopes)

    def follow(self, rulebook: Rulebook) -> None:
        """Ask other rules behind those of scopes."""
        self._rulebook = rulebook
        self._put()

    def all(self) -> Collection[Scope]:
        """Return the scopes, the oldest first."""
        return self._scopes.values()

    def find(self, token: str) -> Scope:
        """Return a scope.  Raises UnknownScope."""
        try:
            return self._scopes[token.lower()]
        except KeyError:
            raise UnknownScope(token) from None

    def open(self, token: str, ttl: float, rules: Sequence[Rule] = (), label: str = "") -> Scope:
        """Begin a scope that ends by itself after ``ttl`` seconds.  Raises TooManyScopes."""
        if len(self._scopes) >= self._most:
            raise TooManyScopes
        now = self._now()
        scope = self._scopes[token] = Scope(token, label, rules, now, now + ttl, self._now)
        if len(self._scopes) == 1 or scope.rulebook(self._rulebook).reads_slowly:
            self._put()
        return scope

    def replace(self, token: str, rules: Sequence[Rule]) -> Scope:
        """Give a scope other rules.  Raises UnknownScope."""
        scope = self.find(token)
        scope.replace(rules)
        if scope.rulebook(self._rulebook).reads_slowly:
            self._put()
        return scope

    def close(self, token: str) -> Scope:
        """End a scope, and return it as it was.  Raises UnknownScope."""
        scope = self._scopes.pop(self.find(token).token)
        if not self._scopes:
            self._put()
            self._ended()
        return scope

    def late(self) -> list[Scope]:
        """Return those whose time is up."""
        now = self._now()
        return [each for each in self._scopes.values() if each.ends <= now]

    def alone(self, scope: Scope) -> list[str]:
        """Return the messages of a scope which no other one has a part in."""
        return [each for each, tokens in scope.messages if self.sole(scope, tokens)]

    def sole(self, scope: Scope, tokens: Collection[str]) -> bool:
        """Say whether what carries these tokens belongs to this scope, and to no other that has not ended."""
        others = [token for token in tokens if token != scope.token]
        return scope.token in tokens and not any(token in self._scopes for token in others)

    def _put(self) -> None:
        self.policy = ScopedPolicy(self._scopes, self._rulebook) if self._scopes else self._rulebook
        self._follow(self.policy)

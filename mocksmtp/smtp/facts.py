"""Facts: what happened, in the past tense.  Journal, metrics and the live page subscribe to them.

A fact is a flat, immutable record.  ``who`` is the conversation it happened in; a
subscriber that keeps a fact copies what it needs, because the conversation goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from mocksmtp.smtp.envelope import NO_PARAMS, Params
from mocksmtp.smtp.record import HOW, RULE, SIZE, Record
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.conversation import Conversation, Tls
    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.reply import Reply


class ConnectionRefused(NamedTuple):
    """A connection was closed before a session began, because it did not say whose it is."""

    listener: str
    client: str
    reason: str


class SessionOpened(NamedTuple):
    """A client connected, at this time in seconds since the epoch; nothing has been said yet."""

    who: Conversation
    at: float


class CommandAnswered(NamedTuple):
    """A command (or the connection, or the end of mail data) got this reply; ``Publisher.tallies`` count them.

    ``rule`` names the rule or mailbox entry that decided, None where the protocol
    answered by itself; ``took_effect`` says whether the command was committed.
    """

    who: Conversation
    stage: Stage
    reply: Reply
    rule: str | None = None
    took_effect: bool = True
    path: Path | None = None
    params: Params = NO_PARAMS


answered = partial(tuple.__new__, CommandAnswered)
"""Makes one from its fields in order; the constructor that NamedTuple writes costs three times as much."""


class Decided(NamedTuple):
    """A command was not just let through: a rule or a mailbox had a say, or it was refused.

    It is told before ``CommandAnswered``, which says the same of every command, and after
    the rules that matched and the faults that struck.  Over LMTP it is told of each recipient
    at the end of mail data, whatever was answered.  ``envelope`` is the open one.
    """

    who: Conversation
    stage: Stage
    reply: Reply
    rule: str | None
    took_effect: bool
    path: Path | None
    params: Params
    envelope: Envelope | None = None


class RuleMatched(NamedTuple):
    """A rule's conditions held and its schedule was due."""

    who: Conversation
    stage: Stage
    rule: str


class FaultInjected(NamedTuple):
    """A fault changed what is answered, or struck within mail data; it took so many seconds, if it has an end."""

    who: Conversation
    stage: Stage
    fault: str
    seconds: float = 0.0


class TlsStarted(NamedTuple):
    """A handshake ended well."""

    who: Conversation
    tls: Tls


class Authenticated(NamedTuple):
    """A client logged in."""

    who: Conversation
    mechanism: str
    identity: str


class MessageAccepted(NamedTuple):
    """A message was answered 250.  ``kept`` is False where a rule said so.

    It may be told a little later than it happened (``Publisher.later``): ``record`` says whose it is.
    """

    who: Conversation
    envelope: Envelope
    reply: Reply
    kept: bool
    record: Record

    @property
    def octets(self) -> int:
        """Octets of mail data."""
        return self.record[SIZE] or 0

    @property
    def rule(self) -> str | None:
        """The rule that decided, None where nobody had a say."""
        return self.record[HOW][RULE]


accepted = partial(tuple.__new__, MessageAccepted)
"""Makes one from its fields in order, for the same reason."""


class TransactionEnded(NamedTuple):
    """A mail transaction, or the attempt at one, is over, however it ended."""

    who: Conversation


ended = partial(tuple.__new__, TransactionEnded)
"""Makes one from a tuple of its field, for the same reason."""


class TransactionAbandoned(NamedTuple):
    """A mail transaction ended without an answer to its mail data; ``TransactionEnded`` follows."""

    who: Conversation
    envelope: Envelope


class SessionClosed(NamedTuple):
    """The connection is gone."""

    who: Conversation


Fact = (
    ConnectionRefused
    | SessionOpened
    | CommandAnswered
    | Decided
    | RuleMatched
    | FaultInjected
    | TlsStarted
    | Authenticated
    | MessageAccepted
    | TransactionEnded
    | TransactionAbandoned
    | SessionClosed
)

Take = Callable[[Any], None]
"""Takes note of a fact, and is done with it when it returns."""


class Tally:
    """How often it happened."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0


Tallies = defaultdict[tuple[str, Stage, int], Tally]
"""How often a listener, by its name, answered at a stage with a code."""


TOGETHER = 64
"""Facts that are told together: enough to do the same again and again, few enough to be still at hand."""


def _at_once(work: Callable[[], None]) -> None:
    work()


class Publisher:
    """Hands each fact to those who take its kind, in order.

    ``takers`` lists them by kind.  The lists are looked at for each fact: who joins one, or leaves it,
    is heard from the next fact on.  ``tallies`` count what is answered: there are so many answers that
    who only counts them takes no facts.
    """

    __slots__ = ("_later", "_looking_on", "_soon", "takers", "tallies")

    def __init__(
        self,
        takers: Mapping[type, list[Take]],
        tallies: Tallies | None = None,
        soon: Callable[[Callable[[], None]], None] = _at_once,
    ) -> None:
        """``takers`` has every kind of ``Fact``; ``soon`` does some work when there is time, or at once."""
        self.takers = takers
        self.tallies = defaultdict(Tally) if tallies is None else tallies
        self._soon = soon
        self._later: list[Fact] = []
        self._looking_on = takers[CommandAnswered]

    @classmethod
    def to(cls, take: Take) -> Publisher:
        """Return one with a single taker, of all kinds."""
        return cls({kind: [take] for kind in get_args(Fact)})

    def __call__(self, fact: Fact) -> None:
        """Publish, behind what was to be published later."""
        if self._later:
            self.settle()
        for take in self.takers[type(fact)]:
            take(fact)

    def later(self, *facts: SessionOpened | MessageAccepted | TransactionEnded | SessionClosed) -> None:
        """Publish before long, together with others.

        What is done for many in a row costs a fraction of what it costs between other things.
        Where somebody looks on who hears of each command, it is done at once: they go without waiting.
        """
        waiting = self._later
        waiting += facts
        if len(waiting) >= TOGETHER or self._looking_on:
            self.settle()
        elif len(waiting) == len(facts):
            self._soon(self.settle)

    def settle(self) -> None:
        """Publish what was to be published later."""
        waiting, self._later = self._later, []
        takers = self.takers
        for fact in waiting:
            for take in takers[type(fact)]:
                take(fact)

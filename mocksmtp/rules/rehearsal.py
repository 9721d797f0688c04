"""A rehearsal: a client that is made up talks to the real session and rulebook, and is told who decided."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, zip_longest
from math import inf
from typing import NamedTuple

from mocksmtp.rules.context import Context
from mocksmtp.rules.near import Miss, near_misses
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.smtp.conversation import Conversation, Tls
from mocksmtp.smtp.facts import CommandAnswered, Fact, Publisher
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED, Decision, settled
from mocksmtp.smtp.profile import Profile
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.session import Session
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Abort, Close, HalfClose, Receive, Send, StartTls, Step, Store, Wait

TLS = Tls("1.3", "TLS_AES_256_GCM_SHA384")
"""What a handshake of the made-up client agrees on."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who talks, and what is said.

    ``auth`` logs in by PLAIN or LOGIN, with the password that is configured where there is
    one.  ``tls`` None says STARTTLS where it is demanded, or is needed to log in.  ``size``
    is announced, None announces that of the content; ``content`` None is a small message.
    """

    address: str = "127.0.0.1"
    helo: str = "client.test"
    tls: bool | None = None
    auth: str | None = None
    mail: str = "sender@client.test"
    rcpts: Sequence[str] = ()
    size: int | None = None
    content: bytes | None = None

    def __post_init__(self) -> None:
        for text in (self.helo, self.auth or "", self.mail, *self.rcpts):
            if not text.isprintable():
                raise ValueError(f"{text!r} cannot be said in one line")

    @property
    def message(self) -> bytes:
        """The mail data: lines that end in CRLF."""
        if self.content is not None:
            lines = self.content.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
            return b"".join(line + b"\r\n" for line in lines)
        head = f"From: <{self.mail.strip('<>')}>\r\nSubject: rehearsal\r\n\r\n".encode()
        return head + b"Hello".ljust((self.size or 0) - len(head) - 2, b".") + b"\r\n"


class Row(NamedTuple):
    """One answer: at which stage, to what, who decided, and which rules nearly did.

    ``code`` is None and ``wire`` empty where nothing is replied; ``wire`` is what a fault
    made of the reply, where one struck.  ``rule`` is a rule or an entry of mailboxes, None
    where the protocol answers by itself; ``asked`` says whether rules were asked at all.
    ``steps`` are what is done beside the reply, in words.
    """

    stage: Stage
    said: str
    code: int | None
    wire: bytes
    rule: str | None
    asked: bool
    matched: tuple[str, ...]
    near: tuple[Miss, ...]
    steps: tuple[str, ...]


def _receive(step: Receive) -> str:
    told = [f"reads at {step.rate:g} octets a second"] if step.rate is not None else []
    if step.after_octets is not None:
        told.append(f"after {step.after_octets} octets of mail data: {', '.join(words(step.then)) or 'goes on'}")
    return "; ".join(told)


def _handshake(step: StartTls) -> str:
    wrong = [f"a certificate: {step.certificate}"] if step.certificate else []
    return " and ".join([*wrong, *([f"a handshake: {step.handshake}"] if step.handshake else [])])


STEP_WORDS: dict[type, Callable[..., str]] = {
    Wait: lambda step: "waits for ever" if step.seconds == inf else f"waits {step.seconds:g} s",
    Receive: _receive,
    StartTls: _handshake,
    HalfClose: lambda _: "closes its half",
    Close: lambda _: "closes",
    Abort: lambda _: "resets the connection",
}


def words(steps: Sequence[Step]) -> list[str]:
    """Say what is done beside sending."""
    told = [STEP_WORDS[type(step)](step) for step in steps if type(step) in STEP_WORDS]
    return [text for text in told if text]


class Asked(NamedTuple):
    """What the rules were asked, and what they said."""

    stage: Stage
    decision: Decision
    near: tuple[Miss, ...]


Asks = Callable[[Stage, Conversation, Outcome], Rulebook]
"""Which rulebook is asked about a command, where that is not always the same."""


class _Watched:
    """The rulebook as the session's policy, and what it was asked."""

    stages = frozenset(Stage)
    reads_slowly = False

    def __init__(self, rulebook: Rulebook, asks: Asks | None, most: int) -> None:
        self.rulebook = rulebook
        self.asks = asks
        self.most = most
        self.asked: list[Asked] = []

    def silent(self, _stage: Stage, _outcome: Outcome) -> bool:
        return False  # Each question is written down.

    def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision:
        rulebook = self.rulebook if self.asks is None else self.asks(stage, conversation, outcome)
        found = rulebook.decide(stage, conversation, outcome)
        decision = found if isinstance(found, Decision) else settled(found())
        misses = near_misses(rulebook, Context(stage, conversation, outcome), decision, self.most)
        self.asked.append(Asked(stage, decision, tuple(misses)))
        return decision

    def malformed(self, stage: Stage, conversation: Conversation, address: str, reason: str) -> Reply:
        return self.rulebook.malformed(stage, conversation, address, reason)


class _Talk:
    """The made-up client: says a line, and writes down what was answered."""

    def __init__(
        self, profile: Profile, rulebook: Rulebook, asks: Asks | None, client: Client, name: str, most: int
    ) -> None:
        self.policy = _Watched(rulebook, asks, most)
        self.rows: list[Row] = []
        self.over = False
        self.code = 0
        self._facts: list[Fact] = []
        self._ids = map("Q{}".format, count(1))
        who = Conversation(name, profile.name, profile.hostname, client.address)
        self.session = Session(
            profile, self.policy, who, Publisher.to(self._facts.append), self._next_id, rulebook.now
        )

    def _next_id(self) -> str:
        return next(self._ids)

    @property
    def went_well(self) -> bool:
        """Whether the last answer was positive, and leaves the connection open."""
        return not self.over and 0 < self.code < 400

    def say(self, line: str, octets: bytes | None = None) -> None:
        """Say a line, or in its place these octets."""
        self.take(line, self.session.receive_data(line.encode() + b"\r\n" if octets is None else octets))

    def take(self, said: str, steps: list[Step]) -> None:
        """Perform steps, and write down what was answered; over LMTP a message has several answers."""
        done = self._perform(steps)
        answers = [fact for fact in self._facts if isinstance(fact, CommandAnswered)]
        asked, self.policy.asked = self.policy.asked, []
        self._facts.clear()
        self.over = self.over or any(map(ends, done))
        for fact, question in zip_longest(answers, asked):
            wire = b"".join(step.data for step in done if isinstance(step, Send))
            self.rows.append(_row(said, fact, question, wire if len(answers) < 2 else fact.reply.wire, done))
        if answers:
            self.code = max(fact.reply.code for fact in answers)
        if any(isinstance(step, StartTls) for step in done) and not self.over:
            self.take("", self.session.tls_started(TLS))

    def _perform(self, steps: list[Step]) -> list[Step]:
        done: list[Step] = []
        for step in steps:
            done += self._perform(self.session.stored(None)) if isinstance(step, Store) else [step]
        return done


def ends(step: Step) -> bool:
    """Say whether nothing can follow a step."""
    if isinstance(step, Receive):
        return any(map(ends, step.then))
    return isinstance(step, (Close, HalfClose, Abort)) or (isinstance(step, Wait) and step.seconds == inf)


def _row(said: str, fact: CommandAnswered | None, asked: Asked | None, wire: bytes, done: list[Step]) -> Row:
    decision = asked.decision if asked is not None else AS_PROPOSED
    near, steps = asked.near if asked is not None else (), tuple(words(done))
    if fact is None:  # The handshake of an implicit-TLS port, at which nobody is there to be replied to.
        return Row(Stage.STARTTLS, said, None, b"", decision.rule, True, decision.matched, near, steps)
    return Row(
        fact.stage, said, fact.reply.code, wire, fact.rule, asked is not None, decision.matched, near, steps
    )


def rehearse(
    profile: Profile,
    rulebook: Rulebook,
    client: Client,
    name: str = "rehearsal",
    most: int = 3,
    asks: Asks | None = None,
) -> list[Row]:
    """Let a client talk to a listener, as far as it is let; return a row for each answer.

    The rulebook's counters move: hand in ``Rulebook.rehearsal`` to leave them as they are.
    ``name`` is the session's, ``most`` how many near misses are told of each answer; ``asks``
    says whom to ask in place of ``rulebook``.
    """
    talk = _Talk(profile, rulebook, asks, client, name, most)
    talk.take("", talk.session.open())
    if talk.went_well and _introduced(talk, profile, client) and _accepted(talk, profile, client):
        message = client.message
        stuffed = b"".join(b"." + line if line[:1] == b"." else line for line in message.splitlines(keepends=True))
        talk.say(f"(message of {len(message)} octets)", stuffed + b".\r\n")
    return talk.rows


def _introduced(talk: _Talk, profile: Profile, client: Client) -> bool:
    """Greet, begin TLS and log in; say whether all went well."""
    hello = f"{'LHLO' if profile.lmtp else 'EHLO'} {client.helo}"
    talk.say(hello)
    if not talk.went_well:
        return False
    authentication = profile.authentication
    needed = profile.require_tls or (client.auth is not None and not authentication.without_tls)
    wanted = needed and b"STARTTLS" in profile.verbs if client.tls is None else client.tls
    if wanted and not profile.implicit_tls:
        talk.say("STARTTLS")
        if talk.went_well:
            talk.say(hello)
    if client.auth is None:
        return not talk.over  # Where TLS was refused it is tried in clear.
    password = (authentication.users or {}).get(client.auth, "rehearsal")
    response = base64.b64encode(f"\0{client.auth}\0{password}".encode())
    talk.say(f"AUTH PLAIN ({client.auth})", b"AUTH PLAIN " + response + b"\r\n")
    return talk.went_well


def _accepted(talk: _Talk, profile: Profile, client: Client) -> bool:
    """Give the envelope; say whether the message may follow."""
    params = [""]
    if "SIZE" in profile.mail_params:
        params.append(f"SIZE={len(client.message) if client.size is None else client.size}")
    if not "".join((client.mail, *client.rcpts)).isascii() and "SMTPUTF8" in profile.mail_params:
        params.append("SMTPUTF8")
    talk.say(f"MAIL FROM:<{client.mail.strip('<>')}>{' '.join(params)}")
    accepted = False
    for rcpt in client.rcpts if talk.went_well else ():
        talk.say(f"RCPT TO:<{rcpt.strip('<>')}>")
        accepted = accepted or talk.went_well
        if talk.over:
            return False
    if not accepted:
        return False
    talk.say("DATA")
    return talk.went_well

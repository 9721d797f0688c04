"""Dialogues: SMTP as the RFC writes it, read from text and played against a session.

A file holds dialogues separated by blank lines; each begins with ``# title`` lines, then
headers (``profile:``, ``policy:``, ``fault: STAGE YAML``, ``pipelined:``), then lines in order::

    C: line      the client says a line (CRLF is added)
    C> octets    the client sends these octets; \\r \\n \\x00 \\\\ and \\{a*500} are understood
    S: 250 …     one reply line; the code and nothing but … stands for a whole reply
    S> octets    what is sent and is no whole line
    = tls, = store, = store fails, = close     a step that is not a reply
    = wait 2, = flush, = receive, = half-close, = abort     the same, where a fault strikes
    = message <escaped>, = envelope a@b -> c@d e@f     what was stored last
    = params SIZE=1 …, = params c@d NOTIFY=NEVER …     the parameters of MAIL, and of that RCPT
    = client 192.0.2.1 client.test             who it came from
    ! idle, ! drain, ! shut down, ! busy       what the shell says, not the client

Where rules are played (``scenario.py``), there is also::

    ! connect, ! connect from 192.0.2.9 to submission     another connection takes the place of this one
    ! 5m pass, ! it is 23:00, ! it is 2026-07-01 23:00    the rule clock is moved (UTC)

Between guillemets stand octets that go in base64, on lines of client and server.  Client
lines that follow each other are sent at once; after ``pipelined:`` all of them are.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from functools import partial
from ipaddress import ip_network
from itertools import count
from pathlib import Path as File

from mocksmtp.config.faults import read_faults
from mocksmtp.config.tree import read
from mocksmtp.faults.fault import Fault
from mocksmtp.smtp import replies
from mocksmtp.smtp.conversation import Conversation, Tls
from mocksmtp.smtp.envelope import Message, Taken
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED, Decision, Policy, Search
from mocksmtp.smtp.profile import Authentication, Limits, Profile
from mocksmtp.smtp.remembered import Remembered
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.session import Session
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import (
    Abort,
    Close,
    Decide,
    Flush,
    HalfClose,
    Receive,
    Send,
    StartTls,
    Step,
    Store,
    Wait,
)
from mocksmtp.smtp.syntax import Addresses, BareNewlines

ABOUT_THE_MESSAGE = ("= message", "= envelope", "= params", "= client")
FOLDER = File(__file__).parent / "dialogues"
TLS = Tls("1.3", "TLS_AES_256_GCM_SHA384")
BINDINGS = {"tls-exporter": (b"exported",)}
WORDS = {Flush: "= flush", Receive: "= receive", HalfClose: "= half-close", Close: "= close", Abort: "= abort"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|\{(.+?)\*(\d+)\}|(.))")
_REPLY = re.compile(r"(\d{3}) (?:(\d\.\d{1,3}\.\d{1,3}) )?(.*)")


def unescape(text: str) -> bytes:
    """Turn what stands in a dialogue into octets."""
    out, at = b"", 0
    for match in _ESCAPE.finditer(text):
        out += text[at : match.start()].encode()
        octet, repeated, times, plain = match.groups()
        if octet:
            out += bytes([int(octet, 16)])
        elif repeated:
            out += unescape(repeated) * int(times)
        else:
            out += {"r": b"\r", "n": b"\n", "t": b"\t"}.get(plain, plain.encode())
        at = match.end()
    return out + text[at:].encode()


def in_base64(line: str) -> str:
    """Write what stands between guillemets as base64."""
    return re.sub("«(.*?)»", lambda found: base64.b64encode(unescape(found[1])).decode(), line)


@dataclass
class Turn:
    """What goes in at once, and what must come out of it."""

    octets: bytes = b""
    told: str = ""
    expected: list[str] = field(default_factory=list)


@dataclass
class Dialogue:
    """One dialogue: where it stands, the listener it speaks to, and its turns."""

    title: str
    profile: Profile
    policy: TablePolicy
    turns: list[Turn]

    @property
    def failing(self) -> list[bool]:
        """Whether each store in turn fails."""
        lines = [line for turn in self.turns for line in turn.expected]
        return [line == "= store fails" for line in lines if line.startswith("= store")]


class TablePolicy:
    """The smallest policy: a stage and what was named (``*`` for anything) to a decision.

    Words before the reply: ``later`` searches with Decide, ``close`` and ``continue`` say
    what follows, ``discard`` keeps nothing, ``accept`` is the positive answer.  Each of
    ``faults`` is a stage and what is to go wrong there.
    """

    reads_slowly = False

    def __init__(self, lines: tuple[str, ...] = (), faults: tuple[str, ...] = ()) -> None:
        self.table: dict[tuple[str, str], tuple[set[str], Reply | None]] = {}
        self.faults: dict[str, tuple[Fault, ...]] = {}
        for line in faults:
            stage, _, yaml = line.partition(" ")
            found = read_faults(read(f"fault: {yaml}", "dialogue").value["fault"])
            self.faults[stage] = tuple(fault.for_stage(Stage(stage)) for fault in found)
        for line in lines:
            left, _, right = line.partition(" -> ")
            stage, _, named = left.partition(" ")
            words, rest = set(), right
            while (word := rest.partition(" ")[0]) and not word.isdigit():
                words.add(word)
                rest = rest.partition(" ")[2]
            self.table[stage, named or "*"] = words, reply_of(rest) if rest else None

    stages = frozenset(Stage)

    def silent(self, stage: Stage, outcome: Outcome) -> bool:
        """Say whether nothing is written about this command."""
        named = outcome.path.text if outcome.path is not None else outcome.text or ""
        return not (
            self.faults.get(stage.value) or (stage.value, named) in self.table or (stage.value, "*") in self.table
        )

    def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
        """Look the stage up."""
        named = outcome.path.text if outcome.path is not None else outcome.text or ""
        named = conversation.client if stage is Stage.CONNECT else named
        found = self.table.get((stage.value, named)) or self.table.get((stage.value, "*"))
        faults = self.faults.get(stage.value, ())
        if found is None:
            return Decision(faults=faults) if faults else AS_PROPOSED
        words, reply = found
        if "accept" in words:
            reply = outcome.accept or outcome.reply
        close = True if "close" in words else False if "continue" in words else None
        decision = Decision(reply, "table", close, "discard" not in words, faults, ("table",))
        return (lambda: decision) if "later" in words else decision

    def malformed(self, stage: Stage, _conversation: Conversation, _address: str, reason: str) -> Reply:
        """Say the bare reason."""
        return Reply(553, reason, "5.1.7" if stage is Stage.MAIL else "5.1.3")


def reply_of(text: str) -> Reply:
    """Read ``550 5.1.1 text``; ``/`` parts lines."""
    code, enhanced, words = _REPLY.fullmatch(text).groups()
    return Reply(int(code), tuple(words.split(" / ")), enhanced or "")


def _dice(octets: bytes, _length: int) -> bytes:
    """Dice that always fall the same way."""
    return octets


def profile_of(words: list[str]) -> Profile:
    """Read the words of ``profile:`` lines."""
    limits, login, own, hidden, more, only = {}, {}, {}, set(), set(), set(EXTENSIONS)
    for word in words:
        name, _, value = word.partition("=")
        if name.startswith("limits."):
            limits[name[7:]] = int(value)
        elif name == "hide":
            hidden = set(value.split(","))
        elif name == "trusted":
            own["trusted"] = (ip_network(value),)
        elif name == "show":
            more = set(value.split(","))
        elif name == "only":
            only = set(value.split(","))
        elif name == "users":
            login["users"] = None if value == "any" else dict(p.split(":") for p in value.split(","))
        elif name == "auth":
            login["required"] = value == "required"
        elif name == "mechanisms":
            login["mechanisms"] = tuple(filter(None, value.split(",")))
        elif name == "random":
            login["random"] = partial(_dice, bytes.fromhex(value))
        elif name == "without_tls":
            login["without_tls"] = True
        else:
            kinds = {"bare_newlines": BareNewlines, "addresses": Addresses}
            own[name] = kinds[name](value) if name in kinds else value != "no"
    known = [e for e in EXTENSIONS.values() if e.keyword in only]
    shown = tuple(e for e in known if (e.default or e.keyword in more) and e.keyword not in hidden)
    base = Profile(extensions=shown, limits=Limits(**limits), authentication=Authentication(**login))
    return replace(base, **own)


def parse(text: str, where: str = "") -> list[Dialogue]:
    """Read the dialogues of one file."""
    found = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        assert lines[0].startswith("# "), f"{where}: a dialogue begins with a title: {lines[0]}"
        title = " ".join(line[2:] for line in lines if line.startswith("# "))
        found.append(_dialogue(f"{where}: {title}", [line for line in lines if not line.startswith("#")]))
    return found


def _dialogue(title: str, lines: list[str]) -> Dialogue:
    words, table, faults, turns, pipelined = [], [], [], [Turn()], False
    for line in map(in_base64, lines):
        kind, _, rest = line.partition(" ")
        if kind == "profile:":
            words += rest.split()
        elif kind == "policy:":
            table.append(rest)
        elif kind == "fault:":
            faults.append(rest)
        elif kind == "pipelined:":
            pipelined = True
        elif kind in ("C:", "C>"):
            if turns[-1].expected or turns[-1].told or len(turns) == 1:
                turns.append(Turn())
            turns[-1].octets += rest.encode() + b"\r\n" if kind == "C:" else unescape(rest)
        elif kind == "!":
            turns.append(Turn(told=rest))
        else:
            assert kind in ("S:", "S>", "="), f"{title}: what is {line!r}?"
            turns[-1].expected.append(line)
    if turns[1:] and not turns[0].expected and turns[1].told.startswith(("busy", "connect", "it is")):
        turns.pop(0)
    if pipelined:
        rest = [line for turn in turns[1:] for line in turn.expected]
        turns = [turns[0], Turn(b"".join(turn.octets for turn in turns), "", rest)]
    return Dialogue(title, profile_of(words), TablePolicy(tuple(table), tuple(faults)), turns)


class Player:
    """Performs the steps of a session and writes down what happened, a line each.

    Where answers are remembered, messages are kept at once too, as the shell does with a store in memory.
    """

    def __init__(
        self,
        profile: Profile,
        policy: Policy,
        failing: list[bool] | None = None,
        client: str = "192.0.2.1",
        name: str = "s1",
        remembered: Remembered | None = None,
    ) -> None:
        ids, self.facts, self.stored, self.events = count(1), [], [], []
        self.failing = list(failing or [])
        self.at_once = remembered is not None
        self.handshakes = 0
        conversation = Conversation(name, profile.name, profile.hostname, client)
        conversation.at = 1e9
        self.session = Session(
            profile, policy, conversation, Publisher.to(self.facts.append), lambda: f"Q{next(ids)}", lambda: 1e9,
            remembered,
        )  # fmt: skip

    def perform(self, steps: list[Step]) -> None:
        """Perform steps in order; a handshake waits for the end of the turn."""
        for step in steps:
            match step:
                case Send(data):
                    *lines, rest = data.decode("utf-8", "backslashreplace").split("\r\n")
                    self.events += ["S: " + line for line in lines]
                    self.events += ["S> " + shown(rest)] if rest else []
                case StartTls(certificate, handshake):
                    self.events.append(" ".join(filter(None, ("= tls", certificate, handshake))))
                    self.handshakes += 1
                case Wait(seconds):
                    self.events.append(f"= wait {seconds:g}")
                case Flush() | Receive() | HalfClose() | Close() | Abort():
                    self.events.append(WORDS[type(step)])
                case Store(message):
                    self._store(message, alone=len(steps) == 1)
                case Decide(search):
                    self.perform(self.session.decided(search()))

    def _store(self, message: Taken, alone: bool) -> None:
        fails = self.failing.pop(0) if self.failing else False
        self.events.append("= store fails" if fails else "= store")
        self.stored.append(Message._make(message))
        answer = self.session.kept_at_once() if alone and self.at_once and not fails else None
        if answer is None:
            self.perform(self.session.stored(replies.NOT_STORED if fails else None))
        else:
            self.perform([Send(answer)])

    def take(self, turn: Turn, cut: int = 0) -> list[str]:
        """Play one turn; return its events."""
        self.events = []
        session, told = self.session, turn.told
        if told:
            calls = {"idle": session.timed_out, "drain": session.drain, "shut down": session.shut_down}
            busy = replies.TOO_MANY_CONNECTIONS
            self.perform(session.open(busy) if told == "busy" else calls[told]())
        elif not turn.octets:
            self.perform(session.open())
        size = cut or len(turn.octets) or 1
        for at in range(0, len(turn.octets), size):
            piece = turn.octets[at : at + size]
            answer = None if session.deaf else session.answer_at_once(piece)
            if answer is None:
                self.perform(session.receive_data(piece))
            else:
                self.perform([Send(answer), Close()] if session.deaf else [Send(answer)])
        while self.handshakes:
            self.handshakes -= 1
            self.perform(session.tls_started(TLS, lambda kind: BINDINGS.get(kind, ())))
        return self.events


def play(dialogue: Dialogue, cut: int = 0, remembered: Remembered | None = None) -> None:
    """Play a dialogue, cut into pieces of so many octets; assert that all comes as written."""
    player = Player(dialogue.profile, dialogue.policy, dialogue.failing, remembered=remembered)
    for number, turn in enumerate(dialogue.turns):
        check(number, turn, player.take(turn, cut), player.stored)


def check(number: int, turn: Turn, events: list[str], stored: list[Message]) -> None:
    """Assert that what came in a turn is what is written."""
    steps = [line for line in turn.expected if not line.startswith(ABOUT_THE_MESSAGE)]
    assert agrees(steps, events), f"turn {number}, {turn.octets[:200]!r}: {steps} came as {events}"
    for line in turn.expected:
        if line.startswith("= message"):
            assert stored[-1].content == unescape(line[10:])
        if line.startswith("= envelope"):
            assert envelope_of(stored[-1]) == line[11:]
        if line.startswith("= client"):
            assert line[9:] == f"{stored[-1].client} {stored[-1].helo}"
        if line.startswith("= params"):
            assert line[9:] in params_of(stored[-1])


def shown(octets: str) -> str:
    """Write what is no whole line so that its end can be seen."""
    text = octets.replace("\r", "\\r").replace("\n", "\\n")
    return text[:-1] + "\\x20" if text.endswith(" ") else text


def envelope_of(message: Message) -> str:
    """Write an envelope as dialogues do."""
    return f"{message.mail.text or '<>'} -> {' '.join(r.path.text for r in message.recipients)}"


def params_of(message: Message) -> list[str]:
    """Write the parameters of MAIL and of each RCPT as dialogues do."""
    said = [("", message.params), *((r.path.text, r.params) for r in message.recipients)]
    pairs = [[to, *(k if v is None else f"{k}={v}" for k, v in params.items())] for to, params in said]
    return [" ".join(filter(None, words)) for words in pairs]


def agrees(expected: list[str], events: list[str]) -> bool:
    """Whether events are what was expected, ``…`` being any text."""
    left = list(events)
    for line in expected:
        if not left:
            return False
        first = left.pop(0)
        if re.fullmatch(r"S: \d{3} …", line):
            while first.startswith(line[:6] + "-") and left:
                first = left.pop(0)
        pattern = ".*".join(map(re.escape, line.split("…")))
        if not re.fullmatch(pattern, first):
            return False
    return not left


def all_dialogues() -> list[Dialogue]:
    """Read the whole folder."""
    return [d for path in sorted(FOLDER.glob("*.txt")) for d in parse(path.read_text("utf-8"), path.stem)]

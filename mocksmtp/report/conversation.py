"""What a conversation shows: the order of commands, line ends, what was sent unasked, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from mocksmtp.report.exchange import END, LONG, Exchange, Turn
from mocksmtp.report.findings import Finding
from mocksmtp.smtp.notes import BARE, BARE_LINE, UNSTUFFED

LAST_IN_GROUP = frozenset(
    {"EHLO", "HELO", "LHLO", "DATA", "VRFY", "EXPN", "NOOP", "QUIT", "STARTTLS", "AUTH", "XCLIENT"}
)
"""Behind these nothing may be sent before their reply has come."""

ENDING = frozenset({"QUIT", "STARTTLS"})
"""Behind these nothing is heard."""

SHOWING = frozenset({b"PLAIN", b"LOGIN", b"XOAUTH2", b"OAUTHBEARER"})
"""Mechanisms that show the password, or what is as good."""

NOT_KNOWN = frozenset({500, 502})


def found(made: Exchange) -> Iterator[Finding]:
    """Yield what is wrong with a conversation."""
    for check in (_newlines, _groups, _after_421, _refused_data, _dots, _unheard, _auth, _end):
        yield from check(made)


def finding(name: str, turn: Turn, did: str) -> Finding:
    """Make a finding of a command."""
    return Finding(name, turn.at, turn.number, None, did)


def _said(turn: Turn) -> str:
    return _named(turn.verb)


def _named(verb: str) -> str:
    if verb == END:
        return "the end of mail data"
    return verb if verb.isalpha() and len(verb) <= 10 else "a line"


def _newlines(made: Exchange) -> Iterator[Finding]:
    for turn in made.turns:
        if turn.code == 500 and (b"\\n" in turn.line or b"\\r" in turn.line):
            yield finding("bare-newline", turn, "a command line held a CR or LF that stood alone")
        elif turn.verb == LONG:
            yield finding("command-too-long", turn, "a line was longer than a command may be")
    for happening in made.happenings:
        if happening.note[0] == "flawed" and BARE in happening.note[1:]:
            did = "mail data held a CR or LF that stood alone"
            yield Finding("bare-newline", happening.at, happening.number, None, did)
        elif happening.note == BARE_LINE:
            did = "a line ended with a LF that stood alone"
            yield Finding("bare-newline", happening.at, happening.number, None, did)


def _groups(made: Exchange) -> Iterator[Finding]:
    known = made.whole
    for turn in made.turns:
        known = known or turn.offer is not None
        if turn.behind is None or not known:
            continue
        did = f"{_said(turn)} was sent behind {_named(turn.behind)}, before its reply"
        if turn.offer is None:
            yield finding("pipelining-before-ehlo", turn, did)
        elif turn.behind in LAST_IN_GROUP:
            yield finding("not-last-in-group", turn, did)
        elif "PIPELINING" not in turn.offer:
            yield finding("pipelining-not-offered", turn, did)


def _after_421(made: Exchange) -> Iterator[Finding]:
    for turn in made.later:
        if turn.verb != "QUIT":
            yield finding("after-421", turn, f"{_said(turn)} was sent after 421")


def _refused_data(made: Exchange) -> Iterator[Finding]:
    named = taken = 0
    before: Turn | None = None
    for turn in made.turns:
        if turn.verb == "MAIL":
            named = taken = 0
        elif turn.verb == "RCPT":
            named += 1
            taken += turn.code // 100 == 2 or turn.code == 0
        elif turn.verb in ("DATA", "BDAT") and turn.code >= 400 and turn.behind is None and named and not taken:
            yield finding(
                "data-without-recipient", turn, f"{turn.verb} was said after every recipient was refused"
            )
            named = 0
        if before is not None and before.verb == "DATA" and before.code >= 400 and turn.code in NOT_KNOWN:
            yield finding(
                "mail-data-after-refusal", turn, f"mail data was sent although DATA was answered {before.code}"
            )
        before = turn


def _dots(made: Exchange) -> Iterator[Finding]:
    for turn in made.turns:
        if turn.behind == END and turn.code in NOT_KNOWN:
            did = "a line that was a lone dot ended the message, and the rest of it came as commands"
            yield finding("dot-not-stuffed", turn, did)
    for happening in made.happenings:
        if happening.note[0] == "flawed" and UNSTUFFED in happening.note[1:]:
            did = "a line of mail data began with one dot and something else"
            yield Finding("dot-not-stuffed", happening.at, happening.number, None, did)


def _unheard(made: Exchange) -> Iterator[Finding]:
    for happening in made.happenings:
        name = happening.note[0]
        if name not in ("unheard", "left"):
            continue
        _, octets, verb, bare = happening.note
        what, place = verb or f"{octets} octets", (happening.at, happening.number, None)
        before = made.turns[happening.after - 1] if happening.after else None
        if name == "unheard" and happening.code == 421:
            if verb != "QUIT":
                yield Finding("after-421", *place, f"{what} was sent after 421")
        elif before is not None and before.verb in ENDING and before.code // 100 == 2:
            yield Finding("not-last-in-group", *place, f"{what} was sent behind {before.verb}")
        elif bare and verb and name == "left":
            yield Finding("bare-newline", *place, "lines ended with a bare LF, so that no command was ever whole")


def _auth(made: Exchange) -> Iterator[Finding]:
    for turn in made.turns:
        words = turn.line.upper().split()
        shows = turn.verb == "AUTH" and not turn.tls and len(words) > 1 and words[1] in SHOWING
        if shows and (len(words) > 2 or turn.code == 334):
            did = f"a password was shown by AUTH {words[1].decode()} without TLS"
            yield finding("auth-in-clear", turn, did)


def _end(made: Exchange) -> Iterator[Finding]:
    last = made.turns[-1] if made.turns else None
    if last is None or not made.ended:
        return
    leaves = last.verb == "QUIT" or (last.verb == "STARTTLS" and last.code == 220)
    if not leaves and not (made.faulty and last.verb == "DATA"):
        within = last.verb == "DATA" and last.code == 354
        did = "the connection was closed within mail data" if within else "the connection was closed without QUIT"
        yield finding("no-quit", last, did)

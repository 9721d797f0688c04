"""Transcripts: the notes of a session read back, a line each, with its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mocksmtp.smtp.notes import BARE, SENT, UNSTUFFED, Note, one_by_one


class Entry(NamedTuple):
    """One line: when, what kind (``client`` and ``server`` said it, the others happened), and its text."""

    at: float
    kind: str
    text: str


def _decided(stage: str, rule: str | None, matched: tuple[str, ...]) -> str:
    others = [name for name in matched if name != rule]
    told = f"{stage}: {rule} decided" if rule else f"{stage}: nobody decided"
    return told + (f"; {', '.join(others)} matched" if others else "")


FLAWS = {BARE: "a CR or LF stands alone", UNSTUFFED: "a dot at the beginning of a line is not doubled"}
"""What is wrong with mail data, in words."""

WORDS: Mapping[str, Callable[..., str]] = {
    "overlong": lambda: "a line over the limit, thrown away",
    "bare_line": lambda: "a line that ends with a bare LF",
    "closed": lambda: "we closed the connection",
    "reset": lambda: "we reset the connection",
    "half_closed": lambda: "we ended our half of the connection",
    "gone": lambda: "the connection is gone",
    "tls": lambda version, cipher, sni: f"TLS {version}, {cipher}" + (f", for {sni}" if sni else ""),
    "auth": lambda mechanism, identity: f"logged in as {identity} by {mechanism}",
    "xclient": lambda by, said: f"introduced by {by}: {said}",
    "decided": _decided,
    "flawed": lambda *flaws: "mail data: " + ", ".join(FLAWS[each] for each in flaws),
    "unheard": lambda octets, verb, _bare: f"{verb or 'something'} came after the close: {octets} octets",
    "left": lambda octets, _verb, bare: f"{octets} octets were not read" + (", with a bare LF" if bare else ""),
    "fault": lambda stage, fault: f"{stage}: {fault}",
}
"""What the notes that are tuples say, by their name."""


def transcript(notes: Iterable[Note]) -> Iterator[Entry]:
    """Yield the lines of a session, in order."""
    at = 0.0
    sent = False
    for note in one_by_one(notes):
        if sent:
            sent = False
            yield from _said_by_server(at, note)
        elif isinstance(note, float):
            at = note
        elif isinstance(note, bytes):
            yield Entry(at, "client", printable(note))
        elif isinstance(note, tuple):
            name, *told = note
            yield Entry(at, str(name), printable(WORDS[str(name)](*told).encode()))
        elif note == SENT:
            sent = True
        else:
            yield Entry(at, "data", f"{note} octets of mail data")


def _said_by_server(at: float, note: Any) -> Iterator[Entry]:
    *lines, rest = note.split(b"\r\n")
    for line in lines:
        yield Entry(at, "server", printable(line))
    if rest:
        yield Entry(at, "server", printable(rest) + " (without a line end)")


def printable(octets: bytes) -> str:
    """Decode what may stand in a line, and escape what may not."""
    text = octets.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)

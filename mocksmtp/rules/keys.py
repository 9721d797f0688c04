"""Keys: what the hits of a rule are told apart by (``per``), and what a conversation has said so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from mocksmtp.rules.condition import any_matches
from mocksmtp.rules.conditions.rcpt import Rcpt, values
from mocksmtp.rules.context import Context
from mocksmtp.rules.pattern import Kind, PatternIndex, Patterns
from mocksmtp.rules.when import ALWAYS_KNOWN_FROM, ORDER, All, AnyOf, asserted
from mocksmtp.smtp.address import Path
from mocksmtp.smtp.stage import Stage

LONGEST = 256
"""Characters of a value that is kept as it came; of a longer one, which a client can make at will, a hash is."""

SAID = ("helo", "auth", "mail", "rcpt")
"""What a conversation says of itself, and what chance is keyed by where there is no ``per``."""

FirstRcpt = Callable[[Context], "Path | None"]
"""From a question to the recipient it speaks of: at data and message, the first that matched."""


class KeyWord(NamedTuple):
    """One word of ``per``: from which stage on it is known, and where it is read."""

    since: Stage | None
    read: Callable[[Context, Path | None], str | None]


def _helo(context: Context, _rcpt: Path | None) -> str | None:
    helo = context.outcome.text if context.stage is Stage.HELO else context.conversation.helo
    return helo.lower() if helo else None


def _auth(context: Context, _rcpt: Path | None) -> str | None:
    return context.outcome.text if context.stage is Stage.AUTH else context.conversation.auth


def _mail(context: Context, _rcpt: Path | None) -> str | None:
    path = context.mail
    return path.key if path is not None else None


def _message_id(context: Context, _rcpt: Path | None) -> str | None:
    return next(iter(context.headers.get("message-id", ())), None)


PER: Mapping[str, KeyWord] = {
    "client": KeyWord(None, lambda context, _: context.conversation.client),
    "listener": KeyWord(None, lambda context, _: context.conversation.listener),
    "session": KeyWord(None, lambda context, _: context.conversation.id),
    "helo": KeyWord(Stage.HELO, _helo),
    "auth": KeyWord(Stage.AUTH, _auth),
    "mail": KeyWord(Stage.MAIL, _mail),
    "rcpt": KeyWord(Stage.RCPT, lambda _, rcpt: rcpt.key if rcpt is not None else None),
    "rcpt_domain": KeyWord(Stage.RCPT, lambda _, rcpt: rcpt.domain if rcpt is not None else None),
    "message_id": KeyWord(Stage.MESSAGE, _message_id),
}


def not_known(word: str, stage: Stage) -> str | None:
    """Say why a word of ``per`` is not known at a stage, None where it is."""
    since = PER[word].since
    if word == "message_id":
        return None if stage is Stage.MESSAGE else f"message_id is known at stage message only, not at {stage}"
    if since and stage not in ALWAYS_KNOWN_FROM and ORDER.index(stage) < ORDER.index(since):
        return f"{word} is not known yet at stage {stage}"
    return None


def key_of(words: tuple[str, ...], first_rcpt: FirstRcpt) -> Callable[[Context], tuple[str, ...]]:
    """Return what reads these words; what a client has not said is the empty text."""
    reads = [PER[word].read for word in words]
    of_rcpt = any(word.startswith("rcpt") for word in words)

    def key(context: Context) -> tuple[str, ...]:
        rcpt = first_rcpt(context) if of_rcpt else None
        return tuple([_bounded(read(context, rcpt) or "") for read in reads])

    return key


def _bounded(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def first_rcpt(when: All | AnyOf) -> FirstRcpt:
    """Return what finds the first recipient that the rule's conditions on rcpt match; without any, the first."""

    @cache
    def finds() -> list[Callable[[Context, list[Path]], int | None]]:
        return [_first_of(condition.value) for condition in asserted(when) if isinstance(condition, Rcpt)]

    def find(context: Context) -> Path | None:
        paths = context.rcpts
        if len(paths) < 2:
            return paths[0] if paths else None
        places = [place for each in finds() if (place := each(context, paths)) is not None]
        return paths[min(places, default=0)]

    return find


def _first_of(patterns: Patterns) -> Callable[[Context, list[Path]], int | None]:
    index = PatternIndex(Kind.ADDRESS, [(text, True) for text in patterns.items])
    excluded = [any_matches(each, Kind.ADDRESS, values) for each in patterns.excluded]

    def first(context: Context, paths: list[Path]) -> int | None:
        if any(not matches(context) for matches in excluded):
            return 0  # A pattern that none of them matches speaks of them all.
        return next((place for place, path in enumerate(paths) if index.find(path.key)), None)

    return first

"""EHLO and HELO: who the client says it is (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ANY
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.profile import Announce
    from mocksmtp.smtp.session import Session


def ehlo(session: Session, argument: bytes) -> Outcome:
    """Tell the service extensions this listener shows now."""
    name = _name(argument)
    if name is None:
        return refuse(replies.NEEDS_NAME)
    profile = session.profile
    reply = _told(profile.ehlo, tuple([announce(session) for announce in profile.announce]))
    return Outcome(reply, commit=_greet_esmtp, text=name)


PRINTABLE = re.compile(rb"[!-~]+")


@lru_cache(64)
def _told(lines: tuple[str | Announce, ...], announced: tuple[str | None, ...] = ()) -> Reply:
    """Return the reply with the lines that there are: a listener has few of them, and says them often."""
    now = iter(announced)
    told = [line if isinstance(line, str) else next(now) for line in lines]
    return Reply(250, tuple(line for line in told if line is not None))


def _greet_esmtp(session: Session, outcome: Outcome) -> None:
    session.greeted(outcome.text or "", esmtp=True)


def _greet(session: Session, outcome: Outcome) -> None:
    session.greeted(outcome.text or "", esmtp=False)


def helo(session: Session, argument: bytes) -> Outcome:
    """Greet a client that knows no service extensions."""
    name = _name(argument)
    if name is None:
        return refuse(replies.NEEDS_NAME)
    return Outcome(_told((session.profile.hostname,)), commit=_greet, text=name)


def _name(argument: bytes) -> str | None:
    # Any printable name will do: names of compose services have underscores, and no
    # server may refuse mail because a name does not verify (RFC 5321 section 4.1.4).
    return argument.decode() if PRINTABLE.fullmatch(argument) else None


VERBS = (Verb("EHLO", Stage.HELO, ANY, ehlo, steady=True), Verb("HELO", Stage.HELO, ANY, helo, steady=True))

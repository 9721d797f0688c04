"""What the attempts of one sender at one recipient show: coming back after 5yz, or too soon after 4yz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mocksmtp.journal import Attempt, Outcome
from mocksmtp.report.findings import Finding

SOON = 1800.0
"""Seconds that should pass between two attempts (RFC 5321 section 4.5.4.1)."""

FINAL = frozenset({550, 551, 552, 553, 554, 556})
"""Codes that say never; the others of 5yz may be cured by a login, TLS, or other words."""

Key = tuple[str, str, tuple[str, ...]]


def key(attempt: Attempt) -> Key | None:
    """Return sender, recipient and scopes, None where one of the former was never named."""
    if attempt.mail is None or attempt.rcpt is None:
        return None
    return attempt.mail.lower(), attempt.rcpt.lower(), attempt.scopes


def found(session: str, attempts: Iterable[Attempt]) -> Iterator[Finding]:
    """Yield where a session tried again what it should not, or not yet.

    ``attempts`` are those of its senders and recipients, in the order in which they were
    decided, of earlier sessions too.
    """
    last: dict[Key, Attempt] = {}
    for attempt in attempts:
        pair = key(attempt)
        if pair is None:
            continue
        before = last.get(pair)
        if before is not None and attempt.session == session:
            yield from _again(before, attempt)
        if attempt.outcome == Outcome.ACCEPTED:
            last.pop(pair, None)
        elif attempt.outcome == Outcome.REFUSED:
            last[pair] = attempt


def _again(before: Attempt, attempt: Attempt) -> Iterator[Finding]:
    who = f"<{attempt.mail}> to <{attempt.rcpt}>"
    seconds = max(0.0, attempt.at - before.at)
    if before.code in FINAL and not _may_be_cured(before):
        yield _made("retry-of-5xx", attempt, f"{who} was tried again {_time(seconds)} after {before.code}")
    elif before.code // 100 == 4 and seconds < SOON and not _in_parts(before, attempt):
        yield _made("retry-too-soon", attempt, f"{who} was tried again {_time(seconds)} after {before.code}")


def _may_be_cured(before: Attempt) -> bool:
    """A message that was too big may be made smaller, and the recipients too many be told in parts."""
    return before.code == 552 and (b" 5.3.4" in before.reply[:10] or b" 5.5.3" in before.reply[:10])


def _in_parts(before: Attempt, attempt: Attempt) -> bool:
    """Whether recipients that were too many follow at once, as they should (RFC 5321 section 4.5.3.1.10)."""
    return before.code == 452 and before.stage == "rcpt" and before.session == attempt.session


def _made(name: str, attempt: Attempt, did: str) -> Finding:
    return Finding(name, attempt.at, None, None, did)


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.3g} s"

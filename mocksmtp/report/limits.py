"""What EHLO told of limits, SIZE and LIMITS, and whether the client kept to it (RFC 1870, RFC 9422)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mocksmtp.report.conversation import finding
from mocksmtp.report.exchange import END, Exchange, Offer, Turn
from mocksmtp.report.findings import Finding

_SIZE = re.compile(rb" SIZE=([0-9]{1,20})(?: |$)", re.IGNORECASE)
_DOMAIN = re.compile(rb"@([^@>]+)>")


def found(made: Exchange) -> Iterator[Finding]:
    """Yield where the client went over a limit that it had been told."""
    counts = _Counts()
    for turn in made.turns:
        if turn.offer is not None:
            yield from _size(turn, counts)
            yield from _limits(turn, counts)


@dataclass(slots=True)
class _Counts:
    """What the client has done so far: transactions, and within one recipients, domains and octets."""

    transactions: int = 0
    recipients: int = 0
    octets: int = 0
    domains: set[bytes] = field(default_factory=set)


def _size(turn: Turn, counts: _Counts) -> Iterator[Finding]:
    limit = _number((turn.offer or {}).get("SIZE", ""))
    if turn.verb == "MAIL":
        counts.octets = 0
        said = _SIZE.search(turn.line)
        if said is not None and 0 < limit < int(said[1]):
            did = f"MAIL said SIZE={int(said[1])} where EHLO had been told SIZE {limit}"
            yield finding("size-ignored", turn, did)
    elif turn.verb in (END, "BDAT"):
        before = counts.octets
        counts.octets += turn.octets
        if before <= limit < counts.octets and limit:
            did = f"{counts.octets} octets of mail data were sent where EHLO had been told SIZE {limit}"
            yield finding("size-ignored", turn, did)


def _limits(turn: Turn, counts: _Counts) -> Iterator[Finding]:
    limits = _told(turn.offer or {})
    done: list[tuple[str, int, str]] = []
    if turn.verb == "MAIL":
        counts.transactions += 1
        counts.recipients = 0
        done.append(("MAILMAX", counts.transactions, "transactions were begun"))
    elif turn.verb == "RCPT":
        counts.recipients += 1
        done.append(("RCPTMAX", counts.recipients, "recipients were named"))
        domain = _DOMAIN.search(turn.line)
        if domain is not None and domain[1].lower() not in counts.domains:
            counts.domains.add(domain[1].lower())
            done.append(("RCPTDOMAINMAX", len(counts.domains), "domains of recipients were named"))
    for name, count, what in done:
        if 0 < limits.get(name, 0) < count:
            yield finding("limits-ignored", turn, f"{count} {what} where EHLO had been told {name}={limits[name]}")


def _told(offer: Offer) -> dict[str, int]:
    pairs = (word.partition("=") for word in offer.get("LIMITS", "").split())
    return {name: _number(value) for name, _, value in pairs}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0

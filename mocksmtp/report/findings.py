"""The table of findings: what a client can do wrong or unwisely, where that is written, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

MISTAKE, UNWISE = "mistake", "unwise"


class Kind(NamedTuple):
    """A kind of finding: ``mistake`` where a MUST is broken, ``unwise`` where it is a SHOULD or good advice."""

    name: str
    severity: str
    rfc: str
    instead: str


TABLE = (
    Kind(
        "bare-newline",
        MISTAKE,
        "RFC 5321 section 2.3.8",
        "end every line with CRLF, and send CR and LF nowhere else",
    ),
    Kind("pipelining-before-ehlo", MISTAKE, "RFC 5321 section 4.3.1", "wait for the reply to EHLO"),
    Kind(
        "pipelining-not-offered",
        MISTAKE,
        "RFC 5321 section 4.3.1",
        "wait for each reply, unless PIPELINING is offered",
    ),
    Kind(
        "not-last-in-group",
        MISTAKE,
        "RFC 2920 section 3.1",
        "wait for the reply to a command that must be the last of its group",
    ),
    Kind("after-421", UNWISE, "RFC 5321 section 3.8", "close the connection after 421, and try again later"),
    Kind("mail-data-after-refusal", MISTAKE, "RFC 5321 section 4.1.1.4", "send mail data only after 354"),
    Kind(
        "data-without-recipient",
        UNWISE,
        "RFC 5321 section 3.3",
        "say RSET, QUIT or MAIL once all recipients are refused",
    ),
    Kind(
        "dot-not-stuffed",
        MISTAKE,
        "RFC 5321 section 4.5.2",
        "put a dot before each line of mail data that begins with one",
    ),
    Kind(
        "no-quit",
        MISTAKE,
        "RFC 5321 section 4.1.1.10",
        "say QUIT and wait for its reply before the connection is closed",
    ),
    Kind(
        "auth-in-clear",
        UNWISE,
        "RFC 8314 section 3",
        "begin TLS first, or use a mechanism that does not show the password",
    ),
    Kind(
        "command-too-long",
        UNWISE,
        "RFC 5321 section 4.5.3.1.4",
        "keep command lines within 512 octets and what extensions add",
    ),
    Kind(
        "size-ignored",
        UNWISE,
        "RFC 1870 section 4",
        "compare the message with the SIZE that EHLO was told, and do not send it",
    ),
    Kind(
        "limits-ignored",
        UNWISE,
        "RFC 9422 section 4",
        "keep to the LIMITS that EHLO was told: a new transaction, or a new session",
    ),
    Kind(
        "retry-of-5xx", UNWISE, "RFC 5321 section 4.2.1", "give up after 5yz, and return the message to its sender"
    ),
    Kind(
        "retry-too-soon",
        UNWISE,
        "RFC 5321 section 4.5.4.1",
        "wait at least 30 minutes after 4yz before the next attempt",
    ),
    Kind(
        "line-too-long", MISTAKE, "RFC 5322 section 2.1.1", "keep lines within 998 octets: encode what is longer"
    ),
    Kind(
        "8bit-not-declared",
        MISTAKE,
        "RFC 5321 section 2.4",
        "say BODY=8BITMIME where that is offered, else encode the content",
    ),
    Kind(
        "8bit-header",
        MISTAKE,
        "RFC 6531 section 3.4",
        "say SMTPUTF8 where that is offered, else encode the words (RFC 2047)",
    ),
    Kind("no-date", MISTAKE, "RFC 5322 section 3.6", "write one Date field"),
    Kind("no-from", MISTAKE, "RFC 5322 section 3.6", "write one From field"),
    Kind(
        "no-message-id",
        UNWISE,
        "RFC 5322 section 3.6.4",
        "write one Message-ID field, and keep it for all attempts",
    ),
)
"""Every kind, in the order of docs/report.md."""

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in TABLE}


class Finding(NamedTuple):
    """One finding: when, where in the transcript (its lines count from 1), and what was done how often.

    ``line`` is None where the transcript has no line for it, ``message`` the id of the message it is about.
    """

    name: str
    at: float
    line: int | None
    message: str | None
    did: str
    times: int = 1

    @property
    def kind(self) -> Kind:
        """What stands in the table."""
        return KINDS[self.name]


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """Tell what was found several times of one message, or of none, once: at its first place, with a count."""
    first: dict[tuple[str, str | None], Finding] = {}
    for finding in findings:
        key = finding.name, finding.message
        known = first.get(key)
        first[key] = finding if known is None else known._replace(times=known.times + finding.times)
    return sorted(first.values(), key=lambda each: (each.at, each.line or 0))

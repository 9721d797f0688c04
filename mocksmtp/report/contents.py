"""What the content of a message shows: long lines, octets over 127, and header fields that are missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mocksmtp.report.findings import Finding
from mocksmtp.smtp.envelope import Message

LONGEST = 998
"""Octets of a line without its CRLF."""

_LONG = re.compile(rb"[^\n]{%d,}" % (LONGEST + 1))
_BIT_8 = re.compile(rb"[\x80-\xff]")
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
_END = re.compile(rb"(?:^|\n)\r?\n")

NEEDED = (
    ("no-date", b"date", "Date"),
    ("no-from", b"from", "From"),
    ("no-message-id", b"message-id", "Message-ID"),
)


def found(message: Message, line: int | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a message; ``line`` is that of the transcript where it ended."""
    end = _END.search(message.content)
    head, body = (
        (message.content, b"")
        if end is None
        else (message.content[: end.start() + 1], message.content[end.end() :])
    )

    def made(name: str, did: str) -> Finding:
        return Finding(name, message.received, line, message.id, did)

    params = {name: (value or "").upper() for name, value in message.params.items()}
    binary = params.get("BODY") == "BINARYMIME"
    fields = {name.lower() for name in _FIELD.findall(head)}
    for name, wanted, written in NEEDED:
        if wanted not in fields:
            yield made(name, f"the message has no {written} field")
    long = [found[0] for found in _LONG.finditer(message.content) if len(found[0].rstrip(b"\r")) > LONGEST]
    if long and not binary:
        octets = max(len(each.rstrip(b"\r")) for each in long)
        yield made("line-too-long", f"the longest of {len(long)} lines over {LONGEST} octets has {octets}")
    if _BIT_8.search(body) and params.get("BODY") not in ("8BITMIME", "BINARYMIME"):
        yield made("8bit-not-declared", "the content holds octets over 127, and MAIL did not say BODY=8BITMIME")
    if _BIT_8.search(head) and "SMTPUTF8" not in params:
        yield made("8bit-header", "the header holds octets over 127, and MAIL did not say SMTPUTF8")

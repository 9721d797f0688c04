"""What the content of a message shows: long lines, octets over 127, and header fields that are missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mocksmtp.report.findings import Finding
from mocksmtp.smtp.envelope import Message

LONGEST = 998
"""Octets of a line without its CRLF."""

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
    fields = {name.lower() for name in _FIELD.findall(head)}
    for name, wanted, written in NEEDED:
        if wanted not in fields:
            yield made(name, f"the message has no {written} field")
    longest = max(len(each.rstrip(b"\r")) for each in message.content.split(b"\n"))
    if longest > LONGEST and params.get("BODY") != "BINARYMIME":
        yield made("line-too-long", f"the longest line has {longest} octets")
    if not body.isascii() and params.get("BODY") not in ("8BITMIME", "BINARYMIME"):
        yield made("8bit-not-declared", "the content holds octets over 127, and MAIL did not say BODY=8BITMIME")
    if not head.isascii() and "SMTPUTF8" not in params:
        yield made("8bit-header", "the header holds octets over 127, and MAIL did not say SMTPUTF8")

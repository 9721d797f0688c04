"""What a message says of itself, read lazily and forgivingly; nothing here may fail on bad mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.parser import BytesParser
from itertools import islice
from typing import NamedTuple

_FOLD = re.compile(r"\r?\n(?=[ \t])")

_MESSAGE_ID = re.compile(rb"^message-id[ \t]*:((?:.*\r\n[ \t])*.*)", re.IGNORECASE | re.MULTILINE)

UNREADABLE = (RecursionError, ValueError, LookupError, MessageError, TypeError, AttributeError)
"""What the parser raises on mail that it cannot bear."""


MOST = 200
"""Parts that are looked at."""


class Part(NamedTuple):
    """One part that holds no others: its number, from 1, and what it says of itself.

    ``attached`` is what is not to be read as the message itself.
    """

    number: int
    content_type: str
    name: str | None
    content_id: str | None
    attached: bool
    inline: bool
    octets: bytes
    charset: str

    @property
    def text(self) -> str:
        """The octets as text, as far as they can be decoded."""
        try:
            return clean(self.octets.decode(self.charset, "replace"))
        except UNREADABLE:
            return self.octets.decode("utf-8", "replace")


class Content(NamedTuple):
    """A message taken apart: header fields in order, its parts, and the first of text and of HTML among them."""

    headers: list[tuple[str, str]]
    parts: list[Part]
    text: Part | None
    html: Part | None


def take_apart(content: bytes) -> Content:
    """Read a message; of one that is nested too deep, or otherwise unbearable, only the header is had."""
    try:
        mail = message_from_bytes(content, policy=policy.compat32)
        parts = list(_parts(mail))
        headers = list(_fields(mail))
    except UNREADABLE:
        return Content(header_fields(content), [], None, None)
    shown = [part for part in parts if not part.attached]
    text = next((part for part in shown if part.content_type == "text/plain"), None)
    html = next((part for part in shown if part.content_type == "text/html"), None)
    return Content(headers, parts, text, html)


def header_fields(content: bytes) -> list[tuple[str, str]]:
    """Return name and value of each header field, as they were written."""
    head, _ = _halves(content)
    try:
        return list(_fields(BytesParser(policy=policy.compat32).parsebytes(head, headersonly=True)))
    except UNREADABLE:
        return []


def subject(content: bytes) -> str | None:
    """Return the decoded Subject, None where there is none."""
    raw = next((value for name, value in header_fields(content) if name.lower() == "subject"), None)
    return None if raw is None else unfolded(raw)


def message_id(content: bytes) -> str | None:
    """Return the Message-ID (RFC 5322 section 3.6.4), None where there is none; no parser is asked."""
    found = _MESSAGE_ID.search(_halves(content)[0])
    return (found and b"".join(found[1].split()).decode("utf-8", "replace")) or None


def body(content: bytes) -> bytes:
    """Return what stands behind the header."""
    return _halves(content)[1]


def _halves(content: bytes) -> tuple[bytes, bytes]:
    """Part the header, with the empty line at its end, from the body."""
    if content.startswith(b"\r\n"):
        return b"", content[2:]
    end = content.find(b"\r\n\r\n")
    return (content, b"") if end < 0 else (content[: end + 4], content[end + 4 :])


def unfolded(value: str) -> str:
    """Return what a header field says, on one line and decoded."""
    return decoded(_FOLD.sub("", value).strip())


def decoded(text: str) -> str:
    """Decode encoded words (RFC 2047) where they can be, else return the text as it is."""
    try:
        return clean(make_header(decode_header(text)))
    except UNREADABLE:
        return text


def clean(value: object) -> str:
    """Return what a document may hold: octets that stand in as surrogates are UTF-8 (RFC 6532) or nothing."""
    text = str(value)
    try:
        octets = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        octets = text.encode("utf-8", "surrogatepass")
    return octets.decode("utf-8", "replace")


def _fields(mail: Mail) -> Iterator[tuple[str, str]]:
    # Not by their names: that way the parser hides what is not ASCII.
    return ((clean(name), clean(value)) for name, value in mail.raw_items())


def _parts(mail: Mail) -> Iterator[Part]:
    leaves = (part for part in mail.walk() if not part.is_multipart())
    for number, part in enumerate(islice(leaves, MOST), 1):
        payload = part.get_payload(decode=True)
        name, content_id, content_type = part.get_filename(), part["Content-ID"], clean(part.get_content_type())
        inline = part.get_content_disposition() != "attachment"
        yield Part(
            number,
            content_type,
            None if name is None else decoded(clean(name)),
            None if content_id is None else clean(content_id).strip(" <>"),
            not inline or name is not None or not content_type.startswith("text/"),
            inline,
            payload if isinstance(payload, bytes) else b"",
            clean(part.get_content_charset("utf-8")),
        )

"""The parts of a message: what is shown as text or HTML, what is attached.  Nothing fails on bad mail."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message as Mail
from typing import NamedTuple

from mocksmtp.web.mail import decoded

MOST = 200
"""Parts that are looked at."""

BROKEN = (RecursionError, ValueError, LookupError, MessageError, AttributeError, TypeError)
"""What the parser may do to mail that is not well-formed."""


class Part(NamedTuple):
    """A part that holds no others: its place among them, its type, its name if it has one, and its octets."""

    number: int
    content_type: str
    name: str | None
    charset: str
    attached: bool
    octets: bytes

    @property
    def text(self) -> str:
        """The octets as text, whatever they are."""
        try:
            return self.octets.decode(self.charset, "replace").encode("utf-8", "replace").decode()
        except (LookupError, ValueError):
            return self.octets.decode("utf-8", "replace")


def parts(content: bytes) -> list[Part]:
    """Return the parts of a message in their order."""
    found: list[Part] = []
    try:
        for number, part in enumerate(_leaves(message_from_bytes(content, policy=policy.compat32))):
            if number == MOST:
                break
            found.append(_read(number, part))
    except BROKEN:
        return found
    return found


def _leaves(mail: Mail) -> Iterator[Mail]:
    return (part for part in mail.walk() if not part.is_multipart())


def _read(number: int, part: Mail) -> Part:
    raw = part.get_payload(decode=True)
    name = part.get_filename()
    attached = part.get_content_disposition() == "attachment" or not part.get_content_type().startswith("text/")
    return Part(
        number, part.get_content_type(), None if name is None else decoded(name),
        part.get_content_charset("utf-8"), attached or name is not None, raw if isinstance(raw, bytes) else b"",
    )  # fmt: skip


def first(found: list[Part], content_type: str) -> Part | None:
    """Return the first part of a type that is not attached, None if there is none."""
    return next((part for part in found if part.content_type == content_type and not part.attached), None)

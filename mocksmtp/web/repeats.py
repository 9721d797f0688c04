"""Repeats: messages that came more than once, by what they say of themselves and by what they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Literal, NamedTuple

from mocksmtp.smtp.envelope import Message
from mocksmtp.web import mail

By = Literal["message_id", "body"]
"""In what messages may be alike."""


class Copy(NamedTuple):
    """What is to be known of one message; ``rcpt`` maps how a path is compared to how it was written."""

    id: str
    session: str
    received: float
    mail: str
    rcpt: Mapping[str, str]


class Group(NamedTuple):
    """Messages that are alike in one thing, oldest first."""

    by: By
    value: str
    copies: list[Copy]

    @property
    def again(self) -> list[str]:
        """Recipients who got it more than once, as they were written first."""
        seen: dict[str, str] = {}
        twice: dict[str, str] = {}
        for copy in self.copies:
            for key, text in copy.rcpt.items():
                if key in seen:
                    twice[key] = seen[key]
                else:
                    seen[key] = text
        return list(twice.values())


def digest(content: bytes) -> str | None:
    """Return the SHA-256 of a body, None where there is nothing in it."""
    body = mail.body(content)
    return sha256(body).hexdigest() if body.strip() else None


MARKS: Mapping[By, Callable[[bytes], str | None]] = {"message_id": mail.message_id, "body": digest}
"""How it is read."""


class Repeats:
    """Takes messages, newest first, and knows which are alike."""

    def __init__(self) -> None:
        self._found: dict[tuple[By, str], list[Copy]] = defaultdict(list)

    def take(self, message: Message, marks: Mapping[By, str | None]) -> None:
        """File one message under each of its marks."""
        rcpt = {each.path.key: each.path.text for each in message.recipients}
        copy = Copy(message.id, message.session, message.received, message.mail.text, rcpt)
        for by, value in marks.items():
            if value is not None:
                self._found[by, value].append(copy)

    def groups(self) -> Iterator[Group]:
        """Yield those of two and more; the group that was added to last comes first."""
        for (by, value), copies in self._found.items():
            if len(copies) > 1:
                yield Group(by, value, copies[::-1])

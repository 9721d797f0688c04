"""What conditions look at: the conversation and what is being proposed, with answers that are worked out once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mocksmtp.smtp.envelope import NO_PARAMS, Params
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.outcome import Outcome
    from mocksmtp.smtp.reply import Reply

FOLD = re.compile(r"\r?\n(?=[ \t])")


class Context:
    """One question to the rules."""

    __slots__ = ("_headers", "conversation", "outcome", "shown", "stage")

    def __init__(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> None:
        self.stage = stage
        self.conversation = conversation
        self.outcome = outcome
        self._headers: dict[str, list[str]] | None = None
        self.shown: Reply | None = None
        """What is proposed instead, where a rule changed it without deciding."""

    def show(self, reply: Reply) -> None:
        """Propose another reply; the search goes on."""
        self.shown = reply
        self.outcome = self.outcome._replace(reply=reply)

    @property
    def mail(self) -> Path | None:
        """The reverse-path: the one that MAIL names now, else the envelope's."""
        if self.stage is Stage.MAIL:
            return self.outcome.path
        envelope = self.conversation.envelope
        return envelope.mail if envelope else None

    @property
    def rcpts(self) -> list[Path]:
        """The forward-path that is asked about, at RCPT and of LMTP at message; else all that were accepted."""
        path = self.outcome.path
        if path is not None and self.stage is not Stage.MAIL:
            return [path]
        if self.stage is Stage.RCPT:
            return []
        envelope = self.conversation.envelope
        return [recipient.path for recipient in envelope.recipients] if envelope else []

    @property
    def params(self) -> list[Params]:
        """The parameters of MAIL and of each recipient that is spoken of."""
        envelope = self.conversation.envelope
        found = [self.outcome.params] if self.outcome.params else []
        if envelope is not None:
            found.append(envelope.params)
            if self.stage is not Stage.RCPT and self.outcome.path is None:
                found += [recipient.params for recipient in envelope.recipients]
        return found or [NO_PARAMS]

    @property
    def declared_size(self) -> int | None:
        """Octets the client announced with SIZE=, None where it did not."""
        for params in self.params:
            size = params.get("SIZE")
            if size:
                return int(size)
        return None

    @property
    def size(self) -> int | None:
        """Octets of the message: counted once it is there, as announced before."""
        content = self.conversation.content
        return len(content) if content is not None else self.declared_size

    @property
    def headers(self) -> dict[str, list[str]]:
        """Header fields by lower-case name, unfolded, one character an octet."""
        if self._headers is None:
            envelope = self.conversation.envelope
            # Over LMTP each recipient asks; what the first one found is kept for the others.
            found = getattr(envelope, "headers", None) or _header_fields(self.conversation.content or b"")
            if envelope is not None:
                envelope.headers = found
            self._headers = found
        return self._headers

    @property
    def body(self) -> str:
        """What follows the first empty line, one character an octet."""
        content = self.conversation.content or b""
        if content.startswith(b"\r\n"):
            return content[2:].decode("latin-1")
        end = content.find(b"\r\n\r\n")
        return content[end + 4 :].decode("latin-1") if end >= 0 else ""


def _header_fields(content: bytes) -> dict[str, list[str]]:
    end = content.find(b"\r\n\r\n")
    head = content if end < 0 else content[:end]
    if content.startswith(b"\r\n"):
        head = b""
    fields: dict[str, list[str]] = {}
    for line in FOLD.sub("", head.decode("latin-1")).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), []).append(value.strip())
    return fields

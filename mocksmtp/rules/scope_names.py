"""Where a scope is named: in addresses, in the login, in the name that EHLO gives, and in a header field."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING

from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.outcome import Outcome

TOKEN_LENGTH = 26
"""Letters of a token: a to z and 2 to 7, in which case is not regarded."""

DOMAIN = "scope.test"
"""``anybody@TOKEN.scope.test`` names a scope."""

HEADER = re.compile(rb"^x-mocksmtp-scope:[ \t]*([a-z2-7]{26})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def in_path(path: Path | None, known: Container[str]) -> str | None:
    """Return the scope that an address names: by its domain, or by a tag behind a plus sign."""
    return None if path is None else _in_parts(path.local, path.domain, known)


def in_login(identity: str | None, known: Container[str]) -> str | None:
    """Return the scope that an identity names: it is the token, or has it as a tag."""
    if not identity:
        return None
    if identity.lower() in known:
        return identity.lower()
    return _tag(identity.rpartition("@")[0] or identity, known)


def in_helo(name: str | None, known: Container[str]) -> str | None:
    """Return the scope that is a label of the name that the client gave."""
    return _first((name or "").lower().split("."), known)


def in_header(content: bytes | None, known: Container[str]) -> str | None:
    """Return the scope that the header field X-Mocksmtp-Scope names."""
    if content is None:
        return None
    # The header ends at the first empty line.
    end = 0 if content.startswith(b"\r\n") else content.find(b"\r\n\r\n")
    found = HEADER.search(content, 0, end + 2 if end > 0 else len(content) if end < 0 else 0)
    return _first((found[1].decode().lower(),), known) if found is not None else None


def named(stage: Stage, conversation: Conversation, outcome: Outcome, known: Container[str]) -> tuple[str, ...]:
    """Return the scopes that what is being answered belongs to, the one named first before the others.

    What stands nearer to the message weighs more: recipients before the sender, that before the
    login, that before EHLO, and a header field last.
    """
    recipients = tuple(dict.fromkeys(_of_recipients(stage, conversation, outcome, known)))
    if recipients:
        return recipients
    one = _otherwise(stage, conversation, outcome, known)
    return () if one is None else (one,)


def deciding(stage: Stage, outcome: Outcome, scopes: tuple[str, ...]) -> str:
    """Return which of the scopes that are named decides: that of the recipient who is answered, or the first."""
    own = in_path(outcome.path, scopes) if stage in (Stage.RCPT, Stage.MESSAGE) else None
    return own or scopes[0]


def narrowed(scopes: tuple[str, ...], address: str) -> tuple[str, ...]:
    """Return those of some scopes that a recipient belongs to: the one it names, or all."""
    local, _, domain = address.rpartition("@")
    own = _in_parts(local, domain.lower(), scopes)
    return scopes if own is None else (own,)


def _of_recipients(
    stage: Stage, conversation: Conversation, outcome: Outcome, known: Container[str]
) -> Iterator[str]:
    envelope = conversation.envelope
    for recipient in envelope.recipients if envelope is not None else ():
        if (found := in_path(recipient.path, known)) is not None:
            yield found
    if stage is Stage.RCPT and (found := in_path(outcome.path, known)) is not None:
        yield found


def _otherwise(stage: Stage, conversation: Conversation, outcome: Outcome, known: Container[str]) -> str | None:
    envelope = conversation.envelope
    mail = outcome.path if stage is Stage.MAIL else envelope.mail if envelope is not None else None
    auth = outcome.text if stage is Stage.AUTH else conversation.auth
    helo = outcome.text if stage is Stage.HELO else conversation.helo
    found = in_path(mail, known) or in_login(auth, known) or in_helo(helo, known)
    if found is None and stage is Stage.MESSAGE:
        return in_header(conversation.content, known)
    return found


def _in_parts(local: str, domain: str, known: Container[str]) -> str | None:
    label, _, rest = domain.partition(".")
    if rest == DOMAIN and label in known:
        return label
    return _tag(local, known) if "+" in local else None


def _tag(local: str, known: Container[str]) -> str | None:
    return _first(local.lower().split("+")[1:], known)


def _first(words: Iterable[str], known: Container[str]) -> str | None:
    for word in words:
        if len(word) == TOKEN_LENGTH and word in known:
            return word
    return None

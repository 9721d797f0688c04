"""A message as a row of the SQLite store, and back: one column for each field."""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from mocksmtp.smtp.address import Path
from mocksmtp.smtp.conversation import Tls
from mocksmtp.smtp.envelope import NO_PARAMS, Message, Recipient, Taken
from mocksmtp.smtp.record import RULE

Row = tuple[Any, ...]

COLUMNS = (
    "id", "session", "listener", "client", "helo", "tls", "auth", "mail", "params", "recipients", "content",
    "received", "rule", "reply", "refused", "scopes",
)  # fmt: skip
"""A column for each thing that is told of a message, in the order in which ``Message.of`` takes them.

What they are is settled in ``schema.LAYOUTS``.  The queue id is the key, as a number, so rows lie in the order
of time and need no index.  What is no plain value is JSON, scopes are parted by spaces, and NULL where there is
nothing to say.
"""

CONTENT_AT = COLUMNS.index("content")

DIGITS = 13
"""Hexadecimal digits of a queue id, at the least."""

LAST = (1 << 63) - 1
"""The highest key that SQLite knows."""

_json = json.JSONEncoder(separators=(",", ":")).encode


def place_of(message_id: str) -> int:
    """Return where a queue id stands, or would stand, among the keys."""
    try:
        return min(int(message_id, 16), LAST)
    except ValueError:
        return 0


def key_of(message_id: str) -> int:
    """Return the key of a queue id; for what is none, a key that no message has."""
    place = place_of(message_id)
    return place if _id(place) == message_id else 0


def _id(key: int) -> str:
    return f"{key:0{DIGITS}X}"


def row_of(message: Taken) -> Row:
    """Return the row of a message."""
    record, mail, params, recipients, content, tls, reply, refused = message
    received, (session, listener, client, helo, auth, scopes), queue_id, _, _, _, _, _, _, how = record
    return (
        int(queue_id or "", 16), session, listener, client, helo or "", _json(tls) if tls else None, auth,
        mail.text if _is_plain(mail) else _json(_parts(mail)), _json(params) if params else None,
        f"[{','.join([_recipient(each) for each in recipients])}]", content, received, how[RULE], reply, refused,
        " ".join(scopes) or None,
    )  # fmt: skip


def message_of(row: Row) -> Message:
    """Return the message of a row."""
    (
        key, session, listener, client, helo, tls, auth, mail, params, recipients, content, received, rule,
        reply, refused, scopes,
    ) = row  # fmt: skip
    return Message.of(
        _id(key), session, listener, client, helo, Tls(*json.loads(tls)) if tls else None, auth,
        _path(json.loads(mail) if mail.startswith("[") else mail), json.loads(params) if params else NO_PARAMS,
        tuple([_recipient_of(each) for each in json.loads(recipients)]), content, received, rule,
        reply, bool(refused), tuple(scopes.split()) if scopes else (),
    )  # fmt: skip


def _is_plain(path: Path) -> bool:
    """Say whether all of a path follows from its text, as in nearly all mail."""
    text = path.text
    local, _, domain = text.rpartition("@")
    follows = (path.local, path.domain, path.key) == (local, domain.lower(), text.lower())
    return follows and not text.startswith("[")


def _parts(path: Path) -> list[str]:
    return [path.text, path.local, path.domain, path.key]


def _recipient(recipient: Recipient) -> str:
    """A text where a plain path is all; else a pair of the path and its parameters."""
    path, params, _ = recipient
    if not params and _is_plain(path):
        return quoted(path.text)
    return _json([_parts(path), params])


def _recipient_of(value: Any) -> Recipient:
    if isinstance(value, str):
        return Recipient(_path(value))
    path, params = value
    return Recipient(_path(path), params or NO_PARAMS)


def _path(value: str | list[str]) -> Path:
    if isinstance(value, list):
        return Path(*value)
    local, _, domain = value.rpartition("@")
    return Path(value, local, domain.lower(), value.lower())

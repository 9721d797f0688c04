"""What a message says of itself, read lazily and forgivingly; nothing here may fail on bad mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.parser import BytesParser
from typing import Any

from mocksmtp.smtp.envelope import Message


def summary(message: Message) -> dict[str, Any]:
    """Return what a list shows of a message."""
    return {
        "id": message.id,
        "session": message.session,
        "received_at": datetime.fromtimestamp(message.received, UTC).isoformat(timespec="microseconds"),
        "listener": message.listener,
        "client": message.client,
        "helo": message.helo,
        "mail": message.mail.text,
        "rcpt": [recipient.path.text for recipient in message.recipients],
        "subject": subject(message),
        "size": len(message.content),
        "rule": message.rule,
    }


def whole(message: Message) -> dict[str, Any]:
    """Return all that is known of a message but its octets."""
    try:
        parsed = _parsed(message.content)
        text = _body(parsed)
    except (RecursionError, ValueError, LookupError, MessageError):
        # Nested too deep, or in a way that the parser cannot bear: the header is still to be had.
        parsed, text = _header(message.content), ""
    return summary(message) | {
        "tls": message.tls._asdict() if message.tls else None,
        "auth": message.auth,
        "params": dict(message.params),
        "recipients": [
            {"address": recipient.path.text, "params": dict(recipient.params)} for recipient in message.recipients
        ],
        "headers": [{"name": name, "value": _text(value)} for name, value in parsed.raw_items()],
        "text": text,
    }


def subject(message: Message) -> str | None:
    """Return the decoded Subject, None where there is none."""
    # Not by its name: that way the parser hides what is not ASCII.
    raw = next((value for name, value in _header(message.content).raw_items() if name.lower() == "subject"), None)
    return None if raw is None else decoded(_text(raw))


def _header(content: bytes) -> Mail:
    """Parse the header alone; what it says of parts is not followed."""
    end = content.find(b"\r\n\r\n")
    head = content if end < 0 else content[: end + 4]
    return BytesParser(policy=policy.compat32).parsebytes(head, headersonly=True)


def decoded(text: str) -> str:
    """Decode encoded words (RFC 2047) where they can be, else return the text as it is."""
    try:
        return _text(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        return text


def _text(value: object) -> str:
    """Return what a document may hold: octets that stand in as surrogates are UTF-8 (RFC 6532) or nothing."""
    text = str(value)
    try:
        octets = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        octets = text.encode("utf-8", "surrogatepass")
    return octets.decode("utf-8", "replace")


def _parsed(content: bytes) -> Mail:
    return message_from_bytes(content, policy=policy.compat32)


def _body(mail: Mail) -> str:
    for part in mail.walk():
        if part.get_content_type() == "text/plain" and not part.is_multipart():
            raw = part.get_payload(decode=True)
            octets = raw if isinstance(raw, bytes) else b""
            try:
                return _text(octets.decode(part.get_content_charset("utf-8"), "replace"))
            except (LookupError, ValueError):
                return octets.decode("utf-8", "replace")
    return ""

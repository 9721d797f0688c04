"""A message as the API tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mocksmtp.web import mail
from mocksmtp.web.told import Params, Time, TlsTold, Told, reply_told, time_told, tls_told

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Message, Recipient


class MessageSummary(Told):
    """What a list shows of a message."""

    id: Annotated[str, Field(description="The queue id, as the 250 told it")]
    session: Annotated[str, Field(description="The id of the session that brought it")]
    received_at: Time
    listener: str
    client: str
    helo: str
    mail: Annotated[str, Field(description="The reverse-path; empty for <>")]
    rcpt: list[str]
    subject: Annotated[str | None, Field(description="Decoded; null where there is none")]
    size: Annotated[int, Field(description="Octets")]
    rule: Annotated[str | None, Field(description="The rule or mailbox that decided at the end of mail data")]
    reply: Annotated[str, Field(description="What the end of mail data was answered")]
    refused: Annotated[bool, Field(description="Whether that was no 250")]


class HeaderTold(Told):
    """One header field, as it was written."""

    name: str
    value: str


class RecipientTold(Told):
    """One recipient; ``notify`` and ``orcpt`` are of DSN (RFC 3461)."""

    address: str
    params: Params
    notify: list[str] | None
    orcpt: str | None


class DsnTold(Told):
    """What MAIL asked of delivery status notifications (RFC 3461), in xtext as it was sent."""

    ret: str | None
    envid: str | None


class AttachmentTold(Told):
    """A part that is neither the text nor the HTML; ``part`` is its number, for /parts/."""

    part: int
    content_type: str
    filename: str | None
    content_id: str | None
    inline: bool
    size: int


class MessageTold(MessageSummary):
    """All that is known of a message but its octets."""

    tls: TlsTold | None
    auth: Annotated[str | None, Field(description="The identity that had logged in")]
    params: Params
    dsn: DsnTold
    recipients: list[RecipientTold]
    headers: list[HeaderTold]
    text: Annotated[str, Field(description="The first text/plain part, decoded")]
    html: Annotated[str | None, Field(description="The first text/html part, decoded")]
    attachments: list[AttachmentTold]


class MessagePage(Told):
    """A page of messages, newest first; ``next`` is what to give as ``before`` for the next one."""

    messages: list[MessageSummary]
    next: str | None


class RemovedMessages(Told):
    """What was removed: how many, and with ``drain`` the messages themselves."""

    removed: int
    messages: list[MessageTold] | None


def summary(message: Message) -> MessageSummary:
    """Tell what a list shows of a message."""
    return MessageSummary(
        id=message.id, session=message.session, received_at=time_told(message.received), listener=message.listener,
        client=message.client, helo=message.helo, mail=message.mail.text,
        rcpt=[recipient.path.text for recipient in message.recipients], subject=mail.subject(message.content),
        size=len(message.content), rule=message.rule, reply=reply_told(message.reply), refused=message.refused,
    )  # fmt: skip


def whole(message: Message) -> MessageTold:
    """Tell all that is known of a message but its octets."""
    content = mail.take_apart(message.content)
    bodies = [part.number for part in (content.text, content.html) if part is not None]
    return MessageTold(
        **dict(summary(message)),
        tls=tls_told(message.tls),
        auth=message.auth,
        params=dict(message.params),
        dsn=DsnTold(ret=message.params.get("RET"), envid=message.params.get("ENVID")),
        recipients=[_recipient(each) for each in message.recipients],
        headers=[HeaderTold(name=name, value=value) for name, value in content.headers],
        text=content.text.text if content.text else "",
        html=content.html.text if content.html else None,
        attachments=[_attachment(part) for part in content.parts if part.number not in bodies],
    )


def _recipient(recipient: Recipient) -> RecipientTold:
    notify = recipient.params.get("NOTIFY")
    return RecipientTold(
        address=recipient.path.text, params=dict(recipient.params),
        notify=None if notify is None else notify.upper().split(","), orcpt=recipient.params.get("ORCPT"),
    )  # fmt: skip


def _attachment(part: mail.Part) -> AttachmentTold:
    return AttachmentTold(
        part=part.number, content_type=part.content_type, filename=part.name, content_id=part.content_id,
        inline=part.inline, size=len(part.octets),
    )  # fmt: skip

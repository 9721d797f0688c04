"""Facts as a test tells them."""

from mocksmtp.smtp.facts import MessageAccepted
from mocksmtp.smtp.record import decided_by, record_of_message


def accepted(who, envelope, octets, reply, rule=None, kept=True):
    """Make the fact that a message of so many octets was accepted."""
    who.content = b"x" * octets
    return MessageAccepted(
        who, envelope, reply, kept, record_of_message(who, envelope, reply.wire, decided_by(rule))
    )

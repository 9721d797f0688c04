"""Mail data that is governed: after so many octets something else is to be done (``Receive``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mocksmtp.smtp.envelope import Envelope
    from mocksmtp.smtp.mail_data import MailData
    from mocksmtp.smtp.steps import Receive


class Governed:
    """Stands before the reader of mail data, and stops at the octet at which a fault strikes.

    ``reader`` is another one for each chunk of BDAT; octets are counted over all of them,
    as they come from the client.  ``struck`` is what strikes, with the octets behind it.
    """

    __slots__ = ("_due", "_seen", "envelope", "reader", "struck")

    def __init__(self, envelope: Envelope | None, reader: MailData, due: Iterable[Receive]) -> None:
        """Take the transaction and what is due in it; a step without ``after_octets`` never is."""
        self.envelope = envelope
        self.reader = reader
        self._due = sorted((each.after_octets, each) for each in due if each.after_octets is not None)
        self._seen = 0
        self.struck: tuple[Receive, bytes] | None = None

    @property
    def flaws(self) -> tuple[str, ...]:
        """What is wrong with the mail data."""
        return self.reader.flaws

    @property
    def size(self) -> int:
        """Octets of content seen so far."""
        return self.reader.size

    def content(self) -> bytes | None:
        """Return the octets of the message, None if they were not kept."""
        return self.reader.content()

    def feed(self, data: bytes) -> bytes | None:
        """Take octets; return what follows the end, None if the end has not come or something strikes first."""
        most = self._due[0][0] - self._seen if self._due else len(data)
        taken, behind = data[:most], data[most:]
        rest = self.reader.feed(taken)
        self._seen += len(taken)
        if rest is not None:
            self._seen -= len(rest)
            return rest + behind
        if self._due and self._seen == self._due[0][0]:
            self.struck = (self._due.pop(0)[1], behind)
        return None

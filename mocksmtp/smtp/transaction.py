"""What outcomes commit: a greeting, a transaction and its recipients, a login (RFC 5321 section 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.answer import Answers
from mocksmtp.smtp.demands import missing
from mocksmtp.smtp.envelope import Envelope
from mocksmtp.smtp.facts import Authenticated, TransactionAbandoned, TransactionEnded
from mocksmtp.smtp.mail_data import ChunkReader, DotReader
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.remembered import NOTHING_KNOWN, KnownByState, Remembered
from mocksmtp.smtp.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mocksmtp.smtp.address import InvalidMailbox
    from mocksmtp.smtp.introduction import Introduction
    from mocksmtp.smtp.mail_data import MailData
    from mocksmtp.smtp.mechanism import Binding
    from mocksmtp.smtp.policy import Policy
    from mocksmtp.smtp.profile import Profile
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.stage import Stage
    from mocksmtp.smtp.steps import Step
    from mocksmtp.smtp.verbs import Verb

NOTHING_LEGAL: Mapping[State, Mapping[bytes, Verb]] = {state: {} for state in State}
"""While something is missing, or the service shuts down, each command is looked at closely."""


class Transactions(Answers):
    """The part of a session that changes: verbs propose, and what was accepted is done here."""

    __slots__ = (
        "_known", "_legal", "_line_length", "_mail_data", "_missing", "binding", "domains", "draining",
        "remembered",
    )  # fmt: skip

    _known: KnownByState
    """What may be answered as it was before: nothing, while that depends on more than the state."""
    remembered: Remembered
    _legal: Mapping[State, Mapping[bytes, Verb]]
    _line_length: int
    _mail_data: MailData | None
    _missing: tuple[frozenset[str], Reply] | None
    binding: Binding | None
    """The channel bindings of the TLS connection, where there is one."""
    draining: bool
    """Whether the connection ends with the transaction."""
    domains: set[str]
    """Domains of accepted recipients, where their number is limited."""

    @property
    def envelope(self) -> Envelope:
        """The open mail transaction; only asked for where the state says that there is one."""
        envelope = self.conversation.envelope
        if envelope is None:
            raise AssertionError("no transaction is open: the table of states let a command through")
        return envelope

    def greeted(self, name: str, esmtp: bool) -> None:
        """EHLO or HELO was accepted; an open transaction ends (RFC 5321 section 4.1.4)."""
        self.end_transaction()
        self.conversation.helo = name
        self.conversation.esmtp = esmtp
        self.state = State.READY

    def begin_transaction(self, outcome: Outcome) -> None:
        """MAIL was accepted."""
        self.conversation.envelope = Envelope(self.next_id(), outcome.path or NULL_PATH, outcome.params)
        self.state = State.MAIL
        if outcome.params:  # RCPT and DATA look at them.
            self._known = NOTHING_KNOWN

    def add_recipient(self, outcome: Outcome) -> None:
        """RCPT was accepted."""
        recipients = self.envelope.recipients
        recipients.append(outcome.recipient)
        self.state = State.RCPT
        if len(recipients) >= self.profile.limits.recipients:
            self._known = NOTHING_KNOWN

    def begin_data(self, _outcome: Outcome) -> None:
        """DATA was accepted: what follows is mail data."""
        self._mail_data = DotReader(self.profile.limits.message_size, self.profile.bare_newlines)
        self.at_rest = False

    def begin_chunks(self) -> None:
        """The first BDAT was accepted: the chunks to come make up the mail data."""
        self.envelope.chunks = ChunkReader()
        self.state = State.CHUNKS

    def logged_in(self, mechanism: str, identity: str) -> None:
        """AUTH was accepted."""
        self.conversation.auth = identity
        self._demand()
        self.note(("auth", mechanism, identity))
        self.publish(Authenticated(self.conversation, mechanism, identity))

    def introduce(self, introduction: Introduction, steps: list[Step]) -> None:
        """XCLIENT was accepted: ask about the client it names, and greet it."""
        introduction.apply(self.conversation)
        self._demand()
        self.note(("xclient", introduction.by, introduction.text))
        self.greet(steps)

    def end_transaction(self) -> None:
        """Forget the envelope, if there is one."""
        envelope = self.conversation.envelope
        if envelope is not None:
            self.conversation.envelope = None
            self.publish(TransactionAbandoned(self.conversation, envelope))
            self.publish(TransactionEnded(self.conversation))
            self.state = State.READY
            if self._known is NOTHING_KNOWN:
                self._demand()
        elif self.state is State.SPOILT:
            self.state = State.READY

    def malformed(self, stage: Stage, invalid: InvalidMailbox) -> Outcome:
        """Refuse what is no mailbox, in the words of the policy."""
        return refuse(self.policy.malformed(stage, self.conversation, invalid.address, invalid.reason))

    def _demand(self) -> None:
        """Settle what the client must do before anything else, once for all its next commands."""
        self._missing = missing(self.profile, self.conversation)
        profile, envelope = self.profile, self.conversation.envelope
        plain = self._missing is None and not self.draining
        self._legal = profile.legal if plain else NOTHING_LEGAL
        if envelope is not None:
            plain = plain and not envelope.params and len(envelope.recipients) < profile.limits.recipients
        if plain and self.transactions_left:
            who = self.conversation
            trusted = bool(profile.trusted) and profile.trusts(who.comes_from)
            self._known = self.remembered.among((who.tls is not None, self.binding is not None, trusted))
        else:
            self._known = NOTHING_KNOWN

    def follow(self, policy: Policy, remembered: Remembered) -> None:
        """Ask another policy from the next command on."""
        self.policy = policy
        self.remembered = remembered
        self._demand()

    def meet(self, profile: Profile, remembered: Remembered) -> None:
        """Other bounds and demands hold from the next command on."""
        self.remembered = remembered
        answered = (self.profile.limits.transactions or -1) - self.transactions_left
        most = profile.limits.transactions
        self.transactions_left = max(most - answered, 0) if most else -1 - answered
        self.profile = profile
        self._line_length = profile.limits.line_length
        self._demand()

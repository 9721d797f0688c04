"""RCPT: names one recipient (RFC 5321 section 4.1.1.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.address import NULL_PATH, InvalidMailbox, Path, parse_path
from mocksmtp.smtp.command import REMEMBERED, plain_argument, read_params, split_path
from mocksmtp.smtp.envelope import NO_PARAMS, Params, Recipient
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import IN_MAIL
from mocksmtp.smtp.syntax import Addresses
from mocksmtp.smtp.transaction import Transactions
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


def rcpt(session: Session, argument: bytes) -> Outcome:
    """Propose one more recipient for the envelope."""
    profile, envelope = session.profile, session.envelope
    plain = _plain(argument)
    if plain is not None and len(envelope.recipients) < profile.limits.recipients:
        return plain
    found = split_path(argument, b"TO:", profile.addresses)
    if found is None:
        return refuse(replies.NEEDS_TO)
    raw, rest = found
    params = read_params(session, rest, profile.rcpt_params)
    if isinstance(params, Reply):
        return refuse(params)
    if len(envelope.recipients) >= profile.limits.recipients:
        return refuse(replies.TOO_MANY_RECIPIENTS)
    try:
        path = parse_path(raw, profile.addresses, envelope.smtputf8)
        if path is NULL_PATH and profile.addresses is not Addresses.OFF:
            raise InvalidMailbox("", "empty, and only a reverse-path may be")
    except InvalidMailbox as invalid:
        return session.malformed(Stage.RCPT, invalid)
    return _proposed(path, params)


def _proposed(path: Path, params: Params = NO_PARAMS) -> Outcome:
    return Outcome(
        replies.RECIPIENT_OK, commit=Transactions.add_recipient, path=path, params=params,
        recipient=Recipient(path, params),
    )  # fmt: skip


@lru_cache(REMEMBERED)
def _plain(argument: bytes) -> Outcome | None:
    """Propose for the plainest of arguments, the same each time it is said; None for what needs a closer look."""
    path = plain_argument(argument, b"TO:")
    return None if path is None else _proposed(path)


def of_few_domains(session: Session, argument: bytes) -> Outcome:
    """Propose the same, unless the recipient's domain is one too many on this connection (RFC 9422)."""
    outcome = rcpt(session, argument)
    path = outcome.path
    if path is None or not path.domain or path.domain in session.domains:
        return outcome
    if len(session.domains) >= session.profile.limits.recipient_domains:
        return refuse(replies.TOO_MANY_DOMAINS)
    return outcome._replace(commit=_take_and_count)


def _take_and_count(session: Session, outcome: Outcome) -> None:
    session.add_recipient(outcome)
    if outcome.path is not None:
        session.domains.add(outcome.path.domain)


RCPT_OF_FEW_DOMAINS = Verb("RCPT", Stage.RCPT, IN_MAIL, of_few_domains)
VERBS = (Verb("RCPT", Stage.RCPT, IN_MAIL, rcpt, steady=True),)

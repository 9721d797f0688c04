"""MAIL: begins a mail transaction (RFC 5321 section 4.1.1.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.address import InvalidMailbox, Path, parse_path
from mocksmtp.smtp.command import REMEMBERED, plain_argument, read_params, split_path
from mocksmtp.smtp.envelope import NO_PARAMS, Params
from mocksmtp.smtp.outcome import Outcome, refuse
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import READY
from mocksmtp.smtp.syntax import Addresses
from mocksmtp.smtp.transaction import Transactions
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


def mail(session: Session, argument: bytes) -> Outcome:
    """Propose a new envelope with this reverse-path."""
    if session.transactions_left == 0:
        return refuse(replies.TOO_MANY_TRANSACTIONS)
    plain = _plain(argument)
    if plain is not None:
        return plain
    profile = session.profile
    found = split_path(argument, b"FROM:", profile.addresses)
    if found is None:
        return refuse(replies.NEEDS_FROM)
    raw, rest = found
    params = read_params(session, rest, profile.mail_params)
    if isinstance(params, Reply):
        return refuse(params)
    try:
        path = parse_path(raw, profile.addresses, "SMTPUTF8" in params)
        if path.key == "<postmaster>" and profile.addresses is Addresses.STRICT:
            raise InvalidMailbox(path.text, "no @ and no domain")  # Only a forward-path may be bare.
    except InvalidMailbox as invalid:
        return session.malformed(Stage.MAIL, invalid)
    return _proposed(path, params)


def _proposed(path: Path, params: Params = NO_PARAMS) -> Outcome:
    return Outcome(replies.SENDER_OK, commit=Transactions.begin_transaction, path=path, params=params)


@lru_cache(REMEMBERED)
def _plain(argument: bytes) -> Outcome | None:
    """Propose for the plainest of arguments, the same each time it is said; None for what needs a closer look."""
    path = plain_argument(argument, b"FROM:")
    return None if path is None else _proposed(path)


VERBS = (Verb("MAIL", Stage.MAIL, READY, mail, steady=True),)

"""HELP: names the commands of this listener (RFC 5321 section 4.1.1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ANY
from mocksmtp.smtp.verbs import Verb

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session


def help_(session: Session, _argument: bytes) -> Outcome:
    """Propose a list of the verbs that are offered now."""
    profile = session.profile
    others = {verb.name for e in profile.extensions if e.line(session) is None for verb in e.verbs}
    names = " ".join(sorted(verb.name for verb in profile.verbs.values() if verb.name not in others))
    return Outcome(Reply(214, ("This is mocksmtp, a mail server double. It understands:", names), "2.0.0"))


VERBS = (Verb("HELP", Stage.HELP, ANY, help_),)

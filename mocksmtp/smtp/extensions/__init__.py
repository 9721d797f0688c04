"""Service extensions: one file for each EHLO keyword (RFC 5321 section 2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mocksmtp.smtp.modules import modules_of

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Params
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.session import Session
    from mocksmtp.smtp.verbs import Verb

Parameter = Callable[["Session", "str | None"], "Reply | None"]
"""Checks the value of one MAIL or RCPT parameter; returns the reply that refuses it, or None."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What an extension adds: a line to EHLO, verbs, parameters.

    ``rank`` orders the lines of EHLO.  ``announce`` returns the line, or None while the
    extension may not be offered; without it the line is the keyword.  ``together`` looks at
    all parameters of one MAIL.  ``default`` is False for what is shown only where the configuration names it.
    """

    keyword: str
    rank: int
    announce: Callable[[Session], str | None] | None = None
    verbs: tuple[Verb, ...] = ()
    mail: Mapping[str, Parameter] = field(default_factory=dict)
    rcpt: Mapping[str, Parameter] = field(default_factory=dict)
    together: Callable[[Params], Reply | None] | None = None
    default: bool = True

    def line(self, session: Session) -> str | None:
        """Return the line that EHLO tells now, None while the extension may not be offered."""
        return self.keyword if self.announce is None else self.announce(session)


def _found() -> dict[str, Extension]:
    found: list[Extension] = [m.EXTENSION for m in modules_of(__name__, list(__path__))]
    return {extension.keyword: extension for extension in sorted(found, key=lambda e: e.rank)}


EXTENSIONS: Mapping[str, Extension] = _found()

OFFERABLE_VERBS = frozenset(verb.name.encode() for e in EXTENSIONS.values() for verb in e.verbs)
"""Verbs that some listener may offer; where one does not, they are answered 502 and not 500."""

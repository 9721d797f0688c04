"""What one EHLO is told: extensions that are hidden from it, or promised in vain (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.reply import Reply

# ehlo-line = ehlo-keyword *( SP ehlo-param )
EHLO_LINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?: [!-~]+)*")
HIDEABLE = frozenset({*EXTENSIONS, "HELP"})


def _keyword(line: str) -> str:
    return line.partition(" ")[0].upper()


@dataclass(frozen=True, slots=True)
class Shown:
    """Keywords that are left out of the reply to EHLO, and lines that are added; nothing else changes.

    A line of ``show`` takes the place of one with its keyword.  What is hidden is still
    understood, and what is shown and not offered is refused as ever.
    """

    hide: tuple[str, ...] = ()
    show: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.hide and not self.show:
            raise ValueError("give hide, show or both")
        for name in self.hide:
            if name not in HIDEABLE:
                raise ValueError(f"{name!r} is never told (told are: {', '.join(sorted(HIDEABLE))})")
        for line in self.show:
            if not EHLO_LINE.fullmatch(line):
                raise ValueError(f"{line!r} is no line of EHLO: a keyword and its parameters, as in 'SIZE 1000'")

    def applied(self, reply: Reply) -> Reply:
        """Return what EHLO is answered instead; HELO is told of no extensions anyway."""
        name, *lines = reply.lines
        if not lines or reply.code != 250:
            return reply
        gone = {*self.hide, *map(_keyword, self.show)}
        return Reply(250, (name, *(line for line in lines if _keyword(line) not in gone), *self.show))

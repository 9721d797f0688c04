"""Templates: reply texts with placeholders from a closed list, compiled when they are loaded.

What a client sent enters a reply in one pass and harmless: octets outside 0x20-0x7E
become ``?`` (UTF-8 stays after SMTPUTF8), and lines are cut to the 512 octets of
RFC 5321 section 4.5.3.1.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NamedTuple

from mocksmtp.rules.context import Context
from mocksmtp.rules.when import ALWAYS_KNOWN_FROM, ORDER
from mocksmtp.smtp.reply import LINE_LIMIT, Reply
from mocksmtp.smtp.stage import Stage

PLACEHOLDER = re.compile(r"\{([^{}\s]*)\}")
REPLY_LINE = re.compile(r"([0-9]{3})(?:[ -]|$)(?:([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$))?(.*)", re.DOTALL)
ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


class Accept:
    """``accept``: the stage's own positive answer."""

    def __repr__(self) -> str:
        return "accept"


ACCEPT: Final = Accept()


class Known(NamedTuple):
    """One placeholder: from which stage on it is known, and where it is read."""

    since: Stage | None
    read: Callable[[Context], str]


def _mail(context: Context) -> str:
    path = context.mail
    return path.text if path else ""


def _auth(context: Context) -> str:
    who = context.outcome.text if context.stage is Stage.AUTH else context.conversation.auth
    return who or ""


def _helo(context: Context) -> str:
    helo = context.outcome.text if context.stage is Stage.HELO else context.conversation.helo
    return helo or ""


def _tls(context: Context) -> str:
    tls = context.conversation.tls
    return tls.version if tls else ""


def _id(context: Context) -> str:
    envelope = context.conversation.envelope
    return envelope.id if envelope else ""


def _first_rcpt(context: Context) -> str:
    return context.rcpts[0].text if context.rcpts else ""


PLACEHOLDERS: Mapping[str, Known] = {
    "hostname": Known(None, lambda context: context.conversation.hostname),
    "listener": Known(None, lambda context: context.conversation.listener),
    "client": Known(None, lambda context: context.conversation.client),
    "tls": Known(None, _tls),
    "helo": Known(Stage.HELO, _helo),
    "auth": Known(Stage.AUTH, _auth),
    "mail": Known(Stage.MAIL, _mail),
    "id": Known(Stage.RCPT, _id),
    "rcpt": Known(Stage.RCPT, _first_rcpt),
}
IN_SYNTAX_REPLIES = ("address", "reason")
OF_A_HIT = ("attempt", "retry_after")
"""What only a rule that counts its hits can fill in."""
IN_REPLIES = (*PLACEHOLDERS, *OF_A_HIT, *IN_SYNTAX_REPLIES)
IN_BANNERS = ("hostname", "listener")


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """One line of text, cut at its placeholders: words and names by turns."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, allowed: tuple[str, ...] = IN_REPLIES) -> TextTemplate:
        """Read a text.  Raises ValueError for a placeholder that is not in the list, or a line end."""
        if "\r" in text or "\n" in text:
            raise ValueError("a reply line may not hold CR or LF; give a list for several lines")
        parts = PLACEHOLDER.split(text)
        for name in parts[1::2]:
            if name not in allowed:
                near = get_close_matches(name, allowed, 1)
                hint = f"; did you mean {{{near[0]}}}?" if near else ""
                raise ValueError(f"unknown placeholder {{{name}}} (known: {', '.join(allowed)}{hint})")
        return cls(tuple(parts))

    @property
    def names(self) -> tuple[str, ...]:
        """The placeholders."""
        return self.parts[1::2]

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with every placeholder replaced, in one pass."""
        return "".join(values[p] if odd else p for odd, p in zip(_ODD, self.parts, strict=False))


_ODD = (False, True) * 64


@dataclass(frozen=True, slots=True)
class ReplyTemplate:
    """A reply as a rule words it: one code for all lines, an enhanced code in each line or in none."""

    code: int
    heads: tuple[str, ...]
    texts: tuple[TextTemplate, ...]
    constant: Reply | None = None

    @classmethod
    def parse(cls, value: object) -> ReplyTemplate:
        """Read ``"553 5.1.3 text"``, a list of those, or ``{code, enhanced, text}``.

        Raises ValueError in plain words.
        """
        if isinstance(value, dict):
            lines = _long_form(value)
        else:
            lines = [_line(each) for each in (value if isinstance(value, list) else [value])]
        if not lines:
            raise ValueError("a reply needs at least one line")
        codes = {code for code, _, _ in lines}
        if len(codes) > 1:
            raise ValueError(f"one code for all lines, not {' and '.join(sorted(map(str, codes)))}")
        code = codes.pop()
        if not (200 <= code <= 599 and code // 10 % 10 <= 5):
            raise ValueError(f"{code} is no reply code (200 to 599, second digit 0 to 5)")
        heads = tuple(f"{enhanced} " if enhanced else "" for _, enhanced, _ in lines)
        texts = tuple(TextTemplate.parse(text) for _, _, text in lines)
        for head, text in zip(heads, texts, strict=True):
            fixed = len("".join(text.parts[::2]).encode()) + len(head) + 6
            if fixed > LINE_LIMIT:
                raise ValueError(f"a reply line may have {LINE_LIMIT} octets with code and CRLF, this has {fixed}")
        template = cls(code, heads, texts)
        if not template.names:
            object.__setattr__(template, "constant", template.made({}, international=True))
        return template

    @property
    def names(self) -> set[str]:
        """The placeholders of all lines."""
        return {name for text in self.texts for name in text.names}

    def check(self, stage: Stage) -> None:
        """Raise ValueError where a placeholder is not known yet at a stage."""
        for name in sorted(self.names - set(OF_A_HIT)):
            if name in IN_SYNTAX_REPLIES:
                raise ValueError(f"{{{name}}} is known in the replies of syntax: only")
            since = PLACEHOLDERS[name].since
            if since and stage not in ALWAYS_KNOWN_FROM and ORDER.index(stage) < ORDER.index(since):
                raise ValueError(f"{{{name}}} is not known yet at stage {stage}")

    def render(self, context: Context, **special: str) -> Reply:
        """Return the reply for this conversation; ``special`` takes precedence."""
        if self.constant is not None:
            return self.constant
        values = dict(special)
        for text in self.texts:
            for name in text.names:
                if name not in values:
                    values[name] = PLACEHOLDERS[name].read(context)
        return self.made(values, _international(context))

    def made(self, values: Mapping[str, str], international: bool) -> Reply:
        """Return the reply with these values, made harmless."""
        safe = {name: harmless(value, international) for name, value in values.items()}
        enhanced = self.heads[0] if len(set(self.heads)) == 1 else ""
        room = LINE_LIMIT - 6 - len(enhanced)
        lines = tuple(
            _cut(text.fill(safe) if enhanced else head + text.fill(safe), room)
            for head, text in zip(self.heads, self.texts, strict=True)
        )
        return Reply(self.code, lines, enhanced.rstrip(), written=True)


def _international(context: Context) -> bool:
    envelope = context.conversation.envelope
    return "SMTPUTF8" in context.outcome.params or (envelope is not None and envelope.smtputf8)


def harmless(text: str, international: bool) -> str:
    """Replace what may not stand in a reply line by ``?``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        sign if " " <= sign <= "~" or (international and sign > "\x9f" and sign.isprintable()) else "?"
        for sign in text
    )


def _cut(line: str, octets: int) -> str:
    raw = line.encode()
    return line if len(raw) <= octets else raw[:octets].decode(errors="ignore")


def _line(value: object) -> tuple[int, str, str]:
    match = REPLY_LINE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'a reply begins with its code, as in "553 5.1.3 text"; this is {value!r}')
    return int(match[1]), match[2] or "", match[3].removeprefix(" ")


def _long_form(value: dict[object, object]) -> list[tuple[int, str, str]]:
    code, enhanced, text = value.get("code"), value.get("enhanced") or "", value.get("text", "")
    if not isinstance(code, int) or isinstance(code, bool):
        raise ValueError("code is a number from 200 to 599")
    if not isinstance(enhanced, str) or (enhanced and not ENHANCED.fullmatch(enhanced)):
        raise ValueError(f"enhanced is a code such as 4.5.3, not {enhanced!r}")
    texts = text if isinstance(text, list) else [text]
    return [(code, enhanced, str(each)) for each in texts]

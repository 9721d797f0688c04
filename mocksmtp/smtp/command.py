"""The arguments of MAIL and RCPT: a path and its ESMTP parameters (RFC 5321 section 4.1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.address import Path, plain_path
from mocksmtp.smtp.envelope import NO_PARAMS, Params
from mocksmtp.smtp.grammar import ESMTP_PARAM, PLAIN_ARGUMENT
from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.syntax import Addresses

if TYPE_CHECKING:
    from mocksmtp.smtp.extensions import Parameter
    from mocksmtp.smtp.session import Session

REMEMBERED = 4096
"""Plain arguments whose outcome is kept: senders and recipients come again, and a look costs less than reading."""

# A path ends at a ">" that is not quoted and is followed by a space or nothing.
_QUOTED_PATH = re.compile(rb'<((?:@[^"<>]*:)?"(?:[^"\\]|\\.)*"[^">]*)>(?= |$)', re.DOTALL)
_ANY_PATH = re.compile(rb"<(.*?)>(?= |$)", re.DOTALL)


def plain_argument(argument: bytes, keyword: bytes) -> Path | None:
    """Return the path of the plainest of arguments in one look; None for all that needs a closer one."""
    match = PLAIN_ARGUMENT[keyword].fullmatch(argument)
    return None if match is None else plain_path(match[1], match.end(2) - match.start(1))


def split_path(argument: bytes, keyword: bytes, addresses: Addresses) -> tuple[bytes, bytes] | None:
    """Return the octets between ``<`` and ``>`` and those behind; None where the form is not a path.

    ``keyword`` is ``FROM:`` or ``TO:``.  A lenient listener takes a space after the
    colon and a path without brackets.
    """
    length = len(keyword)
    if argument[:length].upper() != keyword:
        return None
    path = argument[length:]
    if addresses is not Addresses.STRICT:
        path = path.lstrip(b" ")
        if path and not path.startswith(b"<"):
            bare, _, rest = path.partition(b" ")
            return bare, rest
    if not path.startswith(b"<"):
        return None
    end = path.find(b">")
    if end == len(path) - 1 and end > 0 and b'"' not in path:
        return path[1:end], b""
    match = _QUOTED_PATH.match(path) or _ANY_PATH.match(path)
    if match is None:
        return None
    return match[1], path[match.end() :]


def read_params(session: Session, rest: bytes, known: Mapping[str, Parameter]) -> Params | Reply:
    """Read ``KEYWORD=value`` pairs; return them, or the reply that refuses the first that is wrong."""
    if not rest or not (words := [word for word in rest.split(b" ") if word]):
        return NO_PARAMS
    if not session.conversation.esmtp:
        return replies.UNKNOWN_PARAMETER  # RFC 5321 section 4.1.1.11: parameters only after EHLO
    params: dict[str, str | None] = {}
    for word in words:
        match = ESMTP_PARAM.fullmatch(word.decode(errors="replace"))
        if match is None:
            return replies.BAD_PARAMETER
        name, value = match[1].upper(), match[2]
        check = known.get(name)
        if check is None:
            return replies.UNKNOWN_PARAMETER
        if name in params:
            return replies.REPEATED_PARAMETER
        wrong = check(session, value)
        if wrong is not None:
            return wrong
        params[name] = value
    for together in session.profile.together:
        if (wrong := together(params)) is not None:
            return wrong
    return params

"""A handshake that was promised and never takes place: the session goes on in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp import replies
from mocksmtp.smtp.outcome import refuse
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.smtp.session import Session
    from mocksmtp.smtp.steps import Step

HANDSHAKE_RECORD = b"\x16"
"""What a client's hello begins with (RFC 8446 section 5.1); no command does."""


def go_on_in_clear(session: Session, data: bytes) -> list[Step]:
    """Return the steps that follow, instead of a handshake, from what came in its place.

    A client's hello is no command, and may hold any octets: all of it is answered once.
    """
    session._lines.clear()  # As behind a handshake: what was sent along with STARTTLS is thrown away.
    session.deaf = False
    steps: list[Step] = []
    if not session.greeted_once:
        session.greet_once(steps)
    if data.startswith(HANDSHAKE_RECORD):
        session.answer(Stage.UNKNOWN, refuse(replies.BAD_COMMAND), steps)
        data = b""
    return steps + session.receive_data(data)

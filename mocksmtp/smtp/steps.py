"""Steps: what is to be done, in order.  A step is an imperative; the shell performs it.

Order is the whole point: a reply, a wait, a handshake and a store stand in one list,
so pipelined commands are answered in turn whatever a policy puts between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Message
    from mocksmtp.smtp.policy import Decision


@dataclass(slots=True)
class Send:
    """Send these octets.  Neighbouring sends may leave in one write.

    Not frozen, because one is made for nearly each message, and freezing costs as much as
    making it; treat it as a value all the same.
    """

    data: bytes


@dataclass(frozen=True, slots=True)
class StartTls:
    """Begin the TLS handshake as server; then call ``Session.tls_started``."""


@dataclass(frozen=True, slots=True)
class Store:
    """Keep this message; then call ``Session.stored``."""

    message: Message


@dataclass(frozen=True, slots=True)
class Decide:
    """Run this search where it blocks nobody; then call ``Session.decided`` with what it returns."""

    search: Callable[[], Decision]


@dataclass(frozen=True, slots=True)
class Close:
    """Send what is pending, then end the connection in good order (FIN; close_notify first under TLS)."""


Step = Send | StartTls | Store | Decide | Close

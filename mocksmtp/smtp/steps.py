"""Steps: what is to be done, in order.  A step is an imperative; the shell performs it.

Order is the whole point: a reply, a wait, a handshake and a store stand in one list,
so pipelined commands are answered in turn whatever a policy puts between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mocksmtp.smtp.envelope import Taken
    from mocksmtp.smtp.policy import Decision, Found


@dataclass(slots=True)
class Send:
    """Send these octets.  Neighbouring sends may leave in one write.

    Not frozen, because one is made for nearly each message, and freezing costs as much as
    making it; treat it as a value all the same.
    """

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Let so many seconds pass before the next step; ``inf`` is until the client leaves."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Flush:
    """Wait until the kernel has sent what was written and the client's has taken it, 1 s at most."""


@dataclass(frozen=True, slots=True)
class Receive:
    """Govern how mail data is taken in: at so many octets a second, or so many of them and no more.

    After ``after_octets`` the steps of ``then`` follow, and what comes behind is read if
    they leave the connection open.  ``fault`` is the name under which this is told.
    """

    rate: float | None = None
    after_octets: int | None = None
    then: tuple[Step, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class StartTls:
    """Begin the TLS handshake as server; then call ``Session.tls_started``.

    ``certificate`` and ``handshake`` name what is to be wrong with it, where anything is.
    """

    certificate: str = ""
    handshake: str = ""


@dataclass(slots=True)
class Store:
    """Keep this message; then call ``Session.stored``.  Not frozen, for the same reason."""

    message: Taken


@dataclass(frozen=True, slots=True)
class Decide:
    """Run this search where it blocks nobody; then call ``Session.decided`` with what it returns."""

    search: Callable[[], Decision | Found]


@dataclass(frozen=True, slots=True)
class Close:
    """Send what is pending, then end the connection in good order (FIN; close_notify first under TLS)."""


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Send no more (FIN; close_notify under TLS), and read away what still comes."""


@dataclass(frozen=True, slots=True)
class Abort:
    """End the connection at once by a reset (RST)."""


Step = Send | Wait | Flush | Receive | StartTls | Store | Decide | HalfClose | Close | Abort

LAST = frozenset({StartTls, HalfClose, Close, Abort})
"""What an answer can end with: nothing more is heard, or nothing until the handshake has ended."""


def waiting(steps: Iterable[Step]) -> float:
    """Return the seconds that these steps take by themselves, as far as that has an end."""
    return sum(step.seconds for step in steps if type(step) is Wait and step.seconds != inf)


def ends(steps: Iterable[Step]) -> bool:
    """Say whether nothing more is heard after these steps."""
    return any(type(step) in LAST or (type(step) is Wait and step.seconds == inf) for step in steps)

"""What a SASL mechanism is (RFC 4422).

A mechanism is a generator: it yields challenges, is sent responses, and returns a verdict.
It first yields None and is sent the initial response, or None where there was none.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, NamedTuple

from mocksmtp.smtp import replies

if TYPE_CHECKING:
    from mocksmtp.smtp.credentials import Random, Users

Binding = Callable[[str], tuple[bytes, ...]]
"""Channel bindings of a TLS connection by type: the values that would do, none for other types (RFC 5056)."""


class Terms(NamedTuple):
    """What a mechanism works with.

    ``binding`` is None without TLS; ``binds`` says whether a mechanism that binds to the
    channel is offered now.
    """

    users: Users
    hostname: str
    random: Random
    binding: Binding | None = None
    binds: bool = False


class Verdict(NamedTuple):
    """How an exchange ended: who the client says it is, and whether that is proven.

    ``reason`` is what the client is told in one more challenge if it is not.  ``firm``
    is a refusal that no policy may turn round: the client wants our proof, and there is none.
    """

    identity: str
    proven: bool
    reason: bytes = b""
    firm: bool = False


class Malformed(ValueError):
    """A response does not have the form that the mechanism asks for."""

    reply = replies.BAD_RESPONSE


class TooEarly(Malformed):
    """The initial response of a mechanism in which the server speaks first (RFC 4954 section 4)."""

    reply = replies.NO_INITIAL_RESPONSE


Dialogue = Generator[bytes | None, bytes | None, Verdict]


class Mechanism(NamedTuple):
    """One mechanism; ``rank`` orders the default ones.

    ``anybody`` says whether it can let in whoever comes, ``binds`` whether it binds to the
    TLS channel.  ``default`` is False for what is offered only where the configuration names it.
    """

    name: str
    exchange: Callable[[Terms], Dialogue]
    rank: int
    anybody: bool = True
    binds: bool = False
    default: bool = True


def text_of(response: bytes) -> str:
    """Decode a response as UTF-8; raises Malformed."""
    try:
        return response.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None

"""Commands: one file each.  A verb reads its argument and proposes; it never changes the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mocksmtp.smtp.modules import modules_of

if TYPE_CHECKING:
    from mocksmtp.smtp.outcome import Outcome
    from mocksmtp.smtp.stage import Stage
    from mocksmtp.smtp.state import State


class Verb(NamedTuple):
    """One command: its name, the stage rules know it by, the states it is legal in, and what it proposes.

    ``propose`` takes the session and the argument: the octets behind the verb without the space.
    ``steady`` says that it proposes the same to the same words, as long as MAIL has no
    parameters, the envelope has room and the client's ``Standing`` is the same, and that
    nothing but the end follows; ``Remembered`` stands on it.
    """

    name: str
    stage: Stage
    legal: frozenset[State]
    propose: Callable[[Any, bytes], Outcome]
    steady: bool = False


def _found() -> dict[bytes, Verb]:
    return {
        verb.name.encode(): verb
        for module in modules_of(__name__, list(__path__))
        for verb in getattr(module, "VERBS", ())
    }


VERBS: Mapping[bytes, Verb] = _found()

"""Policy: who decides what is answered.  The session proposes, the policy decides."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.outcome import Outcome
    from mocksmtp.smtp.reply import Reply
    from mocksmtp.smtp.stage import Stage
    from mocksmtp.smtp.steps import Step


class Fault(Protocol):
    """What can go wrong with an answer: a function from steps to steps.

    One that is ``in_mail_data`` adds nothing but ``Receive``.
    """

    name: ClassVar[str]

    @property
    def in_mail_data(self) -> bool:
        """Whether it strikes while mail data is taken in."""
        ...

    def apply(self, steps: list[Step]) -> list[Step]:
        """Return the steps to perform instead."""
        ...


class Decision(NamedTuple):
    """What the policy wants.

    ``reply`` None leaves the protocol's own answer; ``rule`` names who decided;
    ``close`` None leaves the protocol's habit (421 closes), True and False overrule
    it; ``keep`` False answers as usual and keeps nothing; ``faults`` are applied in
    order; ``matched`` names every rule that fired, the deciding one last.
    """

    reply: Reply | None = None
    rule: str | None = None
    close: bool | None = None
    keep: bool = True
    faults: tuple[Fault, ...] = ()
    matched: tuple[str, ...] = ()


AS_PROPOSED = Decision()

Found = Callable[[], Decision]
"""What a search found, where counters hang on it: it is called by the session, and decides."""

Search = Callable[[], Decision | Found]
"""A decision that takes long: the session asks for it with ``Decide`` and goes on when it is told."""


def settled(found: Decision | Found) -> Decision:
    """Return the decision that a search led to."""
    return found if isinstance(found, Decision) else found()


class Policy(Protocol):
    """The session's one question to the outside, asked once for each legal command.

    ``stages`` are those at which it may have something to say; at others it is not asked.
    """

    @property
    def stages(self) -> Container[Stage]:
        """The stages at which it may have something to say."""
        ...

    @property
    def reads_slowly(self) -> bool:
        """Whether some mail data is to be taken in slowly; receive buffers are small then."""
        ...

    def silent(self, stage: Stage, outcome: Outcome) -> bool:
        """Say whether one look is enough to see that it has nothing to say to this; nothing is counted."""
        ...

    def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
        """Say what is answered at this stage to what the verb proposes.  Must not block."""
        ...

    def malformed(self, stage: Stage, conversation: Conversation, address: str, reason: str) -> Reply:
        """Word the refusal of something between ``<`` and ``>`` that is no mailbox (stage MAIL or RCPT)."""
        ...

"""Plain commands: legal ones to which nobody objects, as nearly all are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mocksmtp.smtp.hearing import Hearing
from mocksmtp.smtp.remembered import NOTHING_KNOWN, Known, Part
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Send, Step

if TYPE_CHECKING:
    from mocksmtp.smtp.framing import Command
    from mocksmtp.smtp.state import State


class Plain(Hearing):
    """The part of a session that answers what one read brought, where it is whole commands and all goes well."""

    __slots__ = ()

    def answer_at_once(self, data: bytes) -> bytes | None:
        """Answer what was said before in this state, and nobody objected; None leaves it to ``receive_data``.

        Nothing is to be done but to send the octets that are returned; they are noted already.
        """
        known = self._known[self.state].get(data)
        if (
            known is None
            or self.held
            or self._mail_data is not None
            or self._exchange is not None
            or self._lines.data
        ):
            return None
        parts, said = known
        self._wary = False
        hear = self._hear
        for commit, outcome, stage, tally in parts:
            if commit is not None:
                commit(self, outcome)
            tally.number += 1
            if hear:
                self._tell_answered(stage, outcome)
        self.note(said)
        return said[1]

    def _answer_plainly(self, data: bytes, commands: tuple[Command, ...], steps: list[Step]) -> bytes | None:
        """Answer legal commands to which nobody objects; return those that need a closer look.

        These begin with the first of that kind.  It is looked at anew: up to then nothing was done about it.
        """
        legal, policy, state, known = self._legal, self.policy, self.state, self._known
        tallies, listener = self.publish.tallies, self.conversation.listener
        parts: list[Part] = []
        rest = iter(commands)
        for command in rest:
            line, name, argument = command
            verb = legal[self.state].get(name)
            if verb is None:
                return _together(command, rest)
            _, stage, _, propose, steady = verb
            outcome = propose(self, argument)
            code = outcome[0].code
            if code >= 400:
                return _together(command, rest)
            if outcome[3] and stage in policy.stages and not policy.silent(stage, outcome):
                return _together(command, rest)
            self._wary = False
            self.note(line)
            self._let_pass(stage, outcome, steps)
            if steady and not outcome.params:
                parts.append((outcome.commit, outcome, stage, tallies[listener, stage, code]))
        if self.deaf:
            return None
        if len(commands) > 1:  # Nothing but replies: they leave in one write.
            steps[:] = [Send(b"".join([step.data for step in steps if isinstance(step, Send)]))]
        if len(parts) == len(commands) and known is not NOTHING_KNOWN:
            self._remember(state, data, tuple(parts), steps)
        return None

    def _remember(self, state: State, data: bytes, parts: tuple[Part, ...], steps: list[Step]) -> None:
        """Remember an answer; how many recipients an envelope takes depends on those that it has."""
        (send,) = steps
        named = [stage for _, _, stage, _ in parts if stage is Stage.RCPT]
        if isinstance(send, Send) and (len(named) < 2 or parts[0][2] is Stage.MAIL):
            self.remembered.add(state, data, Known(parts, (data, send.data)))


def _together(first: Command, others: Iterable[Command]) -> bytes:
    return b"".join(line + b"\r\n" for line, _, _ in (first, *others))

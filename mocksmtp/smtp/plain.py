"""Plain commands: legal ones to which nobody objects, as nearly all are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mocksmtp.smtp.hearing import Hearing
from mocksmtp.smtp.remembered import NOTHING_KNOWN, Known, KnownByState, Part
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import State
from mocksmtp.smtp.steps import Send, Step

if TYPE_CHECKING:
    from mocksmtp.smtp.framing import Command
    from mocksmtp.smtp.outcome import Outcome


class Plain(Hearing):
    """The part of a session that answers what one read brought, where it is whole commands and all goes well."""

    __slots__ = ()

    def answer_at_once(self, data: bytes) -> bytes | None:
        """Answer what was said before in this state, and nobody objected; None leaves it to ``receive_data``.

        The octets that are returned are to be sent, and are noted already; if the session is deaf
        then, the connection ends behind them.
        """
        if not self.at_rest or (known := self._known[self.state].get(data)) is None:
            return None
        parts, said = known
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
                commit = _end if outcome.then else outcome.commit
                parts.append((commit, outcome, stage, tallies[listener, stage, code]))
        self.at_rest = self._mail_data is None and not self.deaf
        if len(commands) > 1 and not self.deaf:  # Nothing but replies: they leave in one write.
            steps[:] = [Send(_sent(steps))]
        if len(parts) == len(commands) and known is not NOTHING_KNOWN:
            self._remember(known, state, data, tuple(parts), _sent(steps))
        return None

    def _remember(
        self, known: KnownByState, state: State, data: bytes, parts: tuple[Part, ...], sent: bytes
    ) -> None:
        """Remember an answer.

        Not where it depends on more than the state: how many recipients an envelope takes depends on those
        that it has, and a greeting that is not the first one ends a transaction, if there is one.
        """
        stages = [stage for _, _, stage, _ in parts]
        if stages.count(Stage.RCPT) > 1 and stages[0] is not Stage.MAIL:
            return
        if Stage.HELO in stages and state is not State.START:
            return
        self.remembered.add(known, state, data, Known(parts, (data, sent)))


def _end(session: Plain, _outcome: Outcome) -> None:
    """Hear no more: what follows a steady command is nothing, or the end."""
    session.deaf = True
    session.at_rest = False


def _sent(steps: Iterable[Step]) -> bytes:
    return b"".join([step.data for step in steps if isinstance(step, Send)])


def _together(first: Command, others: Iterable[Command]) -> bytes:
    return b"".join(line + b"\r\n" for line, _, _ in (first, *others))

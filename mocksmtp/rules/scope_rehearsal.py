"""Whom a rehearsal asks while there are scopes: for each command the rules of the scope that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mocksmtp.rules.scope_names import deciding, named
from mocksmtp.smtp.stage import Stage

if TYPE_CHECKING:
    from mocksmtp.rules.rulebook import Rulebook
    from mocksmtp.rules.scopes import Scope
    from mocksmtp.smtp.conversation import Conversation
    from mocksmtp.smtp.outcome import Outcome


class ScopedRehearsal:
    """Finds the rulebook as ``ScopedPolicy`` does; counters and clocks of scopes stay as they are."""

    def __init__(self, scopes: Iterable[Scope], rulebook: Rulebook, given: Scope | None = None) -> None:
        """``rulebook`` is asked where no scope is named, and of what EHLO begins ``given`` where no other is."""
        self._scopes = {scope.token: scope for scope in scopes}
        self._rulebook = rulebook
        self._given = None if given is None else given.token
        self._twins: dict[str | None, Rulebook] = {}

    def __call__(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Rulebook:
        """Return the rulebook that is asked about a command."""
        tokens = named(stage, conversation, outcome, self._scopes)
        if tokens:
            return self._twin(deciding(stage, outcome, tokens))
        greeted = conversation.helo is not None or stage is Stage.HELO
        return self._twin(self._given if greeted else None)

    def _twin(self, token: str | None) -> Rulebook:
        twin = self._twins.get(token)
        if twin is None:
            real = self._rulebook if token is None else self._scopes[token].rulebook(self._rulebook)
            twin = self._twins[token] = real.rehearsal(real.now)
        return twin

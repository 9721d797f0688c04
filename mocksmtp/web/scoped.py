"""Whose it is: what a request asks of one scope, or of everybody's."""

from __future__ import annotations

from mocksmtp.rules.scopes import Scope, Scopes, UnknownScope
from mocksmtp.web.asking import Asked
from mocksmtp.web.routing import Problem, Query
from mocksmtp.web.search import Token


class Scoped(Asked):
    """Of which scope; everybody's where it is left out."""

    scope: Token | None = None


def found_in(scopes: Scopes, token: str) -> Scope:
    """Return a scope.  Raises Problem."""
    try:
        return scopes.find(token)
    except UnknownScope:
        raise Problem(404, "Not found", f"there is no scope {token} (any more)") from None


def scope_asked(scopes: Scopes, query: Query) -> Scope | None:
    """Return the scope that a request names as a parameter, None where it names none.  Raises Problem."""
    token: str | None = query.asked.scope
    return None if token is None else found_in(scopes, token)

"""The parts of a service that follow from its settings alone: made at the start, and anew at each reload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from mocksmtp.config.differences import differences, held_back
from mocksmtp.config.settings import ListenerSettings, Settings
from mocksmtp.net.certificates import Authority, Identity, authority
from mocksmtp.net.flaws import Flaws
from mocksmtp.net.tls import ServerContext, read_identity, server_context
from mocksmtp.rules.rulebook import Rulebook


class Parts(NamedTuple):
    """What can be made and thrown away without anybody noticing; it takes effect when the service takes it up.

    ``identities`` and ``contexts`` are those of each listener by its name; ``changed`` says
    what differs from the parts before, ``kept`` what does not although the files say so.
    """

    settings: Settings
    rulebook: Rulebook
    authority: Authority
    identities: Mapping[str, Identity]
    contexts: Mapping[str, ServerContext]
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def notes(self) -> list[str]:
        """Say what the operator should know: of the authority, and what the configuration surely does not mean."""
        return [*self.authority.notes, *(each.as_warning() for each in self.settings.warnings)]


Compile = Callable[[Settings], Rulebook]
"""Makes the rulebook of some settings: its counters and its clock are the service's."""


def make_parts(settings: Settings, compiled: Compile) -> Parts:
    """Make what these settings ask for.

    Raises ValueError, with the path, for a certificate or key that cannot be used.
    """
    return _parts(settings, compiled, authority(settings.data, settings.tls.names, datetime.now(UTC)))


def make_again(settings: Settings, compiled: Compile, before: Parts) -> Parts:
    """Make what other settings ask for, without what needs a restart; a CA that still fits is kept."""
    settings, kept = held_back(before.settings, settings)
    if before.settings.tls.names == settings.tls.names:
        own_authority = replace(before.authority, notes=[])
    else:
        own_authority = authority(settings.data, settings.tls.names, datetime.now(UTC))
    made = _parts(settings, compiled, own_authority)
    return made._replace(changed=_changed(made, before), kept=tuple(kept))


def without_refused(made: Parts, before: Parts, refused: Mapping[str, str]) -> Parts:
    """Return parts in which listeners that could not be bound, by name and reason, stay as they were before."""
    if not refused:
        return made
    old = {each.profile.name: each for each in before.settings.listeners}
    listeners, kept = [], list(made.kept)
    for each in made.settings.listeners:
        name = each.profile.name
        if name not in refused:
            listeners.append(each)
        elif name in old:
            listeners.append(replace(each, interface=old[name].interface, port=old[name].port))
            kept.append(f"listener {name}: port {each.port}: {refused[name]}; it stays on {old[name].port}")
        else:
            kept.append(f"listener {name}: port {each.port}: {refused[name]}; there is no such listener yet")
    settings = replace(made.settings, listeners=tuple(listeners))
    made = made._replace(settings=settings, kept=tuple(kept))
    return made._replace(changed=_changed(made, before))


def _changed(made: Parts, before: Parts) -> tuple[str, ...]:
    certificates = [
        f"listener {name}: another certificate"
        for name, identity in made.identities.items()
        if before.identities.get(name, identity) != identity
    ]
    return (*differences(before.settings, made.settings), *certificates)


def _parts(settings: Settings, compiled: Compile, own_authority: Authority) -> Parts:
    identities = {each.profile.name: _identity(each, settings, own_authority) for each in settings.listeners}
    flaws = Flaws(own_authority, settings.tls.names, settings.tls.versions, lambda: datetime.now(UTC))
    contexts = {
        name: server_context(each, settings.tls.versions, partial(flaws.context, each))
        for name, each in identities.items()
    }
    return Parts(settings, compiled(settings), own_authority, identities, contexts)


def _identity(listener: ListenerSettings, settings: Settings, own_authority: Authority) -> Identity:
    own = listener.certificate or settings.tls.certificate
    return own_authority.identity if own is None else read_identity(own.cert, own.key)

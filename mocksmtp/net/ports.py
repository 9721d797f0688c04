"""Ports change hands: at a reload listeners come, go and move, and a port that is still wanted is never closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError

if TYPE_CHECKING:
    from mocksmtp.net.listeners import Listener
    from mocksmtp.net.transport import Port


class Place(NamedTuple):
    """Where a listener is wanted: ``interface`` None is every address, ``port`` 0 any that is free."""

    interface: str | None
    port: int


NOWHERE = Place(None, -1)


async def rearrange(wanted: Mapping[Listener, Place], leaving: Sequence[Listener]) -> dict[Listener, str]:
    """Move each listener to its place, and let those that leave accept no more.

    What cannot be bound is refused, and its listener stays where it is; the reasons are
    returned.  A port that one gives up and another wants is handed over as it is.
    """
    moving = {listener: place for listener, place in wanted.items() if listener.place != place}
    holders = {each.place: each for each in (*moving, *leaving) if each.accepts_on and each.place.port}
    ports: dict[Listener, Port] = {}
    refused: dict[Listener, str] = {}
    for listener, place in moving.items():
        if place not in holders:
            try:
                ports[listener] = await _bound(listener, place, leaving)
            except CannotListenError as error:
                refused[listener] = reason(error)
    while blocked := [each for each in moving if each not in refused and holders.get(moving[each]) in refused]:
        refused |= {each: f"listener {holders[moving[each]].profile.name} stays there" for each in blocked}
    for listener, place in moving.items():
        if listener not in refused and (holder := holders.get(place)) is not None and holder.port is not None:
            ports[listener] = holder.port
    given_up = {each.port for each in (*ports, *leaving) if each.accepts_on} - set(ports.values())
    for listener in leaving:
        listener.port = None
    for listener, port in ports.items():
        listener.take(port, moving[listener])
    for unused in given_up:
        if unused is not None:
            unused.stopListening()
    return refused


async def _bound(listener: Listener, place: Place, leaving: Sequence[Listener]) -> Port:
    try:
        return listener.bound(place)
    except CannotListenError:
        # Our own socket may be in the way: the same port on other interfaces.
        own = [each for each in (listener, *leaving) if each.accepts_on == place.port]
        if not own:
            raise
    for each in own:
        if each.port is not None:
            await maybeDeferred(each.port.stopListening)
    try:
        return listener.bound(place)
    except CannotListenError:
        for each in own:
            each.port = each.bound(each.place)
        raise


def reason(error: CannotListenError) -> str:
    """Say why a port cannot be had, in the system's words."""
    return getattr(error.socketError, "strerror", None) or str(error.socketError)


def unprivileged(port: int) -> int:
    """Return a port that anybody may bind in place of one that only root may."""
    return {25: 2525, 465: 4650, 587: 5870}.get(port, port + 1 if port else 0)

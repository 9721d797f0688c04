"""The octets of an answer: where they end, cut in two, or others in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mocksmtp.smtp.steps import LAST, Abort, Send, Step, Wait


def said(steps: Sequence[Step]) -> bytes:
    """Return the octets of the reply."""
    return b"".join(step.data for step in steps if isinstance(step, Send))


def told(steps: list[Step], change: Callable[[bytes], bytes]) -> list[Step]:
    """Send other octets in place of the reply; all other steps stay where they are."""
    octets = said(steps)
    if not octets:
        return steps
    changed: list[Step] = []
    instead = change(octets)
    for step in steps:
        if not isinstance(step, Send):
            changed.append(step)
        elif instead:
            changed.append(Send(instead))
            instead = b""
    return changed


def cut(steps: list[Step], octets: int) -> tuple[list[Step], list[Step]] | None:
    """Cut an answer after so many octets of its reply, None where it has fewer.

    With 0 it is cut before the first octet, but after what was to be waited for.
    """
    left = octets
    for number, step in enumerate(steps):
        if isinstance(step, Send):
            if left < len(step.data):
                head: list[Step] = [Send(step.data[:left])] if left else []
                return [*steps[:number], *head], [Send(step.data[left:]), *steps[number + 1 :]]
            left -= len(step.data)
        elif not left and (octets or type(step) in LAST):
            return steps[:number], steps[number:]
    return None if left else (steps, [])


def ended(steps: list[Step], at: str, after_octets: int | None, ending: Sequence[Step]) -> list[Step]:
    """End the connection before the reply, after it, or after so many of its octets.

    ``ending`` takes the place of a handshake or of another end; a reset is never undone.
    """
    if Abort() in steps:
        return steps
    if at == "after" and after_octets is None:
        return [*lead(steps), *ending]
    parts = cut(steps, after_octets or 0)
    return steps if parts is None else [*parts[0], *ending]


def lead(steps: list[Step]) -> list[Step]:
    """Return what comes before the step that ends the answer."""
    for number, step in enumerate(steps):
        if type(step) in LAST:
            return steps[:number]
    return steps


def before_the_end(steps: list[Step], *more: Step) -> list[Step]:
    """Put steps behind the reply and before what ends the answer."""
    first = lead(steps)
    return [*first, *more, *steps[len(first) :]]


def in_pieces(pieces: Sequence[bytes], seconds: float) -> list[Step]:
    """Send pieces with a wait between each two of them."""
    steps: list[Step] = []
    for piece in pieces:
        steps += [Wait(seconds), Send(piece)] if steps else [Send(piece)]
    return steps

"""HTML in which every text is escaped, unless it is markup already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = frozenset({"input", "link", "meta", "br"})


class Markup(str):
    """Text that is HTML; made by ``element`` and ``joined`` only."""

    __slots__ = ()


Content = str | int | None | Iterable["Content"]


def element(name: str, /, *content: Content, **attributes: str | int | bool | None) -> Markup:
    """Return an element; ``class_`` is written class, ``data_x`` data-x, and what is None or False is left out."""
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{told}>" if name in VOID else f"<{name}{told}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Markup:
    """Return several pieces as one; None is nothing."""
    return Markup("".join(_written(each) for each in content))


def _written(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str | int):
        return escape(str(content))
    return joined(*content)

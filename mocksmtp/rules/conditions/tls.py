"""Whether the session runs under TLS, and which: true, false, or a map of version and server name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Test, any_matches
from mocksmtp.rules.context import Context
from mocksmtp.rules.pattern import Kind, Patterns
from mocksmtp.smtp.stage import Stage


def versions(context: Context) -> tuple[str, ...]:
    """Return the TLS version as ``1.2`` or ``1.3``."""
    tls = context.conversation.tls
    return (tls.version,) if tls else ()


def server_names(context: Context) -> tuple[str, ...]:
    """Return the name the client asked for in its hello (SNI)."""
    tls = context.conversation.tls
    return (tls.sni,) if tls and tls.sni else ()


@dataclass(frozen=True, slots=True)
class TlsCondition:
    """Whether the session runs under TLS, and which."""

    name: ClassVar[str] = "tls"
    shorthand: ClassVar[str | None] = "on"

    on: bool = True
    version: Patterns | None = None
    sni: Patterns | None = None

    def __post_init__(self) -> None:
        if not self.on and (self.version or self.sni):
            raise ValueError("a session without TLS has neither version nor sni")

    def stage(self) -> Stage | None:
        """It is known at every moment."""
        return None

    def test(self) -> Test:
        """Return the compiled question."""
        on = self.on
        parts = []
        if self.version:
            parts.append(any_matches(self.version, Kind.VALUE, versions))
        if self.sni:
            parts.append(any_matches(self.sni, Kind.VALUE, server_names))
        return lambda context: (context.conversation.tls is not None) is on and all(p(context) for p in parts)

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        tls = context.conversation.tls
        return ("no TLS",) if tls is None else (f"TLS {tls.version}", f"sni {tls.sni}")

    def anchor(self) -> Anchor | None:
        """Too few values to be worth filing."""
        return None


CONDITION = TlsCondition

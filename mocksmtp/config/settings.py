"""Settings: what the configuration means, frozen; everything else reads these and never YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mocksmtp.config.mistakes import Mistake
from mocksmtp.rules.mailboxes import Mailboxes
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.template import ReplyTemplate
from mocksmtp.smtp.profile import Profile


@dataclass(frozen=True, slots=True)
class CertificateSettings:
    """The user's own certificate chain and key, both in PEM files."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """``certificate`` None is auto: a CA and leaf of our own for ``names``."""

    certificate: CertificateSettings | None
    names: tuple[str, ...]
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """One port; ``interface`` None is every address, ``tls`` is starttls, implicit or off.

    ``proxy_protocol`` is off, optional or required.
    """

    profile: Profile
    interface: str | None
    port: int
    tls: str
    certificate: CertificateSettings | None
    proxy_protocol: str = "off"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where messages are kept: ``kind`` is memory or sqlite, ``file`` that of the latter; None is in ``data``."""

    kind: str = "memory"
    file: Path | None = None

    def __str__(self) -> str:
        return self.kind if self.file is None else f"{self.kind}:{self.file}"


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """Bounds of what is kept: messages, octets of content, age in seconds, sessions; and whether refusals are.

    0 messages or sessions keeps none; ``age`` None lets things grow as old as they may.
    """

    messages: int
    octets: int
    age: float | None
    sessions: int
    refused: bool
    store: StoreSettings = StoreSettings()


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """``port`` None serves no HTTP; ``hosts`` are names it may be called by.

    With ``tokens`` API and page ask for one of them.
    """

    port: int | None
    interface: str
    hosts: tuple[str, ...]
    tokens: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it.  ``rule_keys`` bounds the counters of the rules; ``warnings`` are what is worth a look."""

    hostname: str
    seed: int
    rule_keys: int
    data: Path | None
    listeners: tuple[ListenerSettings, ...]
    tls: TlsSettings
    capture: CaptureSettings
    http: HttpSettings
    rulebook_rules: tuple[Rule, ...]
    mailboxes: Mailboxes
    syntax_reply: ReplyTemplate
    sender_reply: ReplyTemplate
    warnings: tuple[Mistake, ...] = ()

"""The shape of a configuration file: one model for each section, one field for each setting."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from mocksmtp.config.fields import (
    NOT_YET,
    BannerField,
    Extensions,
    HostName,
    Interface,
    Mechanisms,
    PortField,
    ProxyProtocol,
    RefusalField,
    TlsMode,
    Tokens,
    TrustedField,
    at_least,
    one_of,
)
from mocksmtp.config.mistakes import Located, suggestion
from mocksmtp.config.rules import RuleModel
from mocksmtp.config.section import Section
from mocksmtp.config.types import Duration, Flag, Size, Text, Texts, Whole, null, several, text
from mocksmtp.rules.counters import MOST_KEYS
from mocksmtp.rules.mailboxes import INVALID, SENDER_INVALID, UNKNOWN, MailboxDomain
from mocksmtp.rules.template import ReplyTemplate, TextTemplate
from mocksmtp.smtp.credentials import comparable
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.sasl import MECHANISMS
from mocksmtp.smtp.stage import Stage


class CertificateModel(Section):
    """Your own certificate chain and key."""

    cert: Text
    key: Text


def certificate(value: Any) -> Any:
    """Take ``auto`` or a map."""
    if isinstance(value, str):
        if value != "auto":
            raise ValueError("auto, or {cert: FILE, key: FILE}, is wanted here")
        return None
    return value


Certificate = Annotated[CertificateModel | None, BeforeValidator(certificate)]


class LimitsModel(Section):
    """Bounds of a listener."""

    message_size: Annotated[Size, at_least(1)] = 25 * 1024 * 1024
    recipients: Annotated[Whole, at_least(1)] = 1000
    line_length: Annotated[Whole, at_least(512)] = 2048
    errors: Annotated[Whole, at_least(0)] = 20
    recipient_domains: Annotated[Whole, at_least(0)] = 0
    transactions: Annotated[Whole, at_least(0)] = 0
    idle_timeout: Annotated[Duration, Field(gt=0)] = 300.0
    connections: Annotated[Whole, at_least(1)] = 10_000
    connections_per_client: Annotated[Whole, at_least(1)] = 2_000


class ListenerModel(Section):
    """One port."""

    port: PortField
    protocol: Annotated[str, one_of("smtp", "lmtp")] = "smtp"
    tls: TlsMode = "starttls"
    auth: Annotated[str, one_of("required", "optional", "off")] = "optional"
    require_tls: Flag = False
    interface: Interface | None = None
    hostname: HostName | None = None
    banner: BannerField | None = None
    extensions: Extensions | None = None
    limits: LimitsModel = LimitsModel()
    certificate: Certificate = None
    proxy_protocol: ProxyProtocol = "off"

    @model_validator(mode="after")
    def _can_be_used(self) -> ListenerModel:
        if self.require_tls and self.tls == "off":
            raise ValueError("require_tls with tls: off leaves nothing a client may say")
        if self.protocol == "lmtp" and self.port == 25:
            raise ValueError("LMTP may not be on port 25 (RFC 2033 section 5); 24 is its own")
        return self


class TlsModel(Section):
    """Certificates and versions of all listeners."""

    certificate: Certificate = None
    names: Annotated[Texts, Field(min_length=1)] = ["mx.mock.test", "localhost", "127.0.0.1"]
    versions: Annotated[
        list[Annotated[str, one_of("1.2", "1.3")]], BeforeValidator(several), Field(min_length=1)
    ] = [
        "1.2",
        "1.3",
    ]


def users(value: Any) -> dict[str, str] | None:
    """Take ``any``, or a map of names and passwords."""
    if value == "any":
        return None
    if not isinstance(value, dict):
        raise ValueError("any, or a map of user names and passwords, is wanted here")
    return {comparable(name): text(password) for name, password in value.items()}


USERS_SCHEMA = {"anyOf": [{"const": "any"}, {"type": "object", "additionalProperties": {"type": "string"}}]}
UsersField = Annotated[Any, PlainValidator(users), WithJsonSchema(USERS_SCHEMA)]


class AuthModel(Section):
    """Who may log in, and how."""

    mechanisms: Mechanisms = [m.name for m in MECHANISMS.values() if m.default]
    users: Annotated[UsersField, Field(repr=False)] = {}
    allow_without_tls: Flag = False

    @model_validator(mode="after")
    def _anybody_can(self) -> AuthModel:
        if self.users is None and "mechanisms" in self.model_fields_set:
            needs = "needs passwords, because its client checks our proof: leave it out, or name the users"
            wrong = [((n,), f"{m} {needs}") for n, m in enumerate(self.mechanisms) if not MECHANISMS[m].anybody]
            if wrong:
                raise Located([(("mechanisms", *place), text) for place, text in wrong])
        return self


class SyntaxModel(Section):
    """How closely mailboxes keep to RFC 5321 and RFC 6531, and how others are refused."""

    addresses: Annotated[str, one_of("strict", "lenient", "off")] = "strict"
    reply: RefusalField = ReplyTemplate.parse("553 5.1.3 <{address}>: mailbox name invalid: {reason}")
    sender_reply: RefusalField = ReplyTemplate.parse("553 5.1.7 <{address}>: sender address invalid: {reason}")
    bare_newlines: Annotated[str, one_of("reject", "accept", "as_crlf")] = "reject"


class DomainModel(Section):
    """What this host knows of one domain."""

    exists: Texts | None = None
    unknown: RefusalField = UNKNOWN
    naming: Text | None = None
    sender_invalid: RefusalField = SENDER_INVALID
    invalid: RefusalField = INVALID
    full: dict[str, RefusalField] = {}

    @model_validator(mode="after")
    def _compiles(self) -> DomainModel:
        self.domain()
        return self

    def domain(self) -> MailboxDomain:
        """Return what the rules room knows it as.  Raises ValueError."""
        for template, stage in (
            (self.unknown, Stage.RCPT),
            (self.invalid, Stage.RCPT),
            (self.sender_invalid, Stage.MAIL),
        ):
            template.check(stage)
        for template in self.full.values():
            template.check(Stage.RCPT)
        exists = tuple(self.exists) if self.exists is not None else None
        return MailboxDomain(exists, self.naming, dict(self.full), self.unknown, self.invalid, self.sender_invalid)


class KeepModel(Section):
    """Bounds of the store and the journal; 0 keeps nothing of a kind."""

    messages: Annotated[Whole, at_least(0)] = 10_000
    bytes: Annotated[Size, at_least(1)] = 512 * 1024 * 1024
    age: Annotated[Duration | None, BeforeValidator(null)] = 7 * 86_400.0
    sessions: Annotated[Whole, at_least(0)] = 10_000


STORES = ("memory", "sqlite", "sqlite:FILE")


def store(value: Any) -> str:
    """Take the name of a store, with its file where it has one."""
    name = text(value)
    kind, colon, path = name.partition(":")
    if kind in ("redis", "rediss", "valkey") and colon:
        raise ValueError(f"{name} {NOT_YET}")
    if name == "sqlite:":
        raise ValueError("sqlite: names no file (sqlite:/data/mail.db, or sqlite alone for mail.db under data)")
    if name not in STORES and (kind, bool(path)) != ("sqlite", True):
        raise ValueError(f"{name!r} is no store {suggestion(name, STORES)}")
    return name


StoreField = Annotated[str, BeforeValidator(store)]


class CaptureModel(Section):
    """What is kept of what arrives."""

    store: StoreField = "memory"
    keep: KeepModel = KeepModel()
    refused: Flag = True


class HttpModel(Section):
    """The API, the page, health and metrics."""

    port: Annotated[PortField | None, BeforeValidator(null)] = 8025
    interface: Interface = "127.0.0.1"
    hosts: Texts = []
    tokens: Tokens = []


class RuleFile(Section):
    """A file of rules: what stands in a directory of them."""

    rules: list[RuleModel] = []
    mailboxes: dict[str, DomainModel] = {}


DEFAULT_LISTENERS = {"smtp": (25, "starttls"), "smtps": (465, "implicit"), "submission": (587, "starttls")}
"""Listeners of a file that names none: port and TLS."""


def default_listeners() -> dict[str, ListenerModel]:
    """Return the listeners of a file that names none."""
    return {name: ListenerModel(port=port, tls=tls) for name, (port, tls) in DEFAULT_LISTENERS.items()}


class Configuration(RuleFile):
    """The main file."""

    hostname: HostName = "mx.mock.test"
    banner: BannerField = [TextTemplate.parse("{hostname} ESMTP mocksmtp ready")]
    seed: Whole = 0
    rule_keys: Annotated[Whole, at_least(1)] = MOST_KEYS
    data: Annotated[Text | None, BeforeValidator(null)] = None
    trusted: TrustedField = ()
    include: Texts = []
    listeners: dict[str, ListenerModel] = Field(default_factory=default_listeners)
    tls: TlsModel = TlsModel()
    auth: AuthModel = AuthModel()
    extensions: Extensions = [e.keyword for e in EXTENSIONS.values() if e.default]
    limits: LimitsModel = LimitsModel()
    syntax: SyntaxModel = SyntaxModel()
    capture: CaptureModel = CaptureModel()
    http: HttpModel = HttpModel()

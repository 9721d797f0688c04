"""From valid models to settings: profiles, rules and mailboxes, with defaults filled in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from secrets import token_bytes

from mocksmtp.config.lint import warnings
from mocksmtp.config.mistakes import Mistake
from mocksmtp.config.models import (
    CaptureModel,
    CertificateModel,
    Configuration,
    LimitsModel,
    ListenerModel,
    RuleFile,
)
from mocksmtp.config.settings import (
    CaptureSettings,
    CertificateSettings,
    HttpSettings,
    ListenerSettings,
    Settings,
    StoreSettings,
    TlsSettings,
)
from mocksmtp.config.tree import Tree
from mocksmtp.rules.mailboxes import MailboxDomain, Mailboxes
from mocksmtp.rules.rule import Rule
from mocksmtp.rules.template import TextTemplate
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.profile import Authentication, Limits, Profile
from mocksmtp.smtp.sasl import MECHANISMS
from mocksmtp.smtp.syntax import Addresses, BareNewlines

LMTP_BANNER = TextTemplate.parse("{hostname} LMTP mocksmtp ready")
"""What a listener that speaks LMTP says where nothing else is wanted (RFC 2033 section 4)."""


def build(main: Tree, configuration: Configuration, files: Sequence[tuple[Tree, RuleFile]]) -> Settings:
    """Return the settings of models that are valid."""
    folder = Path(main.file).parent
    http, tls = configuration.http, configuration.tls
    all_files: list[tuple[Tree, RuleFile]] = [(main, configuration), *files]
    rules = _rules(all_files)
    return Settings(
        hostname=configuration.hostname,
        seed=configuration.seed,
        rule_keys=configuration.rule_keys,
        data=Path(configuration.data) if configuration.data else None,
        listeners=tuple(_listener(n, li, configuration, folder) for n, li in configuration.listeners.items()),
        tls=TlsSettings(_certificate(tls.certificate, folder), tuple(tls.names), tuple(tls.versions)),
        capture=_capture(configuration.capture, configuration.data),
        http=HttpSettings(http.port, http.interface, tuple(http.hosts), tuple(http.tokens)),
        rulebook_rules=rules,
        mailboxes=Mailboxes(_mailboxes(all_files)),
        syntax_reply=configuration.syntax.reply,
        sender_reply=configuration.syntax.sender_reply,
        warnings=warnings(all_files, configuration, rules),
    )


def _rules(files: Sequence[tuple[Tree, RuleFile]]) -> tuple[Rule, ...]:
    found = []
    for tree, file in files:
        for number, model in enumerate(file.rules):
            place = tree.mistake(("rules", number), "")
            found.append(model.rule(f"{place.file}:{place.line}"))
    return tuple(found)


def _mailboxes(files: Sequence[tuple[Tree, RuleFile]]) -> dict[str, MailboxDomain]:
    return {name: model.domain() for _, file in files for name, model in file.mailboxes.items()}


def listener_mistakes(main: Tree, configuration: Configuration) -> list[Mistake]:
    """Return what only shows when all listeners are seen together."""
    seen: dict[int, list[tuple[str, str | None]]] = {}
    mistakes: list[Mistake] = []
    for name, listener in configuration.listeners.items():
        others = seen.setdefault(listener.port, [])
        taken = [other for other, interface in others if None in (interface, listener.interface) or
                 interface == listener.interface]  # fmt: skip
        others.append((name, listener.interface))
        if taken and listener.port:
            text = f"port: {listener.port} is the port of listener {taken[0]} already"
            mistakes.append(main.mistake(("listeners", name, "port"), text))
        if listener.proxy_protocol != "off" and not configuration.trusted:
            text = "proxy_protocol: nobody may use it: name the networks of your proxies in trusted"
            mistakes.append(main.mistake(("listeners", name, "proxy_protocol"), text))
    if not configuration.listeners:
        mistakes.append(main.mistake(("listeners",), "listeners: there is none"))
    return mistakes


def _listener(name: str, model: ListenerModel, configuration: Configuration, folder: Path) -> ListenerSettings:
    hostname = model.hostname or configuration.hostname
    banner = _banner(model, configuration)
    auth = configuration.auth
    wanted = model.extensions if model.extensions is not None else configuration.extensions
    hidden = set() if model.tls == "starttls" else {"STARTTLS"}
    if model.auth == "off" or not auth.mechanisms:
        hidden.add("AUTH")
    profile = Profile(
        name=name,
        hostname=hostname,
        banner=tuple(line.fill({"hostname": hostname, "listener": name}) for line in banner),
        extensions=tuple(e for keyword, e in EXTENSIONS.items() if keyword in wanted and keyword not in hidden),
        lmtp=model.protocol == "lmtp",
        implicit_tls=model.tls == "implicit",
        require_tls=model.require_tls,
        authentication=Authentication(
            mechanisms=tuple(m for m in auth.mechanisms if auth.users is not None or MECHANISMS[m].anybody),
            users=auth.users,
            required=model.auth == "required",
            without_tls=auth.allow_without_tls,
            random=token_bytes,
        ),
        limits=_limits(configuration.limits, model.limits),
        addresses=Addresses(configuration.syntax.addresses),
        bare_newlines=BareNewlines(configuration.syntax.bare_newlines),
        keep_messages=configuration.capture.keep.messages > 0,
        keep_refused=configuration.capture.refused,
        trusted=configuration.trusted,
    )
    return ListenerSettings(
        profile, model.interface, model.port, model.tls, _certificate(model.certificate, folder),
        model.proxy_protocol,
    )  # fmt: skip


def _banner(model: ListenerModel, configuration: Configuration) -> Sequence[TextTemplate]:
    shared: Sequence[TextTemplate] = configuration.banner
    if model.protocol == "lmtp" and "banner" not in configuration.model_fields_set:
        shared = [LMTP_BANNER]
    return shared if model.banner is None else tuple(model.banner)


def _limits(shared: LimitsModel, own: LimitsModel) -> Limits:
    """A listener overrides only the limits that it names."""
    return Limits(**(shared.model_dump() | own.model_dump(exclude_unset=True)))


def _capture(model: CaptureModel, data: str | None) -> CaptureSettings:
    keep = model.keep
    kind, _, path = model.store.partition(":")
    store = StoreSettings(kind, Path(data or "", path) if path else None)
    return CaptureSettings(
        **keep.model_dump(exclude={"bytes"}), octets=keep.bytes, refused=model.refused, store=store
    )


def _certificate(model: CertificateModel | None, folder: Path) -> CertificateSettings | None:
    return CertificateSettings(folder / model.cert, folder / model.key) if model else None

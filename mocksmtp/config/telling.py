"""What is in force, in the words of the configuration file; secrets are masked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mocksmtp.config.settings import CertificateSettings, ListenerSettings, Settings
from mocksmtp.config.writing import duration_text, size_text, written_reply
from mocksmtp.rules.mailboxes import MailboxDomain
from mocksmtp.smtp.profile import Authentication, Limits, Profile

MASK = "***"
"""Stands for a secret; it says neither how long it is nor whether two are the same."""


def told_settings(settings: Settings) -> dict[str, Any]:
    """Return all settings but the rules, as plain values; listeners tell what follows for each of them."""
    profiles = [each.profile for each in settings.listeners]
    tls, http = settings.tls, settings.http
    return {
        "hostname": settings.hostname,
        "seed": settings.seed,
        "rule_keys": settings.rule_keys,
        "data": None if settings.data is None else str(settings.data),
        **(_shared(profiles[0], settings) if profiles else {}),
        "listeners": {each.profile.name: _listener(each) for each in settings.listeners},
        "tls": {
            "certificate": _certificate(tls.certificate),
            "names": list(tls.names),
            "versions": list(tls.versions),
        },
        "capture": _capture(settings),
        "http": {
            "port": http.port,
            "interface": http.interface,
            "hosts": list(http.hosts),
            "tokens": [MASK for _ in getattr(http, "tokens", ())],
        },
        "mailboxes": {name: _domain(domain) for name, domain in settings.mailboxes.domains.items()},
    }


def _shared(profile: Profile, settings: Settings) -> dict[str, Any]:
    """Tell what every listener has in common."""
    return {
        "trusted": [str(network) for network in profile.trusted],
        "auth": _auth(profile.authentication),
        "syntax": {
            "addresses": profile.addresses.value,
            "reply": written_reply(settings.syntax_reply),
            "sender_reply": written_reply(settings.sender_reply),
            "bare_newlines": profile.bare_newlines.value,
        },
    }


def _auth(auth: Authentication) -> dict[str, Any]:
    users = "any" if auth.users is None else dict.fromkeys(auth.users, MASK)
    return {"mechanisms": list(auth.mechanisms), "users": users, "allow_without_tls": auth.without_tls}


def _listener(listener: ListenerSettings) -> dict[str, Any]:
    profile = listener.profile
    offers = any(each.keyword == "AUTH" for each in profile.extensions)
    auth = "required" if profile.authentication.required else "optional" if offers else "off"
    return {
        "port": listener.port,
        "interface": listener.interface,
        "protocol": "lmtp" if profile.lmtp else "smtp",
        "tls": listener.tls,
        "auth": auth,
        "require_tls": profile.require_tls,
        "proxy_protocol": listener.proxy_protocol,
        "certificate": None if listener.certificate is None else _certificate(listener.certificate),
        "hostname": profile.hostname,
        "banner": list(profile.banner),
        "extensions": [each.keyword for each in profile.extensions],
        "limits": _limits(profile.limits),
    }


def _limits(limits: Limits) -> dict[str, Any]:
    written = {"message_size": size_text(limits.message_size), "idle_timeout": duration_text(limits.idle_timeout)}
    return asdict(limits) | written


def _certificate(own: CertificateSettings | None) -> Any:
    return "auto" if own is None else {"cert": str(own.cert), "key": str(own.key)}


def _capture(settings: Settings) -> dict[str, Any]:
    capture = settings.capture
    keep = {
        "messages": capture.messages,
        "bytes": size_text(capture.octets),
        "age": None if capture.age is None else duration_text(capture.age),
        "sessions": capture.sessions,
    }
    return {"store": str(capture.store), "keep": keep, "refused": capture.refused}


def _domain(domain: MailboxDomain) -> dict[str, Any]:
    return {
        "exists": None if domain.exists is None else list(domain.exists),
        "unknown": written_reply(domain.unknown),
        "naming": domain.naming,
        "sender_invalid": written_reply(domain.sender_invalid),
        "invalid": written_reply(domain.invalid),
        "full": {name: written_reply(reply) for name, reply in domain.full.items()},
    }

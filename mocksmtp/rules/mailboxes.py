"""Mailboxes: what this host knows, domain by domain (SEMANTICS: naming, full, exists)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import re2

from mocksmtp.rules.pattern import GLOB_SIGNS, Kind, PatternIndex, check_regex, is_regex
from mocksmtp.rules.template import ReplyTemplate

if TYPE_CHECKING:
    from mocksmtp.smtp.address import Path

UNKNOWN = ReplyTemplate.parse("550 5.1.1 <{rcpt}>: no such user here")
SENDER_INVALID = ReplyTemplate.parse("553 5.1.7 <{mail}>: sender mailbox name not allowed")
INVALID = ReplyTemplate.parse("553 5.1.3 <{rcpt}>: mailbox name not allowed")
POSTMASTER = "postmaster"


@dataclass(frozen=True, slots=True)
class MailboxDomain:
    """One domain: who exists (None: everybody), how mailboxes are named, who is full, and what is answered.

    Making one raises ValueError for a bad pattern.
    """

    exists: tuple[str, ...] | None = None
    naming: str | None = None
    full: Mapping[str, ReplyTemplate] = field(default_factory=dict)
    unknown: ReplyTemplate = UNKNOWN
    invalid: ReplyTemplate = INVALID
    sender_invalid: ReplyTemplate = SENDER_INVALID

    def __post_init__(self) -> None:
        if self.naming is not None:
            if not is_regex(self.naming):
                raise ValueError("naming is a regex between slashes, as in '/[a-z]+/'")
            check_regex(self.naming[1:-1])
        PatternIndex(Kind.LOCAL_PART, [(text, True) for text in self.exists or ()])
        PatternIndex(Kind.LOCAL_PART, [(text, True) for text in self.full])


class Refusal(NamedTuple):
    """What a mailbox answers, and the name under which journal and facts know it."""

    reply: ReplyTemplate
    name: str


def allows(naming: str, local: str) -> bool:
    """Say whether a local part is named as a domain wants it."""
    return _naming(naming).fullmatch(local) is not None


def _naming(naming: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    return re2.compile(naming[1:-1], options)


class _Domain:
    __slots__ = ("_exists", "_full", "_key", "_naming", "settings")

    def __init__(self, key: str, settings: MailboxDomain) -> None:
        self._key = key
        self.settings = settings
        self._naming = _naming(settings.naming) if settings.naming else None
        self._full = PatternIndex(Kind.LOCAL_PART, list(settings.full.items()))
        self._exists = (
            None
            if settings.exists is None
            else PatternIndex(Kind.LOCAL_PART, [(text, True) for text in settings.exists])
        )

    def misnamed(self, local: str) -> bool:
        return self._naming is not None and not self._naming.fullmatch(local)

    def refuse_sender(self, local: str) -> Refusal | None:
        if self.misnamed(local):
            return Refusal(self.settings.sender_invalid, f"mailboxes/{self._key}/naming")
        return None

    def refuse_recipient(self, local: str) -> Refusal | None:
        user = local.partition("+")[0] or local
        if user.lower() != POSTMASTER and self.misnamed(local):
            return Refusal(self.settings.invalid, f"mailboxes/{self._key}/naming")
        full = self._full.find(user) or self._full.find(local)
        if full:
            return Refusal(full[0], f"mailboxes/{self._key}/full")
        if self._exists is None or user.lower() == POSTMASTER:
            return None
        if self._exists.find(user) or self._exists.find(local):
            return None
        return Refusal(self.settings.unknown, f"mailboxes/{self._key}/exists")


class Mailboxes:
    """All domains; an exact name wins over a glob, an earlier glob over a later one."""

    __slots__ = ("_exact", "_globs", "domains")

    def __init__(self, domains: Mapping[str, MailboxDomain]) -> None:
        self.domains = dict(domains)
        self._exact: dict[str, _Domain] = {}
        self._globs: list[tuple[re.Pattern[str], _Domain]] = []
        for key, settings in domains.items():
            domain = _Domain(key, settings)
            if GLOB_SIGNS.search(key):
                pattern = re.escape(key.lower()).replace(r"\*", ".*").replace(r"\?", ".")
                self._globs.append((re.compile(pattern), domain))
            else:
                self._exact[key.lower()] = domain

    def __eq__(self, other: object) -> bool:
        # In their order, too: an earlier glob wins over a later one.
        return isinstance(other, Mailboxes) and list(self.domains.items()) == list(other.domains.items())

    __hash__ = None  # type: ignore[assignment]  # They hold dicts, and nobody looks them up.

    def __bool__(self) -> bool:
        return bool(self._exact or self._globs)

    def _of(self, path: Path) -> _Domain | None:
        if not path.domain:  # The null path and the bare postmaster belong to no domain.
            return None
        exact = self._exact.get(path.domain)
        if exact is not None:
            return exact
        return next((domain for glob, domain in self._globs if glob.fullmatch(path.domain)), None)

    def refuse_sender(self, path: Path) -> Refusal | None:
        """Say how MAIL is refused, None where it is not."""
        domain = self._of(path)
        return domain.refuse_sender(path.local) if domain else None

    def refuse_recipient(self, path: Path) -> Refusal | None:
        """Say how RCPT is refused, None where it is not."""
        domain = self._of(path)
        return domain.refuse_recipient(path.local) if domain else None

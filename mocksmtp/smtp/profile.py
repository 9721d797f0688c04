"""A profile: all that one listener offers and demands, settled when the configuration is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

from mocksmtp.smtp.reply import Reply
from mocksmtp.smtp.state import State
from mocksmtp.smtp.syntax import Addresses, BareNewlines
from mocksmtp.smtp.verbs import VERBS
from mocksmtp.smtp.verbs.lhlo import LHLO
from mocksmtp.smtp.verbs.rcpt import RCPT_OF_FEW_DOMAINS

if TYPE_CHECKING:
    from mocksmtp.smtp.credentials import Random, Users
    from mocksmtp.smtp.envelope import Params
    from mocksmtp.smtp.extensions import Extension, Parameter
    from mocksmtp.smtp.session import Session
    from mocksmtp.smtp.verbs import Verb

Announce = Callable[["Session"], str | None]
"""What EHLO says of an extension in this session, None where it is not offered now."""

ANY_USER = None
"""``Authentication.users`` when every login is accepted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one listener: sizes in octets, times in seconds; of domains and transactions 0 is no limit."""

    message_size: int = 25 * 1024 * 1024
    recipients: int = 1000
    line_length: int = 2048
    errors: int = 20
    recipient_domains: int = 0
    transactions: int = 0
    idle_timeout: float = 300.0
    connections: int = 10_000
    connections_per_client: int = 2_000


@dataclass(frozen=True, slots=True)
class Authentication:
    """Who may log in, and how: ``users`` maps names to passwords, ``ANY_USER`` lets everybody in.

    ``random`` gives that many octets which nobody can guess; by itself it gives zeros.
    """

    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    users: Users = field(default_factory=dict, repr=False)
    required: bool = False
    without_tls: bool = False
    random: Random = field(default=bytes, repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """One listener, as the session sees it.

    ``banner`` holds the lines that follow 220, already filled in.  ``extensions``
    are those this listener shows, in the order EHLO tells them; what is not here is
    neither announced nor understood.  ``lmtp`` says that LMTP is spoken here (RFC 2033),
    not SMTP.  ``keep_messages`` False answers 250 and keeps nothing, ``keep_refused`` keeps
    messages that were refused at the end of mail data too, marked so.  ``trusted`` are the
    networks that may say who the client is: by the PROXY protocol, and by XCLIENT.  What
    comes last follows from the rest: the 220, the lines of EHLO, those of them on which a
    session has a say, the verbs by name, those that are legal in each state, and the
    parameters of MAIL and RCPT.
    """

    name: str = "smtp"
    hostname: str = "mx.mock.test"
    banner: tuple[str, ...] = ("mx.mock.test ESMTP mocksmtp ready",)
    extensions: tuple[Extension, ...] = ()
    lmtp: bool = False
    implicit_tls: bool = False
    require_tls: bool = False
    authentication: Authentication = Authentication()
    limits: Limits = Limits()
    addresses: Addresses = Addresses.STRICT
    bare_newlines: BareNewlines = BareNewlines.REJECT
    keep_messages: bool = True
    keep_refused: bool = False
    trusted: tuple[IPv4Network | IPv6Network, ...] = ()
    greeting: Reply = field(init=False, repr=False, compare=False)
    ehlo: tuple[str | Announce, ...] = field(init=False, repr=False, compare=False)
    announce: tuple[Announce, ...] = field(init=False, repr=False, compare=False)
    verbs: Mapping[bytes, Verb] = field(init=False, repr=False, compare=False)
    legal: Mapping[State, Mapping[bytes, Verb]] = field(init=False, repr=False, compare=False)
    mail_params: Mapping[str, Parameter] = field(init=False, repr=False, compare=False)
    rcpt_params: Mapping[str, Parameter] = field(init=False, repr=False, compare=False)
    together: tuple[Callable[[Params], Reply | None], ...] = field(init=False, repr=False, compare=False)
    enhanced: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        verbs = dict(VERBS)
        mail: dict[str, Parameter] = {}
        rcpt: dict[str, Parameter] = {}
        if self.lmtp:
            del verbs[b"EHLO"], verbs[b"HELO"]
            verbs[b"LHLO"] = LHLO
        if self.limits.recipient_domains:
            verbs[b"RCPT"] = RCPT_OF_FEW_DOMAINS
        for extension in self.extensions:
            verbs.update((verb.name.encode(), verb) for verb in extension.verbs)
            mail.update(extension.mail)
            rcpt.update(extension.rcpt)
        settle = object.__setattr__  # The tables follow from the frozen fields, so they are made once, here.
        settle(self, "greeting", Reply(220, self.banner))
        lines = [extension.announce or extension.keyword for extension in self.extensions]
        settle(self, "ehlo", (f"{self.hostname} at your service", *lines, "HELP"))
        settle(self, "announce", tuple(line for line in lines if not isinstance(line, str)))
        settle(self, "verbs", verbs)
        settle(self, "legal", {s: {n: v for n, v in verbs.items() if s in v.legal} for s in State})
        settle(self, "mail_params", mail)
        settle(self, "rcpt_params", rcpt)
        settle(self, "together", tuple(e.together for e in self.extensions if e.together is not None))
        settle(self, "enhanced", any(e.keyword == "ENHANCEDSTATUSCODES" for e in self.extensions))

    def trusts(self, address: str) -> bool:
        """Say whether this IP address, given as text, lies in a trusted network."""
        if not self.trusted:
            return False
        try:
            client = ip_address(address)
        except ValueError:
            return False
        return any(client in network for network in self.trusted)

    def bounded_as(self, other: Profile) -> Profile:
        """Return this profile with another's bounds, demands and users; what a client was told of us stands."""
        mechanisms = self.authentication.mechanisms
        return replace(
            self,
            require_tls=other.require_tls,
            authentication=replace(other.authentication, mechanisms=mechanisms),
            limits=other.limits,
            addresses=other.addresses,
            trusted=other.trusted,
            keep_messages=other.keep_messages,
            keep_refused=other.keep_refused,
        )

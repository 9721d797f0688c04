"""Sends one message as a client does, and tells every line of the dialogue (RFC 5321 section 3)."""

from __future__ import annotations

import base64
import hmac
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mocksmtp.client.connection import Connection
from mocksmtp.smtp.reply import Reply

Tell = Callable[[str, str], None]
"""Takes who speaks, ``C`` or ``S`` (``=`` for what is no line), and the line without its CRLF."""

HIDDEN = "********"
_BARE = re.compile(rb"\r\n|\r|\n")


class Tls(StrEnum):
    """When TLS begins; ``AUTO`` is at once on port 465, and by STARTTLS where that is offered."""

    AUTO = "auto"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in; ``mechanism`` empty is the first of ours that the server offers."""

    user: str
    password: str
    mechanism: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent: addresses as they stand between brackets, and the message, octet for octet."""

    mail: str
    rcpt: tuple[str, ...]
    content: bytes
    helo: str = ""
    tls: Tls = Tls.AUTO
    login: Login | None = None
    lmtp: bool = False


class Refused(Exception):
    """The server said no, or what is asked for is not offered; the text says which."""


class Dialogue:
    """One conversation; every line goes to ``tell`` as it is said."""

    def __init__(self, connection: Connection, tell: Tell, context: ssl.SSLContext) -> None:
        """``context`` says whom to trust once TLS begins."""
        self._connection = connection
        self._tell = tell
        self._context = context
        self._offered: dict[str, str] = {}

    def send(self, order: Order, implicit: bool) -> int:
        """Send a message and return how many recipients took it.

        Raises Refused where no mail transaction comes about, and Trouble where the
        conversation breaks off.
        """
        if implicit:
            self._start_tls()
        self._expect(self._heard(), 2)
        self._greet(order)
        if self._wants_starttls(order, implicit):
            self._expect(self._say("STARTTLS"), 2)
            self._start_tls()
            self._greet(order)
        if order.login is not None:
            self._log_in(order.login)
        taken = self._transact(order)
        self._say("QUIT")
        return taken

    # Lines.

    def _say(self, line: str, shown: str | None = None) -> Reply:
        self._tell("C", line if shown is None else shown)
        self._connection.send(line)
        return self._heard()

    def _heard(self) -> Reply:
        reply = self._connection.read_reply()
        for number, line in enumerate(reply.lines, 1):
            self._tell("S", f"{reply.code}{' ' if number == len(reply.lines) else '-'}{line}")
        return reply

    @staticmethod
    def _expect(reply: Reply, digit: int) -> Reply:
        if reply.code // 100 != digit:
            raise Refused(reply.text)
        return reply

    # What comes before mail.

    def _greet(self, order: Order) -> None:
        name = order.helo or self._connection.address_literal
        reply = self._say(f"{'LHLO' if order.lmtp else 'EHLO'} {name}")
        if reply.code // 100 == 5 and not order.lmtp:  # RFC 5321 section 3.2: an old server may know HELO only.
            reply = self._say(f"HELO {name}")
        self._expect(reply, 2)
        words = [line.partition(" ") for line in reply.lines[1:]]
        self._offered = {word.upper(): rest for word, _, rest in words}

    def _wants_starttls(self, order: Order, implicit: bool) -> bool:
        if implicit or order.tls is Tls.OFF:
            return False
        offered = "STARTTLS" in self._offered
        if order.tls is Tls.STARTTLS and not offered:
            raise Refused("STARTTLS is not offered here; --tls off sends in clear")
        return offered

    def _start_tls(self) -> None:
        self._connection.start_tls(self._context)
        verified = "" if self._context.verify_mode is ssl.CERT_REQUIRED else ", certificate not verified"
        self._tell("=", f"TLS {self._connection.tls_version.removeprefix('TLSv')}{verified}")

    def _log_in(self, login: Login) -> None:
        offered = self._offered.get("AUTH", "").upper().split()
        mechanism = login.mechanism.upper() or next((name for name in MECHANISMS if name in offered), "")
        if not mechanism:
            ours, theirs = ", ".join(MECHANISMS), " ".join(offered) or "nothing"
            raise Refused(f"the server offers {theirs} for AUTH, and we know {ours}")
        if mechanism not in MECHANISMS:
            raise Refused(f"{mechanism} is not known here; take one of {', '.join(MECHANISMS)}")
        self._expect(MECHANISMS[mechanism](self, login), 2)

    def plain(self, login: Login) -> Reply:
        """AUTH PLAIN with its initial response (RFC 4616)."""
        response = _b64("\0".join(("", login.user, login.password)))
        return self._say(f"AUTH PLAIN {response}", f"AUTH PLAIN {HIDDEN}")

    def login(self, login: Login) -> Reply:
        """AUTH LOGIN: name and password as they are asked for."""
        for line, shown in (("AUTH LOGIN", None), (_b64(login.user), None), (_b64(login.password), HIDDEN)):
            reply = self._say(line, shown)
            if reply.code != 334:
                break
        return reply

    def cram_md5(self, login: Login) -> Reply:
        """AUTH CRAM-MD5: an answer to a challenge (RFC 2195)."""
        reply = self._say("AUTH CRAM-MD5")
        if reply.code != 334:
            return reply
        try:
            challenge = base64.b64decode(reply.lines[0], validate=True)
        except ValueError:
            raise Refused(f"a challenge that is not base64: {reply.text}") from None
        digest = hmac.new(login.password.encode(), challenge, "md5").hexdigest()
        return self._say(_b64(f"{login.user} {digest}"), HIDDEN)

    # Mail.

    def _transact(self, order: Order) -> int:
        content = with_crlf(order.content)
        self._expect(self._say(f"MAIL FROM:<{order.mail}>{self._parameters(order, content)}"), 2)
        replies = [self._say(f"RCPT TO:<{each}>") for each in order.rcpt]
        taken = sum(reply.code // 100 == 2 for reply in replies)
        if not taken:
            return 0
        self._expect(self._say("DATA"), 3)
        self._tell("=", f"{len(content)} octets of mail data")
        self._tell("C", ".")
        self._connection.send_octets(stuffed(content))
        ends = [self._heard() for _ in range(taken if order.lmtp else 1)]
        if order.lmtp:
            return sum(reply.code // 100 == 2 for reply in ends)
        return taken if ends[0].code // 100 == 2 else 0

    def _parameters(self, order: Order, content: bytes) -> str:
        wanted = {
            "SIZE": (True, f" SIZE={len(content)}"),
            "8BITMIME": (not content.isascii(), " BODY=8BITMIME"),
            "SMTPUTF8": (not "".join((order.mail, *order.rcpt)).isascii(), " SMTPUTF8"),
        }
        return "".join(text for name, (needed, text) in wanted.items() if needed and name in self._offered)


MECHANISMS: dict[str, Callable[[Dialogue, Login], Reply]] = {
    "PLAIN": Dialogue.plain,
    "LOGIN": Dialogue.login,
    "CRAM-MD5": Dialogue.cram_md5,
}


def with_crlf(content: bytes) -> bytes:
    """Return a message with CRLF at every line end, and one at its own end."""
    lines = _BARE.sub(b"\r\n", content)
    return lines if lines.endswith(b"\r\n") or not lines else lines + b"\r\n"


def stuffed(content: bytes) -> bytes:
    """Return mail data as it is sent: dots doubled at the start of lines, and the end (RFC 5321 section 4.5.2)."""
    doubled = content.replace(b"\r\n.", b"\r\n..")
    return (b"." if doubled.startswith(b".") else b"") + doubled + b".\r\n"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def accepted(rcpt: Sequence[str], taken: int) -> str:
    """Say in words how a message fared."""
    if taken == len(rcpt):
        return "accepted"
    return f"accepted for {taken} of {len(rcpt)} recipients" if taken else "refused"

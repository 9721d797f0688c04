"""One blocking SMTP connection, for looking at a server from outside (RFC 5321, RFC 3207)."""

from __future__ import annotations

import re
import socket
import ssl
import time
from enum import StrEnum
from types import TracebackType

from mocksmtp.smtp.reply import Reply

LINE_OCTETS = 2048
"""Octets of one reply line that are waited for: four times what RFC 5321 section 4.5.3.1.5 allows."""
REPLY_LINES = 256
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_START = re.compile(rb"[2-5]([0-9]([0-9]([ \r\n-]|\Z)|\Z)|\Z)")
_TLS_RECORD = (b"\x15\x03", b"\x16\x03")
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST")


class Kind(StrEnum):
    """What went wrong, as far as the socket can tell."""

    NO_NAME = "name-not-found"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no-answer"
    SILENT = "silent"
    CLOSED = "closed"
    NOT_SMTP = "not-smtp"
    TOO_LONG = "too-long"
    TLS_TO_PLAIN = "tls-to-plain"
    PLAIN_TO_TLS = "plain-to-tls"
    TLS_FAILED = "tls-failed"
    INJECTED = "injected"
    CERTIFICATE = "certificate"


class Trouble(Exception):
    """The conversation cannot go on; ``shown`` is what the server or the system said."""

    def __init__(self, kind: Kind, shown: str = "", verify_code: int = 0) -> None:
        """Take what went wrong, the evidence and, for a certificate, OpenSSL's verify code."""
        super().__init__(f"{kind}: {shown}" if shown else str(kind))
        self.kind = kind
        self.shown = shown
        self.verify_code = verify_code


class Connection:
    """A socket with a buffer.  Every method raises ``Trouble`` and nothing else."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        """Connect; ``timeout`` is in seconds and holds for every step from here on."""
        self._host = host
        self._timeout = timeout
        self._buffer = bytearray()
        self._socket = _connect(host, port, timeout)

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, it: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    @property
    def tls_version(self) -> str:
        """``TLSv1.3`` and the like; empty in plain text."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    @property
    def certificate(self) -> bytes:
        """The server's certificate, DER; empty in plain text."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return b""
        return self._socket.getpeercert(binary_form=True) or b""

    @property
    def address_literal(self) -> str:
        """Our end of the connection, to be named in EHLO (RFC 5321 section 4.1.4)."""
        try:
            own = self._socket.getsockname()[0]
        except OSError as error:
            raise Trouble(Kind.CLOSED, str(error)) from error
        return f"[IPv6:{own.partition('%')[0]}]" if ":" in own else f"[{own}]"

    def read_reply(self, timeout: float | None = None) -> Reply:
        """Read one reply, of one line or several, within the timeout as a whole."""
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        lines: list[str] = []
        code = b""
        while len(lines) < REPLY_LINES:
            line = self._read_line(deadline)
            found = _LINE.fullmatch(line)
            if found is None or (code and found[1] != code):
                raise Trouble(Kind.NOT_SMTP, _text(line))
            code = found[1]
            lines.append(_text(found[3] or b""))
            if found[2] != b"-":
                return Reply(int(code), tuple(lines))
        raise Trouble(Kind.TOO_LONG, f"more than {REPLY_LINES} lines")

    def command(self, line: str) -> Reply:
        """Send a command line, without its CRLF, and read the reply."""
        self.send(line)
        return self.read_reply()

    def send(self, line: str) -> None:
        """Send a command line, without its CRLF."""
        if "\r" in line or "\n" in line:
            raise ValueError("a command is one line")
        self.send_octets(line.encode() + b"\r\n")

    def send_octets(self, octets: bytes) -> None:
        """Send octets as they are: mail data."""
        try:
            self._socket.settimeout(self._timeout)
            self._socket.sendall(octets)
        except TimeoutError as error:
            raise Trouble(Kind.SILENT) from error
        except OSError as error:
            raise Trouble(Kind.CLOSED, str(error)) from error

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands: at once on an implicit TLS port, or after 220 to STARTTLS."""
        if self._buffer:  # RFC 3207 section 6: what came in plain text must not count as said under TLS
            raise Trouble(Kind.INJECTED, _text(bytes(self._buffer[:80])))
        plain = self._socket
        try:
            plain.settimeout(self._timeout)
            self._socket = context.wrap_socket(plain, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            raise Trouble(Kind.CERTIFICATE, error.verify_message, error.verify_code) from error
        except ssl.SSLError as error:
            kind = Kind.TLS_TO_PLAIN if error.reason in _NOT_TLS else Kind.TLS_FAILED
            raise Trouble(kind, _reason(error)) from error
        except TimeoutError as error:
            raise Trouble(Kind.SILENT) from error
        except (OSError, ValueError) as error:
            raise Trouble(Kind.TLS_FAILED, str(error)) from error
        finally:
            if self._socket is plain:
                plain.close()

    def close(self) -> None:
        """Close the socket; twice does no harm."""
        self._socket.close()

    def _read_line(self, deadline: float) -> bytes:
        seen = 0
        while (end := self._buffer.find(b"\n", seen)) < 0:
            seen = len(self._buffer)
            if seen > LINE_OCTETS:
                raise Trouble(Kind.TOO_LONG, f"a line of more than {LINE_OCTETS} octets")
            self._receive(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def _receive(self, deadline: float) -> None:
        """Add to the buffer what comes next, or tell from what came before why nothing does."""
        try:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            received = self._socket.recv(4096)
        except TimeoutError as error:
            raise Trouble(self._unlike_smtp() or Kind.SILENT, _text(bytes(self._buffer[:80]))) from error
        except OSError as error:
            raise Trouble(Kind.CLOSED, str(error)) from error
        if not received:
            raise Trouble(self._unlike_smtp() or Kind.CLOSED, _text(bytes(self._buffer[:80])))
        self._buffer += received
        if self._buffer.startswith(_TLS_RECORD):
            raise Trouble(Kind.PLAIN_TO_TLS)

    def _unlike_smtp(self) -> Kind | None:
        return Kind.NOT_SMTP if self._buffer and not _START.match(self._buffer) else None


def _connect(host: str, port: int, timeout: float) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout)
    except (socket.gaierror, UnicodeError) as error:
        raise Trouble(Kind.NO_NAME, str(error)) from error
    except ConnectionRefusedError as error:
        raise Trouble(Kind.REFUSED) from error
    except TimeoutError as error:
        raise Trouble(Kind.NO_ANSWER) from error
    except OSError as error:
        raise Trouble(Kind.UNREACHABLE, error.strerror or str(error)) from error


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


def _text(octets: bytes) -> str:
    """The octets as a terminal may show them: nothing that moves the cursor."""
    shown = octets.decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown)

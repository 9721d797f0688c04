"""Handshakes that come to nothing, and those with a flawed certificate (RFC 8446, RFC 3207)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mocksmtp.smtp.in_clear import HANDSHAKE_RECORD
from mocksmtp.smtp.steps import Close

if TYPE_CHECKING:
    from mocksmtp.net.protocol import SmtpProtocol
    from mocksmtp.smtp.steps import StartTls

ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""A record of TLS 1.2 with the fatal alert handshake_failure; before anything is encrypted 1.3 has the same."""

RECORD_HEAD = 5
"""Octets of a record before its content: type, version, and two octets of length."""


def start_badly(protocol: SmtpProtocol, step: StartTls) -> None:
    """Begin a handshake in which something is wrong."""
    answer = INSTEAD.get(step.handshake)
    if answer is None:
        context = protocol.listener.tls
        flawed = context.flawed
        protocol.shake_hands(context if flawed is None else flawed(step.certificate, step.handshake))
    elif step.handshake == "plaintext" and not protocol.session.greeted_once:
        answer(protocol, b"")  # The greeting, which is due without a word from the client.
        protocol.take_early()
    else:
        AwaitedHello(protocol, answer)
        protocol.take_early()


class AwaitedHello:
    """Waits for the client's hello, whole, and has it answered by something else."""

    def __init__(self, protocol: SmtpProtocol, answer: Callable[[SmtpProtocol, bytes], None]) -> None:
        self._protocol = protocol
        self._answer = answer
        self._hello = b""
        # The hello is taken in place of commands; of this one connection, so that others pay nothing.
        protocol.dataReceived = self.take  # type: ignore[method-assign]

    def take(self, data: bytes) -> None:
        """Take octets of the hello; something else than one is taken as it comes."""
        self._hello += data
        head = self._hello[:RECORD_HEAD]
        if head.startswith(HANDSHAKE_RECORD) and len(self._hello) < RECORD_HEAD + int.from_bytes(head[3:]):
            return
        del self._protocol.dataReceived
        self._answer(self._protocol, self._hello)


def _abort(protocol: SmtpProtocol, _hello: bytes) -> None:
    protocol.transport.write(ALERT)
    protocol.close(Close())


def _close(protocol: SmtpProtocol, _hello: bytes) -> None:
    protocol.close(Close())


def _in_clear(protocol: SmtpProtocol, hello: bytes) -> None:
    protocol.go_on_in_clear(hello)


INSTEAD: dict[str, Callable[[SmtpProtocol, bytes], None]] = {
    "abort": _abort,
    "close_after_hello": _close,
    "plaintext": _in_clear,
}
"""What answers the client's hello in place of ours."""

"""``python -m mocksmtp.client.health``: the container's HEALTHCHECK, by bare sockets.

The readiness page decides where it can be reached; where HTTP is switched off, a 220
greeting on every port given as an argument does.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence

HOST = "127.0.0.1"
HTTP_PORT = 8025
SMTP_PORTS = (25, 465, 587)
TLS_PORTS = (465, 4650)
TIMEOUT = 3.0
_REQUEST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Return the exit status, 0 healthy and 1 not, and print one line that says why."""
    try:
        http_port = int(environ.get("MOCKSMTP_HTTP__PORT") or HTTP_PORT)
        ports = [int(each) for each in arguments] or list(SMTP_PORTS)
    except ValueError as error:
        print(f"not a port number: {error}")
        return 1
    status = http_status(http_port)
    if status is not None:
        print(f"readyz: {status or 'no answer'}")
        return 0 if status == "200" else 1
    silent = [port for port in ports if not greets(port, tls=port in TLS_PORTS)]
    print(f"no 220 greeting on {', '.join(map(str, silent))}" if silent else "every port greets")
    return 1 if silent else 0


def http_status(port: int) -> str | None:
    """The status of the readiness page; empty when the server does not answer, None when nobody listens."""
    try:
        connection = socket.create_connection((HOST, port), TIMEOUT)
    except (OSError, OverflowError):
        return None
    with connection:
        try:
            connection.sendall(_REQUEST)
            words = _first_line(connection).split(b" ")
        except OSError:
            return ""
    if len(words) < 2 or not words[0].startswith(b"HTTP/"):
        return ""
    return words[1].decode("ascii", "replace")


def greets(port: int, *, tls: bool) -> bool:
    """Whether an SMTP server says 220 on the port."""
    try:
        with socket.create_connection((HOST, port), TIMEOUT) as plain:
            if not tls:
                return _first_line(plain)[:3] == b"220"
            with _secured(plain) as secured:
                return _first_line(secured)[:3] == b"220"
    except (OSError, OverflowError):
        return False


def _secured(plain: socket.socket) -> socket.socket:
    import ssl  # a third of this module's starting time, and most checks never come here

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it asks whether we live, not who we are
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)


def _first_line(connection: socket.socket) -> bytes:
    received = b""
    while b"\n" not in received and len(received) < 1024:
        more = connection.recv(1024)
        if not more:
            break
        received += more
    return received.partition(b"\n")[0].rstrip(b"\r")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

"""The SMTP client and the health check, against small servers on the loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mocksmtp.client import health
from mocksmtp.client.connection import LINE_OCTETS, REPLY_LINES, Connection, Kind, Trouble
from mocksmtp.smtp.reply import Reply

Talk = Callable[[socket.socket], None]


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """Serve connections, one thread each; give the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def converse(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threads.append(threading.Thread(target=converse, args=(connection,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        listener.close()
        for thread in threads:
            thread.join()


def says(octets: bytes, *, stay: bool = True) -> Talk:
    """Send the octets and wait for the client to leave, or close at once."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(octets)
        while stay and connection.recv(4096):
            pass

    return talk


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"220 here\r\n", Reply(220, "here")),
        (b"220\r\n", Reply(220, "")),
        (b"250-a\r\n250-b\r\n250 c\r\n", Reply(250, ("a", "b", "c"))),
        (b"554 \x1b[31mred\xff\r\n", Reply(554, "\\x1b[31mred\\xff")),
        (b"220 bare\n", Reply(220, "bare")),
    ],
)
def test_reads_a_reply(octets: bytes, reply: Reply) -> None:
    with serving(says(octets)) as port, Connection("127.0.0.1", port, 5) as connection:
        assert connection.read_reply() == reply


@pytest.mark.parametrize(
    ("octets", "stay", "kind"),
    [
        (b"", False, Kind.CLOSED),
        (b"220-half\r\n", False, Kind.CLOSED),
        (b"", True, Kind.SILENT),
        (b"220-half\r\n", True, Kind.SILENT),
        (b"SSH-2.0-OpenSSH\r\n", True, Kind.NOT_SMTP),
        (b"J\0\0\0mysql", True, Kind.NOT_SMTP),
        (b"250-a\r\n251 b\r\n", True, Kind.NOT_SMTP),
        (b"220" + b" " * (LINE_OCTETS + 4096), True, Kind.TOO_LONG),
        (b"250-a\r\n" * REPLY_LINES, True, Kind.TOO_LONG),
        (b"\x15\x03\x01\x00\x02\x02\x46", True, Kind.PLAIN_TO_TLS),
    ],
)
def test_says_why_there_is_no_reply(octets: bytes, stay: bool, kind: Kind) -> None:
    quick = 0.2 if stay and kind in (Kind.SILENT, Kind.NOT_SMTP) else 5
    talk = says(octets, stay=stay)
    with serving(talk) as port, Connection("127.0.0.1", port, quick) as asks, pytest.raises(Trouble) as caught:
        asks.read_reply()
    assert caught.value.kind is kind


def test_a_command_is_one_line() -> None:
    with serving(says(b"220 x\r\n")) as port, Connection("127.0.0.1", port, 5) as connection:  # noqa: SIM117
        with pytest.raises(ValueError, match="one line"):
            connection.send("NOOP\r\nQUIT")


def test_nobody_listens() -> None:
    with pytest.raises(Trouble) as caught:
        Connection("127.0.0.1", free_port(), 5)
    assert caught.value.kind is Kind.REFUSED


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 0),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", 1),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", 1),
        (b"220 mail\r\n", 1),
        (b"", 1),
    ],
)
def test_the_readiness_page_decides(answer: bytes, status: int) -> None:
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        asked.append(connection.recv(4096))
        connection.sendall(answer)

    with serving(talk) as port, serving(says(b"220 x\r\n")) as smtp:
        assert health.main([str(smtp)], {"MOCKSMTP_HTTP__PORT": str(port)}) == status
    assert asked[0].startswith(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n")


@pytest.mark.parametrize(("greeting", "status"), [(b"220 x\r\n", 0), (b"554 no\r\n", 1), (b"", 1)])
def test_without_http_the_greeting_decides(greeting: bytes, status: int) -> None:
    environ = {"MOCKSMTP_HTTP__PORT": str(free_port())}
    with serving(says(greeting, stay=False)) as port, serving(says(b"220 y\r\n")) as other:
        assert health.main([str(other), str(port)], environ) == status


@pytest.mark.parametrize(("arguments", "environ"), [(["smtp"], {}), ([], {"MOCKSMTP_HTTP__PORT": "http"})])
def test_a_port_is_a_number(arguments: list[str], environ: dict[str, str]) -> None:
    assert health.main(arguments, environ) == 1


def test_the_health_check_imports_little() -> None:
    code = "import sys, mocksmtp.client.health; print({'ssl', 'click', 'twisted', 're2'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"

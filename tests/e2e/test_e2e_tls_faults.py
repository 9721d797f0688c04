"""OpenSSL, Python and Node meet each flawed handshake, and say what docs/faults.md says they do."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from e2e.peers.installed import program
from e2e.raw_client import Client

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/faults.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| .*? \|$", re.MULTILINE)
TABLE = {row[0]: row[1:] for row in ROW.findall(PAGE[PAGE.index("### What clients say") :])}
"""What OpenSSL, Python and Node say, by the fault."""

CERTIFICATES = list(TABLE)[:7]
QUIET = 2


def rules():
    listeners = "".join(f"  {name}: {{port: 0, tls: implicit}}\n" for name in ["good", *TABLE])
    faults = "".join(
        f"  - {{name: {name}, stage: starttls, when: [{{listener: {name}}}, {{helo: '{name}.*'}}], "
        f"fault: {{{'certificate' if name in CERTIFICATES else 'tls'}: {name}}}}}\n"
        for name in TABLE
    )
    return f"tls: {{names: [localhost]}}\nlisteners:\n  smtp: {{port: 0}}\n{listeners}rules:\n{faults}"


@pytest.fixture(scope="module")
def server(start_once):
    return start_once(rules())


@pytest.fixture(params=["implicit", "starttls"])
def way(request):
    return request.param


def openssl(server, name, way, ca):
    """Return what openssl s_client says on the way to the handshake, and whether it came to its end."""
    port = server.ports["smtp" if way == "starttls" else name]
    command = [
        program("openssl"), "s_client", "-connect", f"localhost:{port}", "-CAfile", str(ca),
        "-verify_return_error", "-verify_hostname", "localhost", "-min_protocol", "TLSv1.2",
        *(["-starttls", "smtp", "-name", f"{name}.test"] if way == "starttls" else []),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, input=b"QUIT\r\n", capture_output=True, timeout=QUIET, check=False)
    except subprocess.TimeoutExpired:
        return "nothing, until it is stopped"
    return "is spoken" if not done.returncode else (done.stdout + done.stderr).decode(errors="replace")


def python(server, name, way, ca):
    """Return what Python's ssl raises, or that it went well."""
    context = ssl.create_default_context(cafile=ca)
    try:
        if way == "starttls":
            with smtplib.SMTP("localhost", server.ports["smtp"], f"{name}.test", timeout=QUIET) as client:
                client.starttls(context=context)
        else:
            raw = socket.create_connection(("localhost", server.ports[name]), timeout=QUIET)
            with raw, context.wrap_socket(raw, server_hostname="localhost"):
                pass
    except OSError as error:
        return repr(error)
    return "is spoken"


def node(server, name, way, ca):
    """Return what Node says."""
    port = server.ports["smtp" if way == "starttls" else name]
    script = ROOT / "tests/e2e/peers/handshake.js"
    helo = f"{name}.test" if way == "starttls" else ""
    command = [program("node"), str(script), str(port), str(ca), helo]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


CLIENTS = [openssl, python, node]
UNSAID = {
    "nothing, until it is stopped": "nothing, until it is stopped",
    "its own timeout": "nothing came for 2 s",
}


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_without_a_fault_all_is_well(server, way, client, ca):
    assert "is spoken" in client(server, "good", way, ca(server))


@pytest.mark.parametrize("number", range(3), ids=[client.__name__ for client in CLIENTS])
@pytest.mark.parametrize("name", TABLE)
def test_a_client_says_what_the_page_says(server, way, name, number, ca):
    cell = TABLE[name][number]
    words = cell.split("`")[1] if "`" in cell else UNSAID[cell]
    assert words in CLIENTS[number](server, name, way, ca(server))


def test_a_client_that_does_not_mind_goes_on(server, ca):
    """All certificates but these are of use: whoever looks away gets a session."""
    for name in CERTIFICATES:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with Client(server.ports[name], tls=True, context=context) as client:
            assert client.say(b"NOOP")[0].startswith(b"250")


def test_old_versions_are_spoken_with_those_who_do(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    with Client(server.ports["old_versions_only"], tls=True, context=context) as client:
        assert client.socket.layer.version() == "TLSv1.1"
        assert client.say(b"NOOP")[0].startswith(b"250")


def started(server, name):
    """Say STARTTLS, and return a client that has its 220."""
    client = Client(server.ports["smtp"])
    client.say(f"HELO {name}.test".encode())
    assert client.say(b"STARTTLS")[0].startswith(b"220")
    return client


def test_in_clear_the_hello_is_no_command_and_the_session_goes_on(server):
    with started(server, "plaintext") as client:
        hello = b"\x16\x03\x01\x00\x0a" + b"12345\r\n789"
        client.socket.sendall(hello[:7])
        client.socket.sendall(hello[7:])
        assert client.line() == b"500 5.5.2 Command not recognized\r\n"
        assert client.say(b"MAIL FROM:<a@b.test>")[0].startswith(b"250")
    with started(server, "plaintext") as client:
        assert client.say(b"NOOP")[0].startswith(b"250")


def test_where_tls_is_implicit_the_greeting_comes_in_clear(server):
    with Client(server.ports["plaintext"]) as client:
        assert client.say(b"NOOP")[0].startswith(b"250")


def test_a_stalled_handshake_reads_nothing_and_never_ends(server):
    with started(server, "stall") as client:
        client.socket.sendall(b"\x16\x03\x01")
        assert client.rest(quiet=0.5) == (b"", "open")


@pytest.mark.parametrize(
    ("name", "octets"), [("abort", b"\x15\x03\x03\x00\x02\x02\x28"), ("close_after_hello", b"")]
)
def test_the_whole_hello_is_awaited(server, name, octets):
    with started(server, name) as client:
        client.socket.sendall(b"\x16\x03\x01\x00\x02")
        assert client.rest(quiet=0.3) == (b"", "open")
        client.socket.sendall(b"\x01\x00")
        assert client.rest() == (octets, "closed")

"""``mocksmtp probe``: what a server does, and the sentence a person reads."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from client.test_client_sockets import Talk, says, serving
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mocksmtp.cli.probe import SENTENCES, parse_targets, probe
from mocksmtp.cli.send import send
from mocksmtp.client import survey
from mocksmtp.client.certificate import Flaw
from mocksmtp.client.connection import Kind
from mocksmtp.client.survey import Refusal, Target

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def mail(pem: Path | None = None, **replies: bytes) -> Talk:
    """A small mail server; ``replies`` replace its own, by verb."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(replies.get("greeting", b"220 mail.test ESMTP\r\n"))
        offer = b"250-mail.test\r\n250-STARTTLS\r\n250 SIZE 99\r\n" if pem else b"250-mail.test\r\n250 SIZE 99\r\n"
        own = {"EHLO": offer, "STARTTLS": b"220 go\r\n", "QUIT": b"221 bye\r\n"}
        while line := connection.recv(4096):
            verb = line.split()[0].decode("latin-1")
            connection.sendall(replies.get(verb, own.get(verb, b"500 what\r\n")))
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and pem:
                with tls_side(pem).wrap_socket(connection, server_side=True) as secured:
                    mail(**replies | {"greeting": b""})(secured)
                return

    return talk


def under_tls(pem: Path, talk: Talk) -> Talk:
    """Shake hands before anything is said."""

    def secured_talk(connection: socket.socket) -> None:
        with tls_side(pem).wrap_socket(connection, server_side=True) as secured:
            talk(secured)

    return secured_talk


def tls_side(pem: Path) -> ssl.SSLContext:
    """A server's TLS context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # What is too weak is for the client to say.
    context.load_cert_chain(pem)
    return context


def issue(path: Path, *, address: str = "127.0.0.1", days: int = 9) -> Path:
    """Write a self-signed certificate with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    names = x509.SubjectAlternativeName([x509.DNSName("mail.test"), x509.IPAddress(ipaddress.ip_address(address))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=20)).not_valid_after(now + timedelta(days=days))
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


def vouched(
    folder: Path,
    name: str,
    *,
    key: Key | None = None,
    ca_key: Key | None = None,
    within: str = "mail.test",
) -> Path:
    """Write ``name.pem``, with its key, and ``name-ca.pem``, of the authority that may vouch for ``within``."""
    key, ca_key = key or ec.generate_private_key(ec.SECP256R1()), ca_key or ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("mail.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    subject, issuer = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in ("mail.test", "CA")
    )
    now = datetime.now(UTC)

    def begun(title: x509.Name, public: Key) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(issuer, title, public.public_key(), x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))

    permitted = x509.NameConstraints([x509.DNSName(within)], None)
    ca = begun(issuer, ca_key).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    ca = ca.add_extension(permitted, critical=True).sign(ca_key, hashes.SHA256())
    leaf = begun(subject, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signed = leaf.sign(ca_key, hashes.SHA256())
    (folder / f"{name}-ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return folder / f"{name}.pem"


def short() -> rsa.RSAPrivateKey:
    """A key that OpenSSL takes for too weak from security level 2 on."""
    return rsa.generate_private_key(65537, 1024)


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of certificates whose authority is known and which do not convince all the same."""
    folder = tmp_path_factory.mktemp("doubtful")
    vouched(folder, "sound")
    vouched(folder, "weak-key", key=short())
    vouched(folder, "weak-authority-key", ca_key=short())
    vouched(folder, "refused", within="other.test")
    return folder


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A good certificate, one that has expired and one for another address."""
    folder = tmp_path_factory.mktemp("pems")
    return {
        "good": issue(folder / "good.pem"),
        "expired": issue(folder / "expired.pem", days=-1),
        "elsewhere": issue(folder / "elsewhere.pem", address="192.0.2.1"),
    }


def run(*arguments: str, color: bool = False) -> Result:
    """Run the command."""
    return CliRunner().invoke(probe, list(arguments), color=color)


BEHAVIOURS: list[tuple[str, Talk, str, str]] = [
    ("closed", says(b"", stay=False), "5s", "closed without a banner"),
    ("silent", says(b""), "200ms", "connected, but no answer: a stalled server"),
    ("554", says(b"554 5.7.1 go away\r\n"), "1s", "the greeting is not 220: the server turns clients away"),
    ("554 shown", says(b"554 5.7.1 go away\r\n"), "1s", "(554 5.7.1 go away)"),
    ("ssh", says(b"SSH-2.0-x\r\n"), "5s", "not SMTP at all"),
    ("ssh shown", says(b"SSH-2.0-x\r\n"), "5s", "(SSH-2.0-x)"),
    ("tls alert", says(b"\x15\x03\x01\x00\x02\x02\x46"), "5s", "plain text was spoken to a TLS port"),
    ("endless", says(b"220-x\r\n" * 300), "5s", "a reply without end"),
    ("no ehlo", mail(EHLO=b"502 no\r\n"), "5s", "EHLO was refused: the server's reply says why (502 no)"),
    ("ends", mail(EHLO=b""), "200ms", "connected, but no answer"),
    ("no tls", mail(EHLO=b"250-x\r\n250 STARTTLS\r\n", STARTTLS=b"454 no\r\n"), "5s", "and then refused"),
    ("piped", mail(EHLO=b"250-x\r\n250 STARTTLS\r\n", STARTTLS=b"220 x\r\n250 y\r\n"), "5s", "plain text came"),
]


@pytest.mark.parametrize(
    ("talk", "timeout", "words"), [row[1:] for row in BEHAVIOURS], ids=[row[0] for row in BEHAVIOURS]
)
def test_a_behaviour_has_a_sentence(talk: Talk, timeout: str, words: str) -> None:
    with serving(talk) as port:
        result = run(f"127.0.0.1:{port}", "--timeout", timeout)
    assert words in result.output
    assert result.exit_code == 1


def test_nobody_listens() -> None:
    with serving(says(b"")) as port:
        pass
    result = run(f"127.0.0.1:{port}")
    assert (result.exit_code, "refused: nothing listens here" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name not found: check the spelling"),
        (UnicodeError("label too long"), "name not found"),
        (TimeoutError(), "no answer: a firewall"),
        (OSError(101, "Network is unreachable"), "cannot be reached"),
    ],
)
def test_no_connection(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", refuse)
    result = run("mail.test:25")
    assert words in result.output
    assert result.exit_code == 1


def test_every_kind_has_a_sentence() -> None:
    assert set(SENTENCES) == {*Kind, *Refusal, *Flaw} - {Kind.CERTIFICATE}


def test_a_good_plain_server() -> None:
    with serving(mail()) as port:
        result = run(f"127.0.0.1:{port}")
    assert result.output == f"ok   127.0.0.1:{port}  220 mail.test ESMTP\n     EHLO: SIZE 99\n"
    assert result.exit_code == 0


def test_lmtp_is_greeted_by_lhlo(pems: dict[str, Path]) -> None:
    talk = mail(pems["good"], EHLO=b"500 what\r\n", LHLO=b"250-mail.test\r\n250-STARTTLS\r\n250 SIZE 99\r\n")
    with serving(talk) as port:
        result = run(f"127.0.0.1:{port}", "--json")
    (entry,) = json.loads(result.output)["ports"]
    assert (entry["ok"], entry["protocol"], entry["tls"]) == (True, "lmtp", "starttls")


def test_a_server_that_knows_neither_ehlo_nor_lhlo() -> None:
    with serving(mail(EHLO=b"500 no\r\n")) as port:
        result = run(f"127.0.0.1:{port}")
    assert "EHLO was refused: the server's reply says why (500 no)" in result.output


def test_starttls_with_a_trusted_certificate(pems: dict[str, Path]) -> None:
    with serving(mail(pems["good"])) as port:
        result = run(f"127.0.0.1:{port}", "--cafile", str(pems["good"]))
    assert "STARTTLS: TLSv1.3, then EHLO: SIZE 99" in result.output
    assert "certificate: mail.test, 127.0.0.1; issued by CN=mail.test; expires 20" in result.output
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("pem", "trusted", "words"),
    [
        ("good", None, "unknown authority"),
        ("expired", "expired", "the certificate has expired"),
        ("expired", None, "the certificate has expired"),
        ("elsewhere", "elsewhere", "for another name, not 127.0.0.1"),
        ("elsewhere", None, "for another name, not 127.0.0.1"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_a_doubtful_certificate(
    pems: dict[str, Path], pem: str, trusted: str | None, words: str, strict: bool
) -> None:
    options = (["--cafile", str(pems[trusted])] if trusted else []) + (["--strict"] if strict else [])
    with serving(mail(pems[pem])) as port:
        result = run(f"127.0.0.1:{port}", *options)
    wrong = strict or trusted is not None
    assert words in result.output
    assert ("unknown authority" in result.output) == (trusted is None)
    assert ("problem:" if wrong else "warning:") in result.output
    assert result.exit_code == wrong


DOUBTS = [
    ("weak-key", "key is too weak: issue it anew", "EE certificate key too weak"),
    ("weak-authority-key", "the key of the certificate's authority is too weak", "CA certificate key too weak"),
    ("refused", "refused for what OpenSSL names here", "permitted subtree violation"),
]


@pytest.mark.parametrize(("name", "words", "evidence"), DOUBTS)
def test_what_is_no_matter_of_the_authority_is_not_laid_to_it(
    doubtful: Path, name: str, words: str, evidence: str
) -> None:
    options = ("--cafile", str(doubtful / f"{name}-ca.pem"), "--json")
    with serving(mail(doubtful / f"{name}.pem")) as port:
        result = run(f"127.0.0.1:{port}", *options)
    (entry,) = json.loads(result.output)["ports"]
    (problem,) = entry["problems"]
    assert problem["kind"] == f"certificate-{name}"
    assert words in problem["text"]
    assert (evidence in problem["text"]) == (name == "refused")


def test_an_authority_that_is_known_convinces(doubtful: Path) -> None:
    with serving(mail(doubtful / "sound.pem")) as port:
        result = run(f"127.0.0.1:{port}", "--cafile", str(doubtful / "sound-ca.pem"))
    assert (result.exit_code, "warning" in result.output) == (0, False)


@pytest.mark.parametrize(
    ("name", "ca", "words", "evidence"),
    [
        *((name, name, words, evidence) for name, words, evidence in DOUBTS),
        (
            "sound",
            "refused",
            "from an unknown authority: give its CA by --cafile",
            "certificate signature failure",
        ),
    ],
)
def test_send_lays_a_certificate_to_what_is_wrong_with_it(
    doubtful: Path, name: str, ca: str, words: str, evidence: str
) -> None:
    options = ("--to", "you@example.com", "--cafile", str(doubtful / f"{ca}-ca.pem"))
    with serving(mail(doubtful / f"{name}.pem")) as port:
        result = CliRunner().invoke(send, [f"127.0.0.1:{port}", *options])
    said = result.output.splitlines()[-1]
    assert (words in said, f"or take any by --insecure ({evidence})" in said) == (True, True)
    assert ("--cafile" in said) == (name == "sound")
    assert result.exit_code == 1


def test_a_silent_server_is_asked_by_tls(pems: dict[str, Path]) -> None:
    with serving(under_tls(pems["good"], mail())) as port:
        result = run(f"127.0.0.1:{port}", "--timeout", "2s", "--cafile", str(pems["good"]))
    assert "TLS: implicit, TLSv1.3" in result.output
    assert result.exit_code == 0


def test_a_late_greeting_is_no_tls_port() -> None:
    """The greeting comes when the second connection, which asks by TLS, has been seen."""
    second = threading.Event()
    order = iter((True, False))

    def talk(connection: socket.socket) -> None:
        if next(order):
            second.wait(10)
            return mail()(connection)
        connection.recv(4096)
        return second.set()

    with serving(talk) as port:
        result = run(f"127.0.0.1:{port}", "--timeout", "2s")
    assert (result.exit_code, "220 mail.test" in result.output) == (0, True)


def test_a_tls_port_that_speaks_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(mail()) as port:
        monkeypatch.setattr(survey, "TLS_PORTS", (port,))
        result = run(f"127.0.0.1:{port}")
    assert "TLS was spoken to a plain port" in result.output
    assert result.exit_code == 1


def test_a_handshake_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)

    with serving(talk) as port:
        monkeypatch.setattr(survey, "TLS_PORTS", (port,))
        result = run(f"127.0.0.1:{port}")
    assert "the TLS handshake failed" in result.output
    assert result.exit_code == 1


def test_waits_until_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksmtp.cli.probe.PAUSE", 0.001)
    looks = iter((says(b"", stay=False), mail(greeting=b"421 soon\r\n")))

    with serving(lambda connection: next(looks, mail())(connection)) as port:
        result = run(f"127.0.0.1:{port}", "--wait", "1m")
    assert result.exit_code == 0
    assert "problem" not in result.output


def test_json(pems: dict[str, Path]) -> None:
    with serving(mail(pems["good"])) as port:
        result = run(f"127.0.0.1:{port}", "--json")
    document = json.loads(result.output)
    (entry,) = document["ports"]
    assert document["ok"]
    assert entry["extensions"] == ["STARTTLS", "SIZE 99"]
    assert entry["tls"] == "starttls"
    assert entry["certificate"]["issuer"] == "CN=mail.test"
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", entry["certificate"]["expires"])
    assert [each["kind"] for each in entry["warnings"]] == ["certificate-unknown-authority"]


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour(monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    with serving(mail()) as port:
        assert ("\x1b[32m" in run(f"127.0.0.1:{port}", color=True).output) == coloured


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("mail", [Target("mail", 25), Target("mail", 465), Target("mail", 587)]),
        ("mail:2525", [Target("mail", 2525)]),
        ("[::1]:25", [Target("::1", 25)]),
        ("::1", [Target("::1", 25), Target("::1", 465), Target("::1", 587)]),
        ("[::1]", [Target("::1", 25), Target("::1", 465), Target("::1", 587)]),
    ],
)
def test_targets(text: str, targets: list[Target]) -> None:
    assert parse_targets(text) == targets


@pytest.mark.parametrize(
    "text", ["", ":25", "mail:", "mail:0", "mail:65536", "mail:x", "[::1", "[::1]25", "a b", "smtp://x"]
)
def test_targets_refused(text: str) -> None:
    with pytest.raises(click.UsageError):
        parse_targets(text)


@pytest.mark.parametrize(
    "arguments", [["--wait", "5"], ["--timeout", "0s"], ["--timeout", "-1s"], ["--cafile", "/none"], ["mail:0"]]
)
def test_usage(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_cafile_without_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    assert run("--cafile", str(tmp_path / "ca.pem")).exit_code == 2


def test_the_docs_tell_every_kind_with_its_sentence():
    told = (Path(__file__).parents[2] / "docs/cli.md").read_text()
    rows = [
        f"| `{kind}` | {text.format(host='HOST', when='without a banner')} |" for kind, text in SENTENCES.items()
    ]
    assert [row for row in rows if row not in told] == []

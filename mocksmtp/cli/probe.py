"""``mocksmtp probe``: looks at SMTP ports from outside and says what is wrong and how to cure it."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

import click

from mocksmtp.client.certificate import Flaw
from mocksmtp.client.connection import Kind
from mocksmtp.client.survey import Finding, Refusal, Remark, Surveyor, Target

PORTS = (25, 465, 587)
PAUSE = 0.5
"""Seconds between two looks while waiting."""
LONGEST = 86400.0
"""Seconds; a socket takes no timeout without end."""

SENTENCES: dict[StrEnum, str] = {
    Kind.NO_NAME: "name not found: check the spelling, and that DNS or the container network knows {host}",
    Kind.REFUSED: "refused: nothing listens here. Start the server, or correct the port",
    Kind.UNREACHABLE: "cannot be reached: check the address, the route and the network",
    Kind.NO_ANSWER: "no answer: a firewall drops the packets or the server is stalled. Open the port, "
    "or restart it",
    Kind.SILENT: "connected, but no answer: a stalled server, or a firewall or proxy in between. Restart it, "
    "or raise --timeout",
    Kind.CLOSED: "closed {when}: the server or a proxy in front of it gave up. Read the server's log",
    Kind.NOT_SMTP: "not SMTP at all: another service answers here. Correct the port",
    Kind.TOO_LONG: "a reply without end: this is not SMTP, or the server is broken. Correct the port",
    Kind.TLS_TO_PLAIN: "TLS was spoken to a plain port: the server expects plain text here. Switch on implicit "
    "TLS for this port, or use a plain one (25, 587) with STARTTLS",
    Kind.PLAIN_TO_TLS: "plain text was spoken to a TLS port: the server expects TLS at once. Use implicit TLS "
    "here, or a plain port",
    Kind.TLS_FAILED: "the TLS handshake failed: compare the TLS versions and ciphers, and read the server's log",
    Kind.INJECTED: "plain text came after the reply to STARTTLS: the server or a proxy in between is broken",
    Refusal.GREETING: "the greeting is not 220: the server turns clients away. Its reply says why",
    Refusal.EHLO: "EHLO was refused: the server's reply says why",
    Refusal.STARTTLS: "STARTTLS was offered and then refused: check the server's certificate and key",
    Flaw.EXPIRED: "the certificate has expired: renew it",
    Flaw.NOT_YET_VALID: "the certificate is not valid yet: check both clocks",
    Flaw.WRONG_NAME: "the certificate is for another name, not {host}: use a name it holds, or issue it anew",
    Flaw.WEAK_KEY: "the certificate's key is too weak: issue it anew for a longer one, EC P-256 or RSA "
    "with 2048 bits",
    Flaw.WEAK_AUTHORITY_KEY: "the key of the certificate's authority is too weak: have it issued by one with a "
    "longer key",
    Flaw.WEAK_SIGNATURE: "the certificate, or its authority's, is signed with a digest that is too weak: issue it "
    "anew with SHA-256",
    Flaw.UNKNOWN_AUTHORITY: "the certificate is from an unknown authority: give its CA by --cafile, "
    "or let the server send those in between",
    Flaw.REFUSED: "the certificate is refused for what OpenSSL names here: issue it anew without that",
}

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m)")


def seconds(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """Read ``500ms``, ``30s`` or ``2m``."""
    found = _DURATION.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not a duration: write 500ms, 30s or 2m")
    return min(float(found[1]) * _UNITS[found[2]], LONGEST)


@click.command()
@click.argument("hosts", nargs=-1, metavar="[HOST[:PORT]]...")
@click.option("--wait", callback=seconds, default="0s", help="Try again until all is well or this time is over.")
@click.option("--timeout", callback=seconds, default="5s", show_default=True, help="Time for each step.")
@click.option("--cafile", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trust these CAs.")
@click.option("--strict", is_flag=True, help="Take a bad certificate for an error.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def probe(
    hosts: tuple[str, ...], wait: float, timeout: float, cafile: Path | None, strict: bool, as_json: bool
) -> None:
    """Look at SMTP ports and say what is wrong with them.

    HOST alone means its ports 25, 465 and 587; no HOST means 127.0.0.1; write IPv6 as [::1]:25.
    A certificate that does not convince is a warning, with --cafile or --strict an error.
    Exit status 0: all good, 1: something is wrong, 2: usage.
    """
    if timeout <= 0:
        raise click.UsageError("--timeout must be longer than nothing")
    surveyor = Surveyor(timeout, cafile, strict)
    try:
        surveyor.trusting()
    except OSError as error:
        raise click.UsageError(f"--cafile {cafile}: no certificates in PEM form ({error})") from error
    targets = list(dict.fromkeys(each for host in hosts or ("127.0.0.1",) for each in parse_targets(host)))
    findings = look_until_well(surveyor, targets, wait)
    if as_json:
        click.echo(json.dumps(_document(findings), indent=2))
    else:
        for finding in findings:
            click.echo(_report(finding), color=False if os.environ.get("NO_COLOR") else None)
    sys.exit(0 if all(finding.well for finding in findings) else 1)


def parse_targets(text: str) -> list[Target]:
    """Read ``host``, ``host:25``, ``[::1]:25``, ``[::1]`` or ``::1``."""
    bracketed = re.fullmatch(r"\[([^\[\]]+)\](?::(.*))?", text)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif text.count(":") == 1:
        host, port = text.split(":")
    else:
        host, port = text, None
    if not host or re.search(r"[\s\[\]/@\0]", host):
        raise click.UsageError(f"{text!r} is not HOST, HOST:PORT or [IPv6]:PORT")
    if port is None:
        return [Target(host, each) for each in PORTS]
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise click.UsageError(f"{text!r}: a port is a number from 1 to 65535")
    return [Target(host, int(port))]


def look_until_well(surveyor: Surveyor, targets: Sequence[Target], wait: float) -> list[Finding]:
    """Look at all ports at once, and again at those that are not well until the time is over."""
    deadline = time.monotonic() + wait
    findings: dict[Target, Finding] = {}
    with ThreadPoolExecutor(max_workers=min(len(targets), 16)) as pool:
        ill = list(targets)
        while True:
            findings.update(zip(ill, pool.map(surveyor.look, ill), strict=True))
            ill = [target for target in targets if not findings[target].well]
            left = deadline - time.monotonic()
            if not ill or left <= 0:
                return [findings[target] for target in targets]
            time.sleep(min(PAUSE, left))


def sentence(remark: Remark, finding: Finding) -> str:
    """Plain words for a remark, with the cure and the evidence."""
    when = "in the middle of the conversation" if finding.banner else "without a banner"
    said = SENTENCES[remark.kind].format(host=finding.target.host, when=when)
    return f"{said} ({remark.shown})" if remark.shown else said


def _report(finding: Finding) -> str:
    word = click.style("ok  ", fg="green") if finding.well else click.style("FAIL", fg="red")
    lines = [f"{word} {finding.target}  {finding.banner}".rstrip()]
    if finding.tls == "implicit":
        lines.append(f"     TLS: implicit, {finding.tls_version}")
    if finding.extensions:
        lines.append(f"     {finding.hello}: {', '.join(finding.extensions)}")
    if finding.tls == "starttls":
        told = ", ".join(finding.tls_extensions) or "-"
        lines.append(f"     STARTTLS: {finding.tls_version}, then {finding.hello}: {told}")
    if finding.certificate:
        names = ", ".join(finding.certificate.names) or finding.certificate.subject
        lines.append(
            f"     certificate: {names}; issued by {finding.certificate.issuer};"
            f" expires {finding.certificate.expires:%Y-%m-%d}"
        )
    lines += [
        f"     {click.style('warning:', fg='yellow')} {sentence(each, finding)}" for each in finding.warnings
    ]
    lines += [f"     {click.style('problem:', fg='red')} {sentence(each, finding)}" for each in finding.problems]
    return "\n".join(lines)


def _document(findings: Sequence[Finding]) -> dict[str, object]:
    return {"ok": all(finding.well for finding in findings), "ports": [_entry(finding) for finding in findings]}


def _entry(finding: Finding) -> dict[str, object]:
    certificate = finding.certificate
    return {
        "host": finding.target.host,
        "port": finding.target.port,
        "ok": finding.well,
        "banner": finding.banner,
        "protocol": "lmtp" if finding.hello == "LHLO" else "smtp",
        "extensions": finding.extensions,
        "tls": finding.tls,
        "tls_version": finding.tls_version,
        "tls_extensions": finding.tls_extensions,
        "certificate": certificate
        and {
            "subject": certificate.subject,
            "names": certificate.names,
            "issuer": certificate.issuer,
            "expires": certificate.expires.isoformat().replace("+00:00", "Z"),
        },
        "problems": [{"kind": each.kind, "text": sentence(each, finding)} for each in finding.problems],
        "warnings": [{"kind": each.kind, "text": sentence(each, finding)} for each in finding.warnings],
    }

"""A look at one SMTP port: greeting, EHLO, TLS and certificate."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mocksmtp.client.certificate import Certificate, Flaw
from mocksmtp.client.connection import Connection, Kind, Trouble
from mocksmtp.smtp.reply import Reply

TLS_PORTS = (465, 4650)
LEAVE = 0.5
"""Seconds for the reply to QUIT."""


class Refusal(StrEnum):
    """A reply that ends the look."""

    GREETING = "greeting-not-220"
    EHLO = "ehlo-refused"
    STARTTLS = "starttls-refused"


@dataclass(frozen=True, slots=True)
class Target:
    """One port of one host."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong, and the evidence: the reply, the octets or the system's words."""

    kind: Kind | Refusal | Flaw
    shown: str = ""


@dataclass(slots=True)
class Finding:
    """What one look at a port brought; ``hello`` is LHLO where the server speaks LMTP."""

    target: Target
    banner: str = ""
    hello: str = "EHLO"
    extensions: tuple[str, ...] = ()
    tls: str = ""
    tls_version: str = ""
    tls_extensions: tuple[str, ...] = ()
    certificate: Certificate | None = None
    problems: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether there is no problem; a warning is none."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Surveyor:
    """How to look: how long to wait for each step and whom to trust."""

    timeout: float
    cafile: Path | None = None
    strict: bool = False

    def trusting(self) -> ssl.SSLContext:
        """A context that verifies; raises OSError where the CA file cannot be read."""
        context = ssl.create_default_context(cafile=self.cafile)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a CA file may hold the server's own certificate
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context

    def look(self, target: Target) -> Finding:
        """Look at a port: with verification, and where that fails once more without."""
        finding = self._attempt(target, self.trusting())
        doubt = next((each for each in finding.problems if isinstance(each.kind, Flaw)), None)
        if doubt is None:
            return finding
        first = Flaw(doubt.kind)
        finding = self._attempt(target, _indifferent())
        certificate = finding.certificate
        flaws = certificate.flaws(target.host, first) if certificate else (first,)
        told = finding.problems if self.strict or self.cafile else finding.warnings
        told.extend(Remark(flaw, doubt.shown if flaw is Flaw.REFUSED else "") for flaw in flaws)
        return finding

    def _attempt(self, target: Target, context: ssl.SSLContext) -> Finding:
        finding = Finding(target)
        try:
            if target.port in TLS_PORTS:
                self._look_by_tls(finding, context)
            else:
                self._look_plainly(finding, context)
        except Trouble as trouble:
            kind = Flaw.of(trouble.verify_code) if trouble.kind is Kind.CERTIFICATE else trouble.kind
            finding.problems.append(Remark(kind, trouble.shown))
        return finding

    def _look_by_tls(self, finding: Finding, context: ssl.SSLContext, timeout: float | None = None) -> None:
        with Connection(finding.target.host, finding.target.port, timeout or self.timeout) as connection:
            connection.start_tls(context)
            finding.tls = "implicit"
            _note_tls(finding, connection)
            _converse(finding, connection, connection.read_reply(), context)

    def _look_plainly(self, finding: Finding, context: ssl.SSLContext) -> None:
        """Wait for half the timeout; then ask beside it, by a second connection, whether this is a TLS port."""
        half = self.timeout / 2
        with Connection(finding.target.host, finding.target.port, self.timeout) as connection:
            try:
                greeting = connection.read_reply(half)
            except Trouble as trouble:
                if trouble.kind is not Kind.SILENT or trouble.shown:
                    raise
                try:
                    return self._look_by_tls(finding, context, half)
                except Trouble as under_tls:
                    if finding.tls or under_tls.kind is Kind.CERTIFICATE:
                        raise
                greeting = connection.read_reply(half)  # no TLS there: a slow server, then
            return _converse(finding, connection, greeting, context)


def _converse(finding: Finding, connection: Connection, greeting: Reply, context: ssl.SSLContext) -> None:
    finding.banner = greeting.text
    if greeting.code != 220:
        finding.problems.append(Remark(Refusal.GREETING, greeting.text))
    else:
        extensions = _ehlo(finding, connection)
        finding.extensions = extensions or ()
        if extensions and not finding.tls and "STARTTLS" in map(str.upper, extensions):
            _upgrade(finding, connection, context)
    _quit(connection)


def _upgrade(finding: Finding, connection: Connection, context: ssl.SSLContext) -> None:
    answer = connection.command("STARTTLS")
    if answer.code != 220:
        finding.problems.append(Remark(Refusal.STARTTLS, answer.text))
        return
    connection.start_tls(context)
    finding.tls = "starttls"
    _note_tls(finding, connection)
    finding.tls_extensions = _ehlo(finding, connection) or ()  # RFC 3207 section 4.2: what was said before is void


def _ehlo(finding: Finding, connection: Connection) -> tuple[str, ...] | None:
    answer = connection.command(f"{finding.hello} {connection.address_literal}")
    if answer.code == 250:
        return answer.lines[1:]
    if answer.code == 500:  # LMTP does not know EHLO (RFC 2033 section 4.1).
        second = connection.command(f"LHLO {connection.address_literal}")
        if second.code == 250:
            finding.hello = "LHLO"
            return second.lines[1:]
    finding.problems.append(Remark(Refusal.EHLO, answer.text))
    return None


def _note_tls(finding: Finding, connection: Connection) -> None:
    finding.tls_version = connection.tls_version
    finding.certificate = Certificate.read(connection.certificate)


def _quit(connection: Connection) -> None:
    """Take leave; how the server takes it is no part of the look."""
    try:
        connection.send("QUIT")
        connection.read_reply(LEAVE)
    except Trouble:
        return


def _indifferent() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

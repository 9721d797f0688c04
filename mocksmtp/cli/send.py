"""``mocksmtp send``: a small real client; sends one message and prints the dialogue."""

from __future__ import annotations

import os
import ssl
import sys
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import IO

import click

from mocksmtp.cli.probe import SENTENCES, parse_targets, seconds
from mocksmtp.client.certificate import Flaw
from mocksmtp.client.connection import Connection, Kind, Trouble
from mocksmtp.client.sending import MECHANISMS, Dialogue, Login, Order, Refused, Tls, accepted
from mocksmtp.client.survey import TLS_PORTS

DEFAULT_PORT = 25
COLOURS = {"C": "cyan", "=": "bright_black", "2": "green", "3": "green", "4": "yellow", "5": "red"}


@click.command()
@click.argument("server", metavar="[HOST[:PORT]]", default="127.0.0.1")
@click.option("--from", "mail", default="sender@example.org", show_default=True, help="The sender; '' is <>.")
@click.option("--to", "rcpt", multiple=True, required=True, help="A recipient.  May be given several times.")
@click.option("--file", "source", type=click.File("rb"), help="The message, as it is; - is standard input.")
@click.option("--subject", default="A message from mocksmtp send", help="Without --file: its subject.")
@click.option("--body", default="Hello.", help="Without --file: its text.")
@click.option(
    "--tls",
    type=click.Choice([each.value for each in Tls]),
    default="auto",
    show_default=True,
    help="When TLS begins; auto takes any certificate unless --cafile is given.",
)
@click.option("--cafile", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trust these CAs.")
@click.option("--insecure", is_flag=True, help="Take any certificate.")
@click.option("--user", help="Log in as this user.")
@click.option("--password", envvar="MOCKSMTP_SEND_PASSWORD", default="", help="Or by MOCKSMTP_SEND_PASSWORD.")
@click.option("--auth", type=click.Choice([*MECHANISMS], case_sensitive=False), help="By this mechanism only.")
@click.option("--helo", default="", help="The name for EHLO; otherwise our address.")
@click.option("--lmtp", is_flag=True, help="Speak LMTP (RFC 2033).")
@click.option("--timeout", callback=seconds, default="30s", show_default=True, help="Time for each step.")
@click.option("--quiet", "-q", is_flag=True, help="Print the outcome only.")
def send(
    server: str, mail: str, rcpt: tuple[str, ...], source: IO[bytes] | None, subject: str, body: str, tls: str,
    cafile: Path | None, insecure: bool, user: str | None, password: str, auth: str | None, helo: str, lmtp: bool,
    timeout: float, quiet: bool,
) -> None:  # fmt: skip
    """Send one message and print the dialogue.

    HOST alone means its port 25; no HOST means 127.0.0.1.  Exit status 0: every recipient took
    it, 1: it was refused or the conversation broke off, 2: usage.
    """
    host, port = _server(server)
    content = source.read() if source is not None else _message(mail, rcpt, subject, body)
    login = Login(user, password, auth or "") if user is not None else None
    order = Order(mail, rcpt, content, helo, Tls(tls), login, lmtp)
    for address in (mail, *rcpt, helo):
        if "\r" in address or "\n" in address:
            raise click.UsageError("an address or a name is one line")
    implicit = order.tls is Tls.IMPLICIT or (order.tls is Tls.AUTO and port in TLS_PORTS)
    try:
        with Connection(host, port, timeout) as connection:
            # Whom nobody asked to verify is served as MTAs do it, by any certificate (RFC 7435).
            anybody = insecure or (order.tls is Tls.AUTO and cafile is None)
            dialogue = Dialogue(connection, _silent if quiet else _tell, _context(cafile, anybody))
            taken = dialogue.send(order, implicit)
    except Refused as refused:
        _end(f"refused: {refused}", 1)
    except Trouble as trouble:
        _end(_sentence(trouble, host), 1)
    except OSError as error:
        raise click.UsageError(f"--cafile {cafile}: no certificates in PEM form ({error})") from error
    if quiet or taken < len(rcpt):
        _end(accepted(rcpt, taken), 0 if taken == len(rcpt) else 1)


def _server(text: str) -> tuple[str, int]:
    targets = parse_targets(text)
    return targets[0].host, targets[0].port if len(targets) == 1 else DEFAULT_PORT


def _message(mail: str, rcpt: tuple[str, ...], subject: str, body: str) -> bytes:
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = mail or "MAILER-DAEMON", ", ".join(rcpt), subject
    except ValueError:  # An address that is no address is what this tool is often for.
        message = EmailMessage()
        message["From"], message["Subject"] = "mocksmtp@localhost", subject
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="mocksmtp.test")
    message.set_content(body)
    return message.as_bytes()


def _context(cafile: Path | None, insecure: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=cafile)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tell(who: str, line: str) -> None:
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    colour = COLOURS.get(who) or COLOURS.get(line[:1])
    click.echo(click.style(f"{who}: {shown}", fg=colour), color=False if os.environ.get("NO_COLOR") else None)


def _silent(_who: str, _line: str) -> None:
    """Say nothing."""


def _sentence(trouble: Trouble, host: str) -> str:
    doubtful = trouble.kind is Kind.CERTIFICATE
    words = SENTENCES[Flaw.of(trouble.verify_code) if doubtful else trouble.kind]
    said = words.format(host=host, when="in the middle of the conversation")
    if doubtful:
        said += ", or take any by --insecure"
    return f"{said} ({trouble.shown})" if trouble.shown else said


def _end(words: str, status: int) -> None:
    click.echo(words, err=status != 0)
    sys.exit(status)

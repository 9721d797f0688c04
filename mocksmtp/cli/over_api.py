"""What the commands over the API share: where it is, how a failure ends, how a line looks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from mocksmtp.client.api import Api, Unanswered

URL = "http://127.0.0.1:8025"
COLOURS = {"2": "green", "3": "green", "4": "yellow", "5": "red"}


def over_api(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--url``, ``--token`` and ``--json``, and an ``Api`` as its first argument."""

    @click.option("--url", envvar="MOCKSMTP_URL", default=URL, show_default=True, help="Or by MOCKSMTP_URL.")
    @click.option("--token", envvar="MOCKSMTP_TOKEN", default="", help="Or by MOCKSMTP_TOKEN.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, one document a line.")
    @wraps(command)
    def run(url: str, token: str, **options: Any) -> None:
        try:
            command(Api(url, token), **options)
        except Unanswered as unanswered:
            click.echo(f"mocksmtp: {unanswered}", err=True)
            sys.exit(1)

    return run


def filters(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command an option for each of these filters of the API."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = click.option(f"--{name}", help=HELP[name])(command)
        return command

    return add


newest_first = click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many, newest first."
)

HELP = {
    "scope": "The token of a scope; left out, what is in no scope.",
    "mail": "A pattern for the sender.",
    "rcpt": "A pattern for a recipient.",
    "subject": "A pattern for the subject.",
    "text": "What the text holds.",
    "listener": "The name of the listener.",
    "rule": "The rule that decided.",
    "code": "Of attempts: the code of the reply, as 550 or 4*.",
    "outcome": "Of attempts: accepted, refused or abandoned.",
    "session": "The id of the session.",
    "client": "The address of the client.",
    "since": "From this time on (ISO 8601).",
    "until": "Up to this time (ISO 8601).",
}


def say_json(document: object) -> None:
    """Print a document on a line of its own."""
    click.echo(json.dumps(document, ensure_ascii=False))


def say(text: str, code: str = "") -> None:
    """Print a line, in the colour of a reply's code; control characters are escaped."""
    styled = click.style(safe(text), fg=COLOURS.get(code[:1])) if code else safe(text)
    click.echo(styled, color=False if os.environ.get("NO_COLOR") else None)


def safe(text: str) -> str:
    """Escape what could move a cursor or begin a line of its own."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def brackets(addresses: Sequence[str] | str | None) -> str:
    """Write addresses as they stand in a command."""
    if addresses is None:
        return "-"
    return ",".join(f"<{each}>" for each in ([addresses] if isinstance(addresses, str) else addresses))

"""``mocksmtp messages``: what was taken in."""

from __future__ import annotations

import sys
from typing import Any

import click

from mocksmtp.cli.over_api import brackets, filters, newest_first, over_api, say, say_json
from mocksmtp.client.api import Api

TOLD = (
    "id",
    "received_at",
    "listener",
    "client",
    "session",
    "helo",
    "tls",
    "auth",
    "mail",
    "rcpt",
    "rule",
    "reply",
)


@click.command()
@click.argument("message", metavar="[ID]", required=False)
@click.option("--raw", is_flag=True, help="With ID: its octets as they were sent.")
@newest_first
@click.option("--refused", is_flag=True, help="Those that were refused at the end of mail data.")
@filters("scope", "mail", "rcpt", "subject", "text", "listener", "rule", "client", "session", "since", "until")
@over_api
def messages(
    api: Api, message: str | None, raw: bool, limit: int, refused: bool, as_json: bool, **where: str | None
) -> None:
    """List the messages that were taken in, newest first; with ID show one."""
    if message is None:
        if raw:
            raise click.UsageError("--raw wants the ID of a message")
        for found in api.get("/v1/messages", {"limit": limit, "refused": "true" if refused else None, **where})[
            "messages"
        ]:
            _list(found, as_json)
    elif raw:
        sys.stdout.buffer.write(api.octets(f"/v1/messages/{message}/raw"))
    else:
        _show(api.get(f"/v1/messages/{message}"), as_json)


def _list(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    rule = f" rule={found['rule']}" if found.get("rule") else ""
    refused = " refused" if found.get("refused") else ""
    say(
        f"{found['received_at']} {found['id']} {found['listener']} from={brackets(str(found['mail'] or ''))} "
        f"to={brackets(found['rcpt'])} {found['size']} octets {found.get('subject') or ''}{refused}{rule}"
    )


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    for name in TOLD:
        value = found.get(name)
        parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        told = ", ".join(str(part) for part in parts if part is not None)
        if told:
            say(f"{name + ':':14}{told}")
    click.echo()
    for header in found.get("headers") or []:
        say(f"{header['name']}: {header['value']}")
    click.echo()
    for line in str(found.get("text") or "").splitlines():
        say(line)

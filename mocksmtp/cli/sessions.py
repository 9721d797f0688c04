"""``mocksmtp sessions``: who connected, and what was said."""

from __future__ import annotations

import click

from mocksmtp.cli.over_api import filters, newest_first, over_api, say, say_json
from mocksmtp.client.api import Api

WHO = {"client": "C", "server": "S"}


@click.command()
@click.argument("session", metavar="[ID]", required=False)
@newest_first
@filters("scope", "client", "listener", "since", "until")
@over_api
def sessions(api: Api, session: str | None, limit: int, as_json: bool, **where: str | None) -> None:
    """List the sessions, newest first; with ID print what was said in one."""
    if session is None:
        for found in api.get("/v1/sessions", {"limit": limit, **where})["sessions"]:
            if as_json:
                say_json(found)
                continue
            ended = "open" if found["closed_at"] is None else f"until {found['closed_at']}"
            say(
                f"{found['opened_at']} {found['id']} {found['listener']} {found['client']} {ended} "
                f"helo={found['helo'] or '-'} attempts={found['attempts']} accepted={found['accepted']}"
            )
        return
    for line in api.get(f"/v1/sessions/{session}/transcript")["lines"]:
        if as_json:
            say_json(line)
        else:
            code = line["text"] if line["kind"] == "server" else ""
            say(f"{line['at']} {WHO.get(line['kind'], '=')}: {line['text']}", code)

"""``mocksmtp report``: what clients did wrong or unwisely."""

from __future__ import annotations

import sys
from typing import Any

import click

from mocksmtp.cli.over_api import filters, over_api, say, say_json
from mocksmtp.client.api import Api

COLOURED_AS = {"mistake": "5", "unwise": "4"}
"""A mistake looks like a 5yz, what is unwise like a 4yz."""


@click.command()
@click.argument("session", metavar="[ID]", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True,
    help="How many sessions are looked at, the newest.",
)  # fmt: skip
@filters("scope", "client", "listener", "since", "until")
@over_api
def report(api: Api, session: str | None, limit: int, as_json: bool, **where: str | None) -> None:
    """Say what the client did wrong or unwisely, in the newest sessions or in the one with this ID.

    Exit status 0: nothing, 1: something is wrong.
    """
    if session is None:
        listed = api.get("/v1/sessions", {"limit": limit, **where})["sessions"]
        ids = [str(each["id"]) for each in listed]
    else:
        ids = [session]
    found = False
    for each in ids:
        told = api.get(f"/v1/sessions/{each}/report")
        if told["findings"] or session is not None:
            found = _tell(told, as_json) or found
    sys.exit(1 if found else 0)


def _tell(told: dict[str, Any], as_json: bool) -> bool:
    """Print the report of a session; say whether there is anything in it."""
    if as_json:
        say_json(told)
        return bool(told["findings"])
    say(f"session {told['session']}:" + ("" if told["findings"] else " nothing to complain of"))
    for finding in told["findings"]:
        places = [f"line {finding['line']}"] if finding["line"] is not None else []
        places += [f"message {finding['message']}"] if finding["message"] else []
        places += [f"{finding['times']} times"] if finding["times"] > 1 else []
        say(
            f"  {finding['severity']} {finding['name']}: {finding['did']} ({', '.join([finding['at'], *places])})",
            COLOURED_AS[finding["severity"]],
        )
        say(f"    instead: {finding['instead']} ({finding['rfc']})")
    return bool(told["findings"])

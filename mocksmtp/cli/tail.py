"""``mocksmtp tail``: what happens, as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import click

from mocksmtp.cli.over_api import brackets, filters, over_api, say, say_json
from mocksmtp.client.api import Api

PAUSE = 1.0
"""Seconds before a stream that ended is asked for again."""


def _answered(data: Mapping[str, Any]) -> str:
    told = [str(data.get("stage"))]
    told += [f"{name}={brackets(data[name])}" for name in ("mail", "rcpt") if data.get(name) is not None]
    told.append(str(data.get("reply")))
    if data.get("rule"):
        told.append(f"rule={data['rule']}")
    return " ".join(told)


WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "session_opened": lambda _data: "connected",
    "session_closed": lambda _data: "gone",
    "command_answered": _answered,
    "tls_started": lambda data: f"TLS {data.get('version')}",
    "authenticated": lambda data: f"logged in as {data.get('identity')} by {data.get('mechanism')}",
    "fault_injected": lambda data: f"{data.get('stage')}: fault {data.get('fault')}",
    "message_accepted": lambda data: f"message {data.get('id')} accepted, {data.get('octets')} octets",
    "missed": lambda data: f"{data.get('count') or 'some'} events were missed",
}
"""What is told of each event; of others, nothing."""


@click.command()
@click.option("--once", is_flag=True, help="End when the server ends the stream, and do not ask again.")
@filters("scope")
@over_api
def tail(api: Api, once: bool, as_json: bool, scope: str | None) -> None:
    """Print what happens, as it happens, until Ctrl-C."""
    last = ""
    while True:
        for number, name, data in api.events(last, {"scope": scope}):
            last = number or last
            if as_json:
                say_json({"event": name, **data})
            elif name in WORDS:
                head = " ".join(str(data[key]) for key in ("at", "listener", "client") if data.get(key))
                say(f"{head} {WORDS[name](data)}", str(data.get("code") or ""))
        if once:
            return
        time.sleep(PAUSE)

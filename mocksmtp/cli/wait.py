"""``mocksmtp wait``: waits until what is expected has come, or time is up."""

from __future__ import annotations

import sys

import click

from mocksmtp.cli.over_api import brackets, filters, over_api, say, say_json
from mocksmtp.cli.probe import seconds
from mocksmtp.client.api import Api

KINDS = ("messages", "attempts")


@click.command()
@click.argument("what", type=click.Choice(KINDS), default="messages")
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="How many are waited for.")
@click.option("--timeout", callback=seconds, default="10s", show_default=True, help="Then it ends, with status 1.")
@filters(
    "scope", "mail", "rcpt", "subject", "text", "listener", "rule", "client", "session", "code", "outcome", "since"
)
@over_api
def wait(
    api: Api, what: str, count: int, timeout: float, as_json: bool, since: str | None, **where: str | None
) -> None:
    """Wait until so many messages or attempts that match are there.

    What came before counts too; --since narrows it.  Exit status 0: they came, 1: time was up.
    """
    wanted: dict[str, object] = {"for": what, "count": count, "timeout": f"{round(timeout * 1000)}ms"}
    given = {name: value for name, value in where.items() if value is not None}
    if given:
        wanted["where"] = given
    if since is not None:
        wanted["since"] = since
    answer = api.post("/v1/wait", wanted, timeout)
    for found in answer[what]:
        if as_json:
            say_json(found)
        else:
            said = str(found.get("reply") or "")
            say(f"{found['id']} from={brackets(found['mail'])} to={brackets(found['rcpt'])} {said}", said)
    if not answer["complete"]:
        click.echo(f"mocksmtp: {len(answer[what])} of {count} came in time", err=True)
        sys.exit(1)

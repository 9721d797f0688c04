"""``mocksmtp rules``: the rules in force, and how often each was hit."""

from __future__ import annotations

import sys

import click

from mocksmtp.cli.over_api import filters, over_api, say, say_json
from mocksmtp.client.api import Api


@click.command()
@click.option("--unused", is_flag=True, help="Only rules that were never hit; exit status 1 if there is one.")
@filters("scope")
@over_api
def rules(api: Api, unused: bool, as_json: bool, scope: str | None) -> None:
    """List the rules in force in their order, with their hits; with --scope as that scope has them."""
    listed = api.get("/v1/rules", {"scope": scope})["rules"]
    shown = [rule for rule in listed if rule["enabled"] and not rule["hits"]] if unused else listed
    for rule in shown:
        if as_json:
            say_json(rule)
        else:
            last = f", last at {rule['last_hit']}" if rule.get("last_hit") else ""
            count = f"{rule['hits']} hit{'' if rule['hits'] == 1 else 's'}"
            off = "" if rule["enabled"] else " (off)"
            source = rule.get("source") or ("of the scope" if rule.get("scope") else "given over the API")
            say(f"{rule['name']}{off}: {count}{last}  {source}")
    if unused and shown:
        sys.exit(1)

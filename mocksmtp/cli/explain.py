"""``mocksmtp explain``: which rule decides, stage by stage, and which nearly did."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

import click

from mocksmtp.config import Invalid, load
from mocksmtp.config.settings import Settings
from mocksmtp.config.types import duration
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.near import Miss
from mocksmtp.rules.rehearsal import Client, Row, rehearse
from mocksmtp.rules.rehearsed import reply_lines, told
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.smtp.profile import Profile
from mocksmtp.smtp.stage import Stage

COLOURS = {2: "green", 3: "green", 4: "yellow", 5: "red"}
INDENT = " " * 10


def _every(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    try:
        return duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float:
    if value is None:
        return time()
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value} is no moment, as in 2026-01-15T23:30") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


WHO = [
    click.option("--rcpt", "rcpts", multiple=True, metavar="ADDRESS", help="To whom; may be given several times."),
    click.option("--mail", default="sender@client.test", metavar="ADDRESS", help="From whom; <> for a bounce."),
    click.option("--client", default="127.0.0.1", metavar="IP", help="The address the client comes from."),
    click.option("--helo", default="client.test", metavar="NAME", help="What it calls itself."),
    click.option("--listener", metavar="NAME", help="Where it connects; the first one, if left out."),
    click.option("--auth", metavar="USER", help="Who logs in, with the password that is configured."),
    click.option("--tls/--no-tls", default=None, help="Say STARTTLS; else only where it is needed."),
    click.option("--size", type=click.IntRange(0), metavar="OCTETS", help="What SIZE= announces."),
    click.option("--message", type=click.File("rb"), metavar="FILE", help="The message, - for standard input."),
]
"""Who talks, and what is said."""


def _who(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(WHO):
        command = option(command)
    return command


@click.command()
@click.option("--config", "-c", "paths", multiple=True, type=click.Path(path_type=Path), help="As for serve.")
@_who
@click.option("--attempts", default=1, type=click.IntRange(1, 1000), metavar="N", help="Try so many times.")
@click.option(
    "--every", default="1m", callback=_every, metavar="TIME", help="What the rule clock is moved between."
)
@click.option(
    "--at", callback=_moment, metavar="MOMENT", help="When, as in 2026-01-15T23:30 (UTC); now, if left out."
)
@click.option("--near", default=3, type=click.IntRange(0), metavar="N", help="Near misses to show of each answer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explain(
    paths: tuple[Path, ...], listener: str | None, attempts: int, every: float, at: float, near: int,
    as_json: bool, **said: Any,
) -> None:  # fmt: skip
    """Say which rule decides about a message, stage by stage, and which ones nearly did.

    A client that is made up talks to the server's own session and rules; nothing listens, and
    nothing is kept.  Exit status 0: every recipient was accepted and the message too, 1: not.
    """
    settings = _settings(paths)
    profile = _profile(settings, listener)
    client = _client(said)
    clock = RuleClock(lambda: at)
    clock.hold()
    rulebook = Rulebook(
        settings.rulebook_rules, settings.mailboxes, settings.syntax_reply, settings.sender_reply,
        now=clock.now, seed=settings.seed,
    )  # fmt: skip
    attempts_told: list[dict[str, Any]] = []
    rows: list[Row] = []
    for number in range(1, attempts + 1):
        rows = rehearse(profile, rulebook, client, f"attempt-{number}", near)
        moment = datetime.fromtimestamp(clock.now(), UTC)
        if as_json:
            moment_told = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
            attempts_told.append({"attempt": number, "at": moment_told, "stages": [told(row) for row in rows]})
        else:
            _print(number, moment, profile, client, rows)
        clock.advance(every)
    if as_json:
        click.echo(json.dumps({"listener": profile.name, "attempts": attempts_told}, indent=2))
    sys.exit(0 if all((row.code or 0) < 400 for row in rows) else 1)


def _settings(paths: tuple[Path, ...]) -> Settings:
    try:
        return load(list(paths), os.environ)
    except Invalid as invalid:
        click.echo(str(invalid), err=True)
        sys.exit(2)


def _profile(settings: Settings, name: str | None) -> Profile:
    profiles = {each.profile.name: each.profile for each in settings.listeners}
    if name is None:
        return next(iter(profiles.values()))
    if name not in profiles:
        raise click.BadParameter(f"{name} is none of {', '.join(profiles)}", param_hint="--listener")
    return profiles[name]


def _client(said: dict[str, Any]) -> Client:
    message = said["message"]
    try:
        return Client(
            said["client"], said["helo"], said["tls"], said["auth"], said["mail"], said["rcpts"], said["size"],
            message.read() if message is not None else None,
        )  # fmt: skip
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _print(number: int, moment: datetime, profile: Profile, client: Client, rows: list[Row]) -> None:
    colour = None if "NO_COLOR" not in os.environ else False
    head = f"attempt {number} at {moment:%Y-%m-%d %H:%M:%S} UTC: {client.address} to {profile.name}"
    click.echo(click.style(head, bold=True), color=colour)
    for row in rows:
        if row.stage is Stage.RCPT and len(client.rcpts) > 1:
            click.echo(INDENT + click.style(row.said, dim=True), color=colour)
        for line in _as_text(row):
            click.echo(line, color=colour)


def _as_text(row: Row) -> Iterator[str]:
    fg = COLOURS[row.code // 100] if row.code is not None else None
    first, *others = _lines(row.wire) or ["(nothing is replied)"]
    if others and row.rule is None:  # The keywords of EHLO and the like.
        first, others = f"{first} (and {len(others)} lines more)", []
    yield f"{row.stage.value:<{len(INDENT)}}{click.style(first, fg=fg)}{_decided_by(row)}"
    yield from (INDENT + click.style(line, fg=fg) for line in others)
    yield from (f"{INDENT}also  {rule}" for rule in row.matched if rule != row.rule)
    yield from (f"{INDENT}then  {step}" for step in row.steps)
    yield from (INDENT + click.style(f"near  {miss.rule}: {_why(miss)}", dim=True) for miss in row.near)


def _decided_by(row: Row) -> str:
    if row.rule is not None:
        return " " + click.style(f"rule={row.rule}", fg="cyan")
    return "" if row.asked else " (the protocol's own, no rule is asked)"


def _why(miss: Miss) -> str:
    if miss.condition == "schedule":
        return f"not due: {miss.wanted} ({miss.found})"
    if miss.condition == "order":
        return f"not asked: {miss.found}"
    return f"{miss.wanted} does not hold for {miss.found}"


def _lines(wire: bytes) -> list[str]:
    """Return what is sent, without what could move a cursor."""
    return ["".join(c if c.isprintable() else repr(c)[1:-1] for c in line) for line in reply_lines(wire)]

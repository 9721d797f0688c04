"""``mocksmtp check``: reads a configuration and says what is wrong with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from mocksmtp.config import Invalid, load


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Take warnings for mistakes: exit status 2.")
def check(paths: tuple[Path, ...], strict: bool) -> None:
    """Check configuration files, or directories of them.

    Every mistake is told with file, line and column, and so is what can be done and surely
    is not meant: rules that are never reached, replies that do not fit their stage, enhanced
    codes that disagree, mailboxes that cannot matter.  Exit status 0: good (with warnings,
    too), 2: not.
    """
    try:
        settings = load(list(paths), os.environ)
    except Invalid as invalid:
        click.echo(str(invalid), err=True)
        sys.exit(2)
    for warning in settings.warnings:
        click.echo(warning.as_warning(), err=True)
    if settings.warnings and strict:
        sys.exit(2)
    listeners = ", ".join(f"{each.profile.name} on {each.port}" for each in settings.listeners)
    click.echo(f"OK: {len(settings.rulebook_rules)} rules; {listeners}")

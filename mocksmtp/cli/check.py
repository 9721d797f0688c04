"""``mocksmtp check``: reads a configuration and says what is wrong with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from mocksmtp.config import Invalid, load


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(paths: tuple[Path, ...]) -> None:
    """Check configuration files, or directories of them.

    Every mistake is told with file, line and column.  Exit status 0: good, 2: not.
    """
    try:
        settings = load(list(paths), os.environ)
    except Invalid as invalid:
        click.echo(str(invalid), err=True)
        sys.exit(2)
    listeners = ", ".join(f"{each.profile.name} on {each.port}" for each in settings.listeners)
    click.echo(f"OK: {len(settings.rulebook_rules)} rules; {listeners}")

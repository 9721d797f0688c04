"""``mocksmtp schema``: the JSON Schema of the configuration."""

from __future__ import annotations

import click

from mocksmtp.config.schema import schema_text


@click.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors that check YAML as it is written."""
    click.echo(schema_text(), nl=False)

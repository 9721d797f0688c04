"""The command line: one file a command, read only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from mocksmtp import __version__

COMMANDS = (
    "serve",
    "check",
    "explain",
    "schema",
    "probe",
    "send",
    "tail",
    "messages",
    "sessions",
    "report",
    "rules",
    "wait",
)


class _Commands(click.Group):
    """Imports a command when it is asked for: ``check`` need not wait for Twisted."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"mocksmtp.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mocksmtp")
def main() -> None:
    """A mail server double: any reply at any stage, as its YAML rules say."""

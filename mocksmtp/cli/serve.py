"""``mocksmtp serve``: runs the server until it is told to stop."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

import click

from mocksmtp.config import Invalid, Source


@click.command()
@click.option(
    "--config",
    "-c",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A configuration file, or a directory of them.  May be given several times.",
)
@click.option(
    "--log",
    "log_format",
    type=click.Choice(["text", "json"]),
    default=None,
    help="How a transaction is told on standard output: a line of text, or of JSON.",
)
def serve(paths: tuple[Path, ...], log_format: str | None) -> None:
    """Serve on the ports that the configuration names.

    Without --config the defaults hold: 25, 465 and 587, and HTTP on 127.0.0.1:8025.
    Reads its files again when they change, and on SIGHUP.  Ends in good order on SIGTERM and SIGINT.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # There is nothing yet to be read again.
    gc.disable()  # Loading makes many objects that stay; collecting among them takes longer than loading.
    try:
        source = Source(paths, os.environ)
        settings = source.load()
    except Invalid as invalid:
        click.echo(str(invalid), err=True)
        sys.exit(2)
    from mocksmtp.net.reactor import install

    reactor = install()

    from mocksmtp.app import App, CannotServe

    try:
        app = App(settings, source, reactor, sys.stdout, sys.stderr, log_format)
        ready = app.start()
    except (CannotServe, ValueError) as error:
        click.echo(f"mocksmtp: {error}", err=True)
        sys.exit(1)
    signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(app.reload))
    reactor.callLater(0, _announce, ready)  # By then SIGTERM ends in good order, too.
    gc.collect()
    gc.freeze()
    # What a message leaves behind is freed by counting; looking for cycles at Python's own
    # pace costs several microseconds a message.
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    reactor.addSystemEventTrigger("before", "shutdown", app.stop)
    reactor.run()


def _announce(ready: str) -> None:
    click.echo(ready)
    sys.stdout.flush()

"""A private Postfix: its own configuration, queue and log; it takes mail by SMTP and passes it on to the mock."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import smtplib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from e2e.peers.installed import program
from e2e.peers.running import WAIT, Log, free_port, public_folder, run

MAIN = {
    "compatibility_level": "3.6",
    "maillog_file": "/dev/stdout",
    "myhostname": "postfix.test",
    "mydestination": "",
    "alias_maps": "",
    "local_recipient_maps": "",
    "mynetworks": "127.0.0.0/8",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "smtp_dns_support_level": "disabled",
    "smtp_host_lookup": "native",
    "queue_run_delay": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "transport_retry_time": "1s",
    "smtp_tls_loglevel": "1",
    "bounce_queue_lifetime": "1d",
    "notify_classes": "",
}
"""What every instance says in main.cf; a test adds where mail goes, and how."""

SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix n - n 60    1 pickup
cleanup   unix n - n -     0 cleanup
qmgr      unix n - n 300   1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n -     - trivial-rewrite
bounce    unix - - n -     0 bounce
defer     unix - - n -     0 bounce
trace     unix - - n -     0 bounce
verify    unix - - n -     1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n -     - proxymap
smtp      unix - - n -     - smtp
relay     unix - - n -     - smtp
lmtp      unix - - n -     - lmtp
error     unix - - n -     - error
retry     unix - - n -     - error
discard   unix - - n -     - discard
showq     unix n - n -     - showq
scache    unix - - n -     1 scache
anvil     unix - - n -     1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running instance."""

    def __init__(self, folder: Path, port: int, log: Log) -> None:
        self.folder = folder
        self.port = port
        self.log = log

    def send(
        self,
        sender: str,
        recipients: Sequence[str],
        text: str | bytes,
        options: Sequence[str] = (),
        of_each: Sequence[str] = (),
    ) -> str:
        """Hand in a message and return its queue id; ``options`` go behind MAIL, ``of_each`` behind each RCPT."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=WAIT) as client:
            client.ehlo()
            assert client.mail(sender, options)[0] == 250
            for recipient in recipients:
                assert client.rcpt(recipient, of_each)[0] == 250
            said = client.data(text)[1]
        found = re.search(rb"queued as (\w+)", said)
        assert found, said
        return found[1].decode()

    def outcome(self, queue_id: str, recipient: str = "", status: str = "") -> str:
        """Wait for the line that tells how a delivery went: ``status`` is sent, bounced or deferred."""
        return self.log.line_with(f" {queue_id}: to=<{recipient}", f"status={status}")

    def removed(self, queue_id: str) -> None:
        """Wait until a message has left the queue."""
        self.log.line_with(f" {queue_id}: removed")

    def try_again(self) -> None:
        """Deliver what was deferred, whatever its retry times say."""
        command = [program("postqueue"), "-c", str(self.folder / "etc"), "-f"]
        subprocess.run(command, timeout=WAIT, check=True)

    def queue(self) -> list[dict[str, object]]:
        """Return what waits to be delivered."""
        command = [program("postqueue"), "-c", str(self.folder / "etc"), "-j"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def postfix(services: str = "", **settings: str) -> Iterator[Postfix]:
    """Run an instance with these lines of main.cf, and with more lines of master.cf."""
    assert os.geteuid() == 0, "Postfix runs only as root"
    command, port = [program("postfix"), "-c"], free_port()
    with public_folder() as folder:
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        own = {"queue_directory": f"{folder}/queue", "data_directory": f"{folder}/data"}
        lines = [f"{name} = {value}\n" for name, value in (MAIN | own | settings).items()]
        (folder / "etc" / "main.cf").write_text("".join(lines))
        (folder / "etc" / "master.cf").write_text(SERVICES.format(port=port) + services)
        log = run([*command, f"{folder}/etc", "start-fg"])
        try:
            log.line_with("daemon started")
            yield Postfix(folder, port, log)
        finally:
            # Its pid is in a file that is there as soon as it runs; `stop` waits for the end of all.
            subprocess.run([*command, f"{folder}/etc", "stop"], capture_output=True, timeout=WAIT)
            log.ended()

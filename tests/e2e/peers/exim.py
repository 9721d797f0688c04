"""A private Exim: each message is delivered in the foreground, so its log is complete when ``send`` returns."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from e2e.peers.installed import unpacked
from e2e.peers.running import WAIT, public_folder

USER = 8
"""The user it becomes: any that is not root will do; Debian's number for mail."""

PASSWD = "root:x:0:0::/root:/bin/sh\nDebian-exim:x:{0}:{0}::/nonexistent:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nDebian-exim:x:{0}:\n"

ID = re.compile(r"\b\w{6}-\w{6}-\w{2}\b")

CONFIG = """
primary_hostname = exim.test
exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
log_selector = +all -pid
never_users =
host_lookup =
disable_ipv6
{main}
begin acl
begin routers
mock:
  driver = manualroute
  route_list = * {host}
  self = send
  transport = mock
begin transports
mock:
  driver = smtp
  port = {port}
  allow_localhost
{transport}
begin retry
* * F,1h,1s
"""


class Exim:
    """An instance: it runs while it delivers."""

    def __init__(self, command: list[str], environ: dict[str, str], folder: Path) -> None:
        self.command = command
        self.environ = environ
        self.folder = folder

    def send(self, sender: str, recipients: Sequence[str], text: str | bytes, *options: str) -> str:
        """Hand in a message, have it delivered, and return its id."""
        content = text.encode() if isinstance(text, str) else text
        before = self.log
        self._run([*options, "-oi", "-odf", "-f", sender, *recipients], content)
        found = ID.search(self.log.removeprefix(before))
        assert found, self.log
        return found[0]

    def try_again(self) -> None:
        """Run the queue once, whatever its retry times say."""
        self._run(["-qff"])

    @property
    def log(self) -> str:
        """All that it has logged."""
        path = self.folder / "log" / "main"
        return path.read_text() if path.exists() else ""

    def line_with(self, *texts: str) -> str:
        """Return the first line of the log with all these texts."""
        found = [line for line in self.log.splitlines() if all(text in line for text in texts)]
        assert found, f"no line with {texts} in\n{self.log}"
        return found[0]

    def queue(self) -> list[str]:
        """Return the ids of what waits to be delivered."""
        return ID.findall(self._run(["-bpr"]))

    def _run(self, arguments: list[str], content: bytes = b"") -> str:
        command = [*self.command, *arguments]
        done = subprocess.run(command, input=content, env=self.environ, capture_output=True, timeout=2 * WAIT)
        assert done.returncode == 0, (done, self.log)
        return done.stdout.decode()


@contextlib.contextmanager
def exim(port: int, transport: str = "", host: str = "127.0.0.1", main: str = "") -> Iterator[Exim]:
    """Make an instance that delivers to a port, with more lines for its transport and its main section."""
    program = unpacked("exim/usr/sbin/exim4")
    with public_folder() as folder:
        for name in ("spool", "log"):
            (folder / name).mkdir()
            os.chown(folder / name, USER, USER)
        (folder / "passwd").write_text(PASSWD.format(USER))
        (folder / "group").write_text(GROUP.format(USER))
        (folder / "exim.conf").write_text(
            CONFIG.format(program=program, folder=folder, main=main, host=host, port=port, transport=transport)
        )
        environ = os.environ | {
            "LD_PRELOAD": str(unpacked("exim/usr/lib/*/libnss_wrapper.so")),
            "NSS_WRAPPER_PASSWD": f"{folder}/passwd",
            "NSS_WRAPPER_GROUP": f"{folder}/group",
        }
        yield Exim([str(program), "-C", f"{folder}/exim.conf"], environ, folder)

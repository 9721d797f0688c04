"""A private nginx as mail proxy: it tells the mock who its client is by XCLIENT, or by the PROXY protocol."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from e2e.peers.installed import program
from e2e.peers.running import Log, free_port, run

CONFIG = """
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr info;
events {{ worker_connections 64; }}
# Whom nginx asks whether a client may in, and where to: everybody, and to the mock.
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{asked};
    location / {{
      add_header Auth-Status OK;
      add_header Auth-Server 127.0.0.1;
      add_header Auth-Port {port};
      return 204;
    }}
  }}
}}
mail {{
  server_name nginx.test;
  auth_http 127.0.0.1:{asked}/;
  server {{
    listen 127.0.0.1:{own};
    protocol smtp;
    smtp_auth none plain login;
    {options}
  }}
}}
"""


@dataclass
class Nginx:
    """A running instance: its own port, and its log."""

    port: int
    log: Log


@contextlib.contextmanager
def nginx(folder: Path, port: int, options: str) -> Iterator[Nginx]:
    """Run an instance in front of a port; ``options`` are more lines of its mail server (``xclient on;``)."""
    own, asked = free_port(), free_port()
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, own=own, asked=asked, port=port, options=options))
    log = run([program("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(config)])
    try:
        log.line_with("getrlimit")  # Its sockets listen by then.
        yield Nginx(own, log)
    finally:
        log.process.terminate()
        log.ended()

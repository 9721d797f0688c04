"""Behind a real nginx as mail proxy: the client is the real one."""

from __future__ import annotations

import smtplib

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

MAIL = "Subject: hi\r\n\r\nHello\r\n"


def deliver(port):
    source = ("127.0.0.9", 0)
    with smtplib.SMTP("127.0.0.1", port, "client.test", source_address=source, timeout=30) as client:
        return client.sendmail("a@b.test", ["y@ok.test"], MAIL)


def test_it_tells_of_its_client_by_the_proxy_protocol(start, run_nginx, kept):
    server = start("trusted: 127.0.0.1\nlisteners: {smtp: {port: 0, proxy_protocol: required}}\n")
    front = run_nginx(server.ports["smtp"], "proxy_protocol on; xclient off;")
    assert deliver(front.port) == {}
    (message,) = kept(server)
    assert (message["client"], message["rcpt"]) == ("127.0.0.9", ["y@ok.test"])

"""Mail that is kept in SQLite: killed, starved of disk, slowed down, and all there afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest

pytestmark = pytest.mark.e2e

PATIENCE = 30
SQLITE = "capture: {store: sqlite, keep: {messages: 1000000}}"
MAIL = "Subject: kept\r\n\r\nHello\r\n"
SENDERS = 16
NO = "rules: [{name: no, when: {rcpt: no@d.test}, reply: 550 5.1.1 no}]"
SOON = 10.0
"""Seconds: far more than the one that the journal is behind, for machines that do other work."""
ENOUGH = 4000
"""Messages that must have been answered before the process is killed."""


class Load:
    """Senders that each wait for a reply before they send the next message."""

    def __init__(self, port):
        self.port = port
        self.answered = []
        self.changed = threading.Condition()
        self.threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def wait_for(self, messages):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.answered) >= messages, 4 * PATIENCE)

    def go_on_until(self, path, page):
        deadline = time.monotonic() + PATIENCE
        while last_page(path) < page:
            assert time.monotonic() < deadline
            self.wait_for(len(self.answered) + 100)

    def end(self):
        """Wait until each sender has lost its connection."""
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _send(self):
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
            replies = client.makefile("rb")
            client.sendall(b"HELO load.test\r\n")
            while line := replies.readline():
                if line.startswith((b"220 ", b"354 ", b"421 ")):
                    continue
                if queued := re.match(rb"250 2\.0\.0 OK queued as (\w+)\r\n", line):
                    with self.changed:
                        self.answered.append(queued[1].decode())
                        self.changed.notify()
                elif not line.startswith(b"250 mx."):
                    continue
                client.sendall(
                    b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nSubject: load\r\n\r\n"
                    + b"The quick brown fox\r\n" * 20
                    + b".\r\n"
                )


def all_ids(fetch, server):
    found, before = [], ""
    while True:
        page = json.loads(fetch(server, f"/v1/messages?limit=1000{before}"))
        found += [each["id"] for each in page["messages"]]
        if page["next"] is None:
            return found
        before = f"&before={page['next']}"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["kill -9", "in good order"])
def test_what_was_answered_250_under_load_is_served_after_a_restart(start, fetch, how, tmp_path):
    server, path = start(SQLITE), tmp_path / "data/mail.db"
    load = Load(server.ports["smtp"])
    load.start()
    load.wait_for(ENOUGH)
    if how is signal.SIGKILL:  # The journal is written behind, and on a fast machine has not begun yet.
        load.go_on_until(path, last_page(path) + 2)  # The next one may have been gathered before all talked.
    server.process.send_signal(how)
    assert server.process.wait(PATIENCE) == (-signal.SIGKILL if how is signal.SIGKILL else 0)
    load.end()
    again = start(SQLITE)
    kept = all_ids(fetch, again)
    assert len(kept) == len(set(kept))
    assert set(load.answered) - set(kept) == set()
    assert len(kept) - len(load.answered) <= SENDERS  # Whoever was killed before he could answer.
    raw = fetch(again, f"/v1/messages/{load.answered[0]}/raw")
    assert raw == b"Subject: load\r\n\r\n" + b"The quick brown fox\r\n" * 20
    with smtplib.SMTP("127.0.0.1", again.ports["smtp"], timeout=PATIENCE) as client:
        client.sendmail("a@b.test", ["c@d.test"], MAIL)
    metrics = dict(line.rsplit(" ", 1) for line in fetch(again, "/metrics").decode().splitlines())
    assert float(metrics["mocksmtp_store_messages"]) == len(kept) + 1
    attempts = float(metrics["mocksmtp_journal_attempts"]) - 1
    assert attempts >= len(kept) if how is signal.SIGTERM else attempts > 0
    assert float(metrics["mocksmtp_journal_sessions"]) == SENDERS + 1


def last_page(path):
    """Return the number of the page of the journal that was written last, 0 while there is none."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT ifnull(max(number), 0) FROM journal").fetchone()[0]


def written(path, text):
    """Return when the page of the journal was written that has this text; None while there is none."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        pages = connection.execute("SELECT at, page FROM journal ORDER BY number").fetchall()
    return next((at for at, page in pages if text in page), None)


def test_what_was_tried_is_on_the_disk_soon_while_the_session_goes_on(start, fetch, tmp_path):
    server, path = start(f"{SQLITE}\n{NO}"), tmp_path / "data/mail.db"
    with suppress(smtplib.SMTPServerDisconnected), smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("a@b.test", ["c@d.test"], MAIL)
        client.mail("a@b.test")
        assert client.rcpt("no@d.test")[0] == 550
        answered, deadline = time.time(), time.monotonic() + PATIENCE
        while (at := written(path, b"no@d.test")) is None:
            assert time.monotonic() < deadline
        server.process.kill()
        assert server.process.wait(PATIENCE) == -signal.SIGKILL
    assert at - answered < SOON
    again = start(SQLITE)
    attempts = json.loads(fetch(again, "/v1/attempts"))["attempts"]
    assert [(each["outcome"], each["rcpt"]) for each in attempts] == [
        ("refused", "no@d.test"), ("accepted", "c@d.test"),
    ]  # fmt: skip
    said = json.loads(fetch(again, f"/v1/sessions/{attempts[0]['session']}/transcript"))["lines"]
    texts = [each["text"] for each in said]
    assert "rcpt TO:<no@d.test>" in texts
    assert any("OK queued as" in text for text in texts)


@contextmanager
def traced(server, *what):
    """Let strace look at a running server, and interfere with its system calls."""
    command = ["strace", "-f", "-p", str(server.process.pid), *what]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    lines = []
    try:
        for line in strace.stderr:
            lines.append(line)
            if "attached" in line:
                break
        else:
            raise AssertionError(lines)
        yield lines
    finally:
        strace.terminate()
        lines += strace.stderr
        strace.wait(PATIENCE)
        strace.stderr.close()


@pytest.mark.peers
def test_the_message_is_on_the_disk_before_the_250_leaves(start):
    server = start(SQLITE)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=PATIENCE) as client:
        client.sendmail("a@b.test", ["c@d.test"], MAIL)
        with traced(server, "-e", "trace=fdatasync,fsync,sendto,write", "-s", "40") as lines:
            client.sendmail("a@b.test", ["c@d.test"], MAIL)
    go_ahead, queued = (next(n for n, line in enumerate(lines) if text in line) for text in ("354 ", "queued as"))
    assert re.search(r"\bf(data)?sync\b.*= 0$", "".join(lines[go_ahead:queued]), re.MULTILINE)


TROUBLE = [
    ("pwrite64:error=ENOSPC", (452, b"4.3.1 Insufficient system storage"), "database or disk is full"),
    ("pwrite64:error=EROFS", (451, b"4.3.0 Message could not be kept"), "disk I/O error"),
    ("fdatasync:error=EIO", (451, b"4.3.0 Message could not be kept"), "disk I/O error"),
]


@pytest.mark.peers
@pytest.mark.parametrize(("inject", "refusal", "told"), TROUBLE, ids=[each[0] for each in TROUBLE])
def test_the_server_lives_through_a_disk_in_trouble(start, kept, inject, refusal, told):
    server = start(SQLITE)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=PATIENCE) as client:
        client.sendmail("a@b.test", ["first@d.test"], MAIL)
        with traced(server, "-e", f"inject={inject}"):
            for _ in range(2):
                with pytest.raises(smtplib.SMTPDataError) as refused:
                    client.sendmail("a@b.test", ["refused@d.test"], MAIL)
                assert (refused.value.smtp_code, refused.value.smtp_error) == refusal
            with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=PATIENCE) as another:
                assert another.noop()[0] == 250
        assert server.line_with("mail is refused until this is mended").endswith(
            f"{told}; mail is refused until this is mended"
        )
        client.sendmail("a@b.test", ["last@d.test"], MAIL)
        server.line_with("mail is kept again")
    assert [each["rcpt"] for each in kept(server)] == [["first@d.test"], ["last@d.test"]]


@pytest.mark.peers
def test_a_slow_disk_delays_nobodys_greeting(start):
    server = start(SQLITE)
    with (
        smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=PATIENCE) as client,
        traced(server, "-e", "inject=fdatasync:delay_enter=1500000"),
    ):
        client.helo("slow.test")
        client.mail("a@b.test")
        client.rcpt("c@d.test")
        client.docmd("DATA")
        client.send(MAIL + ".\r\n")
        for _ in range(20):
            with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=PATIENCE) as another:
                assert another.noop()[0] == 250
        client.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.sock.recv(1, socket.MSG_PEEK)
        client.sock.settimeout(PATIENCE)
        assert client.getreply()[0] == 250


def test_a_second_server_does_not_touch_the_file_of_the_first(start, tmp_path):
    start(SQLITE)
    command = [sys.executable, "-m", "mocksmtp", "serve", "--config", str(tmp_path / "mocksmtp.yaml")]
    environ = os.environ | {"MOCKSMTP_DATA": str(tmp_path / "data")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE)
    told = f"mocksmtp: {tmp_path}/data/mail.db: another process has it open\n"
    assert (done.returncode, done.stderr) == (1, told)

"""The client report over real sessions: clean clients have nothing in it, others are told what they did."""

from __future__ import annotations

import json
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage
from email.utils import localtime, make_msgid

import pytest

pytestmark = pytest.mark.e2e


def mail():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "me@x.test", "you@y.test", "hi"
    message["Date"], message["Message-ID"] = localtime(), make_msgid()
    message.set_content("one\n.two\n.\nthree\n")
    return message


def report(server, *words):
    """Run the command; return its exit status and what it printed."""
    url = f"http://127.0.0.1:{server.ports['http']}"
    command = [sys.executable, "-m", "mocksmtp", "report", "--url", url, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_clean_client_has_an_empty_report(start):
    server = start("")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.send_message(mail())
        client.send_message(mail())
    assert report(server) == (0, "")


def test_a_client_that_makes_mistakes_is_told_of_them(start, kept):
    server = start("")
    message = mail()
    del message["Date"]
    client = smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30)
    client.send_message(message)
    client.close()
    (session,) = {each["session"] for each in kept(server)}
    status, told = report(server, session, "--json")
    assert status == 1
    assert sorted(each["name"] for each in json.loads(told)["findings"]) == ["no-date", "no-quit"]


def test_a_client_that_ends_lines_with_a_bare_newline_is_told_so(start):
    server = start("")
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), timeout=30) as connection:
        connection.recv(1000)
        connection.sendall(b"EHLO me.test\nQUIT\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1000):
            continue
    status, told = report(server)
    assert status == 1
    assert "mistake bare-newline: lines ended with a bare LF" in told


@pytest.mark.peers
@pytest.mark.parametrize("peer", ["postfix", "exim"])
def test_a_mail_server_makes_no_mistakes(start, run_postfix, make_exim, peer):
    """Neither where recipients are refused in the group of their DATA, nor with the bounces that follow."""
    server = start("rules:\n  - {name: bad, when: {rcpt: 'bad*@*'}, reply: '550 5.1.1 no such user'}\n")
    port = server.ports["smtp"]
    mta = run_postfix(relayhost=f"[127.0.0.1]:{port}") if peer == "postfix" else make_exim(port)
    for to in (["one@y.test", "bad@y.test", "two@y.test"], ["bad2@y.test"]):
        mta.send("a@b.test", to, mail().as_string())
    url = f"http://127.0.0.1:{server.ports['http']}"
    words = [sys.executable, "-m", "mocksmtp", "wait", "--count", "3", "--timeout", "60s", "--url", url]
    subprocess.run(words, check=True, capture_output=True, timeout=90)
    assert report(server) == (0, "")

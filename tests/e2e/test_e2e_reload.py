"""The real process takes new files up while mail flows: told by a signal, or by itself."""

from __future__ import annotations

import signal
import smtplib
import socket
import ssl
from datetime import UTC, datetime

import pytest

from mocksmtp.net.certificates import authority

pytestmark = pytest.mark.e2e

RULE = '  - {{name: {0}, when: {{rcpt: "*@{0}.test"}}, reply: "553 5.1.3 {0}"}}\n'


def config(*rules, **more):
    lines = "".join(f"{name}: {value}\n" for name, value in more.items())
    return lines + "rules:\n" + "".join(RULE.format(name) for name in rules)


def codes(client, *domains):
    client.rset()
    client.mail("a@b.test")
    return [client.rcpt(f"x@{domain}.test")[0] for domain in domains]


def gauge(fetch, server):
    name = "mocksmtp_config_last_reload_successful "
    (line,) = [line for line in fetch(server, "/metrics").decode().splitlines() if line.startswith(name)]
    return float(line.removeprefix(name))


def test_sighup_puts_new_rules_before_an_open_session(start, tmp_path):
    server = start(config("one"))
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.ehlo()
        assert codes(client, "one", "two") == [553, 250]
        (tmp_path / "mocksmtp.yaml").write_text(config("two"))
        server.process.send_signal(signal.SIGHUP)
        server.line_with("reloaded: rules: 1 added (two), 1 removed (one)")
        assert codes(client, "one", "two") == [250, 553]


def test_a_config_map_that_swaps_its_link_is_seen(start, tmp_path):
    for version in ("1", "2"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "rules.yaml").write_text(config(f"of{version}"))
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "rules.yaml").symlink_to("..data/rules.yaml")
    server = start("include: [rules.yaml]\n")
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    server.line_with("reloaded: rules: 1 added (of2), 1 removed (of1)")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.ehlo()
        assert codes(client, "of1", "of2") == [250, 553]


def test_a_bad_file_keeps_what_is_in_force_and_the_next_good_one_is_taken(start, fetch, tmp_path):
    server = start(config("one"))
    path = tmp_path / "mocksmtp.yaml"
    path.write_text(config("two", hostnam="x", seed="y"))
    server.line_with(f"mocksmtp: {path}:1:1: unknown key 'hostnam'")
    server.line_with(f"mocksmtp: {path}:2:7: seed: a whole number is wanted here")
    assert gauge(fetch, server) == 0
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.ehlo()
        assert codes(client, "one", "two") == [553, 250]
        path.write_text(config("two"))
        server.line_with("reloaded: rules: 1 added (two)")
        assert codes(client, "one", "two") == [250, 553]
    assert gauge(fetch, server) == 1


def test_listeners_move_come_and_go(start, fetch, tmp_path):
    def wanted(**ports):
        each = ", ".join(f"{name}: {{port: {port}, interface: 127.0.0.1}}" for name, port in ports.items())
        return f"listeners: {{{each}}}\n"

    def free():
        with socket.create_server(("127.0.0.1", 0)) as found:
            return found.getsockname()[1]

    one, two, three = free(), free(), free()
    server = start(wanted(a=one, b=two))
    path = tmp_path / "mocksmtp.yaml"
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        path.write_text(wanted(a=taken, b=three))
        server.line_with(f"listener a: port {taken}: Address already in use; it stays on {one}")
        assert gauge(fetch, server) == 0
        assert fetch(server, "/readyz") == b"ok\n"
    for port, accepts in ((one, True), (two, False), (three, True)):
        with socket.socket() as client:
            assert (client.connect_ex(("127.0.0.1", port)) == 0) is accepts
    # The two change places, and nobody who connects meanwhile is refused.
    path.write_text(wanted(a=three, b=one, c=two))
    server.line_with("listener c added")
    for port, name in ((three, "a"), (one, "b"), (two, "c")):
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
            client.ehlo()
            client.sendmail("a@b.test", ["c@d.test"], "hi")
        server.line_with(f" {name} 127.0.0.1 from=<a@b.test>")


def test_a_new_certificate_is_shown_to_the_next_client(start, tmp_path):
    server = start("data: other\n")
    for name in ("one", "two"):  # Two authorities, as two servers would make them.
        made = authority(None, ["localhost"], datetime.now(UTC))
        (tmp_path / f"{name}.ca").write_bytes(made.ca_pem)
        (tmp_path / f"{name}.pem").write_bytes(made.identity.chain_pem)
        (tmp_path / f"{name}.key").write_bytes(made.identity.key_pem)
    path = tmp_path / "mocksmtp.yaml"

    def use(name):
        for ending in ("pem", "key"):
            (tmp_path / f"mx.{ending}").write_bytes((tmp_path / f"{name}.{ending}").read_bytes())

    def greets(name):
        trust = ssl.create_default_context(cafile=tmp_path / f"{name}.ca")
        raw = socket.create_connection(("127.0.0.1", server.ports["smtps"]), 30)
        with raw, trust.wrap_socket(raw, server_hostname="localhost") as client:
            return client.recv(3) == b"220"

    use("one")
    path.write_text("tls: {certificate: {cert: mx.pem, key: mx.key}}\n")
    server.line_with("reloaded: tls changed")
    assert greets("one")
    use("two")
    server.line_with("reloaded: listener smtp: another certificate")
    assert greets("two")
    with pytest.raises(ssl.SSLCertVerificationError):
        greets("one")


def test_a_signal_before_there_is_anything_to_read_again_does_no_harm(start):
    server = start(config("one"))
    server.process.send_signal(signal.SIGHUP)
    server.line_with("reloaded: nothing has changed")
    assert server.process.poll() is None

"""The environment stands above the file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mocksmtp.config import Invalid, load


def plain(environ):
    """Load, and leave out the mailboxes, which are compared by identity."""
    return dataclasses.replace(load([], environ), mailboxes=None)


def mistakes(environ, *paths):
    with pytest.raises(Invalid) as caught:
        load(list(paths), environ)
    return [str(each) for each in caught.value.mistakes]


@pytest.mark.parametrize(
    ("name", "value", "read", "wanted"),
    [
        ("HOSTNAME", "mx.env.test", lambda s: s.hostname, "mx.env.test"),
        ("SEED", "7", lambda s: s.seed, 7),
        ("DATA", "/var/x", lambda s: s.data, Path("/var/x")),
        ("DATA", "null", lambda s: s.data, None),
        ("HTTP__PORT", "0", lambda s: s.http.port, 0),
        ("HTTP__PORT", "null", lambda s: s.http.port, None),
        ("HTTP__INTERFACE", "0.0.0.0", lambda s: s.http.interface, "0.0.0.0"),
        ("HTTP__HOSTS", "mail.test", lambda s: s.http.hosts, ("mail.test",)),
        ("CAPTURE__KEEP__BYTES", "1MiB", lambda s: s.capture.octets, 1 << 20),
        ("CAPTURE__REFUSED", "false", lambda s: s.capture.refused, False),
        ("LIMITS__ERRORS", "3", lambda s: [li.profile.limits.errors for li in s.listeners], [3, 3, 3]),
        ("AUTH__USERS__CAROL", "x", lambda s: s.listeners[0].profile.authentication.users, {"carol": "x"}),
        ("LISTENERS__SMTP__PORT", "2525", lambda s: [li.port for li in s.listeners], [2525, 465, 587]),
        ("LISTENERS__SMTPS__LIMITS__ERRORS", "1", lambda s: s.listeners[1].profile.limits.errors, 1),
        ("LISTENERS__MORE__PORT", "26", lambda s: s.listeners[3].profile.name, "more"),
        ("SYNTAX__ADDRESSES", "off", lambda s: s.listeners[0].profile.addresses, "off"),
    ],
)
def test_a_variable_sets_a_setting(name, value, read, wanted):
    assert read(load([], {f"MOCKSMTP_{name}": value})) == wanted


def test_a_variable_stands_above_the_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("hostname: a.test\nhttp: {port: 1}\nlisteners: {my-port: {port: 2}}\nauth: {users: {Al: b}}\n")
    environ = {
        "MOCKSMTP_HTTP__PORT": "3",
        "MOCKSMTP_LISTENERS__MY_PORT__PORT": "4",
        "MOCKSMTP_AUTH__USERS__AL": "c",
    }
    settings = load([path], environ)
    assert (settings.hostname, settings.http.port) == ("a.test", 3)
    assert [(each.profile.name, each.port) for each in settings.listeners] == [("my-port", 4)]
    assert settings.listeners[0].profile.authentication.users == {"Al": "c"}


def test_a_variable_replaces_what_is_no_map():
    environ = {"MOCKSMTP_CONFIG_YAML": "http: nothing", "MOCKSMTP_HTTP__PORT": "3"}
    assert load([], environ).http.port == 3


def test_a_file_may_hold_a_setting(tmp_path):
    secret = tmp_path / "name"
    secret.write_text("mx.secret.test\n")
    assert load([], {"MOCKSMTP_HOSTNAME_FILE": str(secret)}).hostname == "mx.secret.test"


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    missing, octets = tmp_path / "none", tmp_path / "octets"
    octets.write_bytes(b"\xff")
    assert mistakes({"MOCKSMTP_HOSTNAME_FILE": str(missing)}) == [
        f"MOCKSMTP_HOSTNAME_FILE: {missing}: No such file or directory"
    ]
    (found,) = mistakes({"MOCKSMTP_HOSTNAME_FILE": str(octets)})
    assert found.startswith(f"MOCKSMTP_HOSTNAME_FILE: {octets}: 'utf-8' codec")


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_SMTP",
        "PORT",
        "PORT_25_TCP",
        "PORT_25_TCP_ADDR",
        "WEB_SERVICE_HOST",
        "WEB_PORT_8025_TCP_PROTO",
        "PORT_53_UDP_PORT",
    ],
)
def test_what_kubernetes_sets_is_left_alone(name):
    assert plain({f"MOCKSMTP_{name}": "tcp://10.0.0.1:25"}) == plain({})


def test_other_names_are_left_alone():
    assert plain({"PATH": "/bin", "MOCKSMTPX": "1", "HOSTNAME": "pod"}) == plain({})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MOCKSMTP_HOSTNAM", "no such setting; did you mean MOCKSMTP_HOSTNAME?"),
        ("MOCKSMTP_HTTP__PROT", "no such setting; did you mean MOCKSMTP_HTTP__PORT?"),
        ("MOCKSMTP_LISTENERS__SMTP__TLSS__X", "no such setting"),
        ("MOCKSMTP_HOSTNAME__X", "no such setting; did you mean MOCKSMTP_HOSTNAME?"),
        ("MOCKSMTP_HTTP", "no such setting"),
        ("MOCKSMTP_QQQQQQQQQQQQQQQQQQQQ", "no such setting"),
        ("MOCKSMTP_QQQQQQQQQQQQQQQ_FILE", "no such setting"),
    ],
)
def test_an_unknown_name_is_a_mistake(name, text):
    (found,) = mistakes({name: "x"})
    assert found.startswith(f"{name}: {text}")


def test_a_wrong_value_is_told_by_the_name_of_its_variable(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("hostname: [a]\n")
    assert mistakes({"MOCKSMTP_SEED": "x"}, path) == [
        f"{path}:1:11: hostname: a text is wanted here",
        "MOCKSMTP_SEED: seed: a whole number is wanted here, not 'x'",
    ]


def test_what_may_be_a_map_or_a_word_may_be_a_word():
    environ = {"MOCKSMTP_AUTH__USERS": "any", "MOCKSMTP_TLS__CERTIFICATE": "auto"}
    assert load([], environ | {"MOCKSMTP_AUTH__MECHANISMS": "PLAIN"}).tls.certificate is None
    assert mistakes({"MOCKSMTP_LISTENERS__SMTP__CERTIFICATE": "x"}) == [
        "MOCKSMTP_LISTENERS__SMTP__CERTIFICATE: certificate: auto, or {cert: FILE, key: FILE}, is wanted here"
    ]


def test_what_is_not_in_the_file_at_all_is_told_by_the_name_of_its_variable(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("mailboxes: {b.test: {}}\n")
    assert mistakes({"MOCKSMTP_MAILBOXES__A__NAMING": "x"}, path) == [
        "MOCKSMTP_MAILBOXES__A__NAMING: a: naming is a regex between slashes, as in '/[a-z]+/'"
    ]


def test_what_a_variable_left_out_is_told_by_its_name():
    assert mistakes({"MOCKSMTP_LISTENERS__MORE__TLS": "off"}) == [
        "MOCKSMTP_LISTENERS__MORE__TLS: port: is missing"
    ]


def test_a_port_that_is_taken_twice_is_told_by_the_name_of_its_variable():
    assert mistakes({"MOCKSMTP_LISTENERS__SMTPS__PORT": "25"}) == [
        "MOCKSMTP_LISTENERS__SMTPS__PORT: port: 25 is the port of listener smtp already"
    ]


def test_the_whole_configuration_may_stand_in_the_environment():
    assert load([], {"MOCKSMTP_CONFIG_YAML": "hostname: in.test\n"}).hostname == "in.test"
    assert plain({"MOCKSMTP_CONFIG_YAML": ""}) == plain({})


def test_the_environment_may_name_the_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("hostname: file.test\n")
    environ = {"MOCKSMTP_CONFIG": str(path), "MOCKSMTP_CONFIG_YAML": "hostname: in.test\n"}
    assert load([], environ).hostname == "file.test"
    other = tmp_path / "b.yaml"
    other.write_text("hostname: other.test\n")
    assert load([other], environ).hostname == "other.test"


def test_what_the_commands_of_the_client_read_is_no_mistake():
    for name in ("MOCKSMTP_URL", "MOCKSMTP_TOKEN", "MOCKSMTP_SEND_PASSWORD"):
        assert load([], {name: "x"}).listeners

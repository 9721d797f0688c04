"""From files to settings: defaults, includes, directories, listeners, certificates, what is committed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from mocksmtp.config import Invalid, load
from mocksmtp.config.models import Configuration, DomainModel, ListenerModel
from mocksmtp.config.schema import schema_text

CONFIG = Path(__file__).parent.parent.parent / "config"
RULE = 'rules:\n  - name: {0}\n    when: {{rcpt: "*"}}\n    reply: "550 {0}"\n'


def inline(text):
    return load([], {"MOCKSMTP_CONFIG_YAML": text})


def names(settings):
    return [rule.name for rule in settings.rulebook_rules]


def write(folder, **rules):
    for file, name in rules.items():
        (folder / f"{file}.yaml").write_text(RULE.format(name))


def test_defaults():
    settings = load([], {})
    assert (settings.hostname, settings.seed, settings.data) == ("mx.mock.test", 0, None)
    assert [(each.profile.name, each.port, each.tls, each.interface) for each in settings.listeners] == [
        ("smtp", 25, "starttls", None),
        ("smtps", 465, "implicit", None),
        ("submission", 587, "starttls", None),
    ]
    assert settings.tls.certificate is None
    assert settings.tls.names == ("mx.mock.test", "localhost", "127.0.0.1")
    assert settings.tls.versions == ("1.2", "1.3")
    assert (settings.capture.messages, settings.capture.octets, settings.capture.sessions) == (
        10000,
        512 << 20,
        10000,
    )
    assert (settings.http.port, settings.http.interface, settings.http.hosts) == (8025, "127.0.0.1", ())
    assert settings.rulebook_rules == ()
    assert not settings.mailboxes
    assert not settings.listeners[0].profile.trusts("127.0.0.1")
    profile = settings.listeners[0].profile
    assert [each.keyword for each in profile.extensions] == [
        "PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES",
        "STARTTLS", "AUTH", "LIMITS", "XCLIENT",
    ]  # fmt: skip
    login = profile.authentication
    assert login.mechanisms == ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER")
    assert login.random(16) != login.random(16)
    assert profile.banner == ("mx.mock.test ESMTP mocksmtp ready",)
    assert (profile.limits.message_size, profile.limits.idle_timeout) == (25 << 20, 300.0)
    assert settings.listeners[1].profile.implicit_tls


def test_an_empty_file_means_the_defaults(tmp_path):
    path = tmp_path / "a.yaml"
    for text in ("", "# nothing\n", "{}\n", '""\n'):
        path.write_text(text)
        assert load([path], {}).listeners == load([], {}).listeners


@pytest.mark.parametrize(
    ("text", "read", "wanted"),
    [
        ("limits: {idle_timeout: 250ms}", lambda s: s.listeners[0].profile.limits.idle_timeout, 0.25),
        ("limits: {idle_timeout: 1.5 m}", lambda s: s.listeners[0].profile.limits.idle_timeout, 90.0),
        ("limits: {message_size: 10kB}", lambda s: s.listeners[0].profile.limits.message_size, 10_000),
        ("hostname: 1.2", lambda s: s.hostname, "1.2"),
        ("http: {port: ~}", lambda s: s.http.port, None),
        ("http: {hosts: [a.test, b.test]}", lambda s: s.http.hosts, ("a.test", "b.test")),
        ("tls: {versions: 1.3, names: mx.test, certificate: auto}", lambda s: s.tls.versions, ("1.3",)),
        ("auth: {users: any}", lambda s: s.listeners[0].profile.authentication.users, None),
        (
            "auth: {users: any}",
            lambda s: s.listeners[0].profile.authentication.mechanisms,
            ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"),
        ),
        ("auth: {users: {a: 'null'}}", lambda s: s.listeners[0].profile.authentication.users, {"a": "null"}),
        ("auth: {mechanisms: plain}", lambda s: s.listeners[0].profile.authentication.mechanisms, ("PLAIN",)),
        (
            "banner: ['{hostname}', '{listener}']",
            lambda s: s.listeners[1].profile.banner,
            ("mx.mock.test", "smtps"),
        ),
        ("trusted: []\nhttp: {tokens: []}\ncapture: {store: memory}", lambda s: s.seed, 0),
        ("trusted: 10.0.0.1", lambda s: s.listeners[0].profile.trusts("10.0.0.1"), True),
        (
            "trusted: [10.0.0.0/8, '2001:db8::/32']",
            lambda s: [
                s.listeners[0].profile.trusts(a) for a in ("10.9.9.9", "11.0.0.1", "2001:db8::1", "", "unix")
            ],
            [True, False, True, False, False],
        ),
        ("syntax: {reply: [553 a, 553 b]}", lambda s: len(s.syntax_reply.texts), 2),
        ("syntax: {sender_reply: {code: 501, enhanced: 5.1.7, text: [a, b]}}", lambda s: s.sender_reply.code, 501),
    ],
)
def test_a_setting_is_read(text, read, wanted):
    assert read(inline(text)) == wanted


@pytest.mark.parametrize("text", ["reply: accept", "keep: false", "then: close", "reply: {code: 550, text: no}"])
def test_a_rule_needs_one_thing_to_do(text):
    (rule,) = inline(
        f"rules:\n  - name: a\n    when: [{{rcpt: a}}, {{not: {{rcpt: b}}}}]\n    {text}\n"
    ).rulebook_rules
    assert rule.source == "MOCKSMTP_CONFIG_YAML:2"
    assert [str(stage) for stage in rule.stages] == ["rcpt"]


def test_a_listener_overrides_only_what_it_names():
    settings = inline(
        "hostname: all.test\nbanner: common\nextensions: [SIZE, STARTTLS, AUTH]\n"
        "limits: {errors: 9, recipients: 8}\n"
        "trusted: 10.0.0.0/8\n"
        "listeners:\n"
        "  plain: {port: 0}\n"
        "  own:\n"
        "    port: 0\n"
        "    tls: 'off'\n"
        "    auth: 'off'\n"
        "    interface: '::1'\n"
        "    hostname: own.test\n"
        "    banner: '{hostname} {listener}'\n"
        "    extensions: [pipelining, AUTH, STARTTLS]\n"
        "    limits: {errors: 1}\n"
        "  strict: {port: 5, auth: required, require_tls: true, proxy_protocol: required}\n"
    )
    plain, own, strict = settings.listeners
    assert (plain.profile.hostname, plain.profile.banner) == ("all.test", ("common",))
    assert [each.keyword for each in plain.profile.extensions] == ["SIZE", "STARTTLS", "AUTH"]
    assert (plain.profile.limits.errors, plain.profile.limits.recipients) == (9, 8)
    assert (own.profile.hostname, own.profile.banner, own.interface) == ("own.test", ("own.test own",), "::1")
    assert [each.keyword for each in own.profile.extensions] == ["PIPELINING"]
    assert (own.profile.limits.errors, own.profile.limits.recipients) == (1, 8)
    assert (plain.proxy_protocol, strict.proxy_protocol) == ("off", "required")
    assert strict.profile.require_tls
    assert strict.profile.authentication.required


@pytest.mark.parametrize(
    ("text", "banners"),
    [
        ("", ("mx.mock.test ESMTP mocksmtp ready", "mx.mock.test LMTP mocksmtp ready")),
        ("banner: hello\n", ("hello", "hello")),
    ],
)
def test_a_listener_may_speak_lmtp(text, banners):
    smtp, lmtp = inline(text + "listeners: {smtp: {port: 25}, mda: {port: 24, protocol: lmtp}}").listeners
    assert (smtp.profile.lmtp, lmtp.profile.lmtp) == (False, True)
    assert (smtp.profile.banner, lmtp.profile.banner) == tuple((each,) for each in banners)
    own = inline("listeners: {mda: {port: 24, protocol: lmtp, banner: own}}").listeners[0]
    assert own.profile.banner == ("own",)


def test_without_mechanisms_auth_is_hidden():
    profile = inline("auth: {mechanisms: []}").listeners[0].profile
    assert "AUTH" not in [each.keyword for each in profile.extensions]


def test_one_port_on_two_interfaces_is_no_mistake():
    text = "listeners: {a: {port: 25, interface: 127.0.0.1}, b: {port: 25, interface: 127.0.0.2}}"
    assert len(inline(text).listeners) == 2


def test_own_certificates_are_relative_to_the_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "tls: {certificate: {cert: mx.pem, key: /etc/mx.key}}\n"
        "listeners: {a: {port: 0, certificate: {cert: own.pem, key: own.key}}, b: {port: 0, certificate: auto}}\n"
    )
    settings = load([path], {})
    assert (settings.tls.certificate.cert, settings.tls.certificate.key) == (
        tmp_path / "mx.pem",
        Path("/etc/mx.key"),
    )
    assert settings.listeners[0].certificate.cert == tmp_path / "own.pem"
    assert settings.listeners[0].certificate.key == tmp_path / "own.key"
    assert settings.listeners[1].certificate is None


def test_included_files_and_directories_come_in_order(tmp_path):
    folder = tmp_path / "more"
    folder.mkdir()
    write(tmp_path, last="last")
    write(folder, b="b", a="a")
    (folder / "c.yml").write_text("mailboxes: {c.test: {exists: [bob]}}\n")
    (folder / "notes.txt").write_text("not: [yaml")
    main = tmp_path / "main.yaml"
    main.write_text("include: [more, last.yaml]\n" + RULE.format("first"))
    settings = load([main], {})
    assert names(settings) == ["first", "a", "b", "last"]
    assert settings.rulebook_rules[1].source == f"{folder / 'a.yaml'}:2"
    assert settings.mailboxes


def test_a_directory_with_a_main_file(tmp_path):
    write(tmp_path, rules="included")
    (tmp_path / "mocksmtp.yaml").write_text("hostname: main.test\ninclude: rules.yaml\n")
    settings = load([tmp_path], {})
    assert (settings.hostname, names(settings)) == ("main.test", ["included"])


def test_a_directory_of_rules_only(tmp_path):
    write(tmp_path, **{"20-b": "b", "10-a": "a"})
    settings = load([tmp_path], {"MOCKSMTP_HOSTNAME": "env.test"})
    assert (settings.hostname, names(settings)) == ("env.test", ["a", "b"])


def test_more_paths_are_rules(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "e").mkdir()
    write(tmp_path, main="main", z="z")
    write(tmp_path / "d", x="x")
    write(tmp_path / "e", y="y")
    assert names(load([tmp_path / "main.yaml", tmp_path / "z.yaml", tmp_path / "d"], {})) == ["main", "z", "x"]
    assert names(load([tmp_path / "d", tmp_path / "e"], {})) == ["x", "y"]


def test_a_name_that_stands_twice_is_told_with_both_places(tmp_path):
    write(tmp_path, a="same", b="same")
    (tmp_path / "c.yaml").write_text("rules: []\n")
    with pytest.raises(Invalid) as caught:
        load([tmp_path], {})
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert str(caught.value) == f"{second}:2:11: name: 'same' is the name of another rule, at {first}:2:11"


def test_the_committed_schema_is_that_of_the_models():
    assert (CONFIG / "mocksmtp.schema.json").read_text() == schema_text()


def models(model, given, place=""):
    """Yield what the models declare and the file does not name."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if name not in given:
            yield f"{place}{name}"
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from models(kind, given[name], f"{place}{name}.")


def test_the_example_names_every_setting():
    text = (CONFIG / "mocksmtp.yaml").read_text()
    example = yaml.safe_load(text)
    assert list(models(Configuration, example)) == []
    assert list(models(DomainModel, example["mailboxes"]["corp.example"])) == []
    assert [name for name in ListenerModel.model_fields if not re.search(rf"\b{name}\b", text)] == []


def test_the_example_says_the_defaults():
    example, defaults = load([CONFIG / "mocksmtp.yaml"], {}), load([], {})
    assert (example.tls, example.capture, example.http) == (defaults.tls, defaults.capture, defaults.http)
    assert (example.hostname, example.seed, example.data) == (defaults.hostname, defaults.seed, defaults.data)
    assert [(e.port, e.tls, e.interface, e.profile.limits) for e in example.listeners] == [
        (e.port, e.tls, e.interface, e.profile.limits) for e in defaults.listeners
    ]
    assert example.syntax_reply == defaults.syntax_reply
    assert example.sender_reply == defaults.sender_reply
    assert names(example) == ["bad-mailbox", "unknown-users", "sender-invalid", "spam-word"]


@pytest.mark.parametrize(
    "when",
    ["{tls: true}", "{tls: {version: 1.2}}", "{size: {over: 5B}}", "{rcpt: {not: a}}", "{header: {A: [b, c]}}"],
)
def test_conditions_are_read(when):
    text = f"rules: [{{name: a, stage: message, when: {when}, reply: 550 no}}]"
    assert names(inline(text)) == ["a"]


def test_mistakes_of_included_files_are_told_with_those_of_the_main_file(tmp_path):
    (tmp_path / "a.yaml").write_text("hostnam: x\ninclude: b.yaml\n")
    (tmp_path / "b.yaml").write_text("rule: []\n")
    with pytest.raises(Invalid) as caught:
        load([tmp_path / "a.yaml"], {})
    assert [Path(each.file).name for each in caught.value.mistakes] == ["a.yaml", "b.yaml"]

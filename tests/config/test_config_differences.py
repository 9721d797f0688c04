"""What a reload says of itself: what differs between two configurations, and what needs a restart."""

from __future__ import annotations

from dataclasses import fields

import pytest

from mocksmtp.config import load
from mocksmtp.config.differences import WORDS, differences, held_back
from mocksmtp.config.settings import Settings


def inline(text):
    return load([], {"MOCKSMTP_CONFIG_YAML": text})


def rule(name, reply="550 no"):
    return f"{{name: {name}, when: {{rcpt: '*'}}, reply: '{reply}'}}"


ONE = "listeners: {a: {port: 2525}}\n"
DIFFERENCES = [
    # Nothing, and what does not matter.
    ("", "", []),
    ("hostname: a.test\nseed: 1", "seed: 1\n\n\nhostname: a.test", []),
    (f"rules: [{rule('r')}]", f"\n\nrules:\n - {rule('r')}", []),
    ("mailboxes: {a: {exists: [b]}}", "mailboxes: {a: {exists: [b]}}", []),
    # Listeners.
    (ONE, "listeners: {a: {port: 2526}}", ["listener a: port 2525 is now 2526"]),
    (ONE, "listeners: {a: {port: 2525}, b: {port: 0}}", ["listener b added on 0"]),
    (ONE, "listeners: {b: {port: 2525}}", ["listener a removed", "listener b added on 2525"]),
    (ONE, "listeners: {a: {port: 2525, tls: implicit}}", ["listener a: tls, extensions, implicit_tls"]),
    (ONE, f"{ONE}limits: {{errors: 1}}", ["listener a: limits"]),
    (ONE, f"{ONE}auth: {{users: any}}", ["listener a: authentication"]),
    (ONE, f"{ONE}banner: x", ["listener a: banner"]),
    (ONE, f"{ONE}extensions: [SIZE]", ["listener a: extensions"]),
    (ONE, f"{ONE}trusted: [192.0.2.0/24]", ["listener a: trusted"]),
    # Rules.
    (f"rules: [{rule('r')}]", "", ["rules: 1 removed (r)"]),
    ("", f"rules: [{rule('r')}, {rule('s')}]", ["rules: 2 added (r, s)"]),
    (f"rules: [{rule('r')}]", f"rules: [{rule('r', '551 x')}]", ["rules: 1 changed (r)"]),
    (f"rules: [{rule('r')}, {rule('s')}]", f"rules: [{rule('s')}, {rule('r')}]", ["rules: in another order"]),
    (
        f"rules: [{rule('r')}, {rule('s')}]", f"rules: [{rule('t')}, {rule('s', '551 x')}]",
        ["rules: 1 added (t), 1 changed (s), 1 removed (r)"],
    ),
    ("", f"rules: [{', '.join(map(rule, 'abcdefg'))}]", ["rules: 7 added (a, b, c, d, e and others)"]),
    # The rest.
    ("", "seed: 1", ["seed changed"]),
    ("", "tls: {versions: ['1.3']}", ["tls changed"]),
    ("", "capture: {keep: {messages: 5}}", ["capture changed"]),
    ("", "http: {hosts: [mail.test]}", ["http changed"]),
    ("", "mailboxes: {a: {}}", ["mailboxes changed"]),
    ("mailboxes: {'*.a': {}, '*': {}}", "mailboxes: {'*': {}, '*.a': {}}", ["mailboxes changed"]),
    ("", "syntax: {reply: '553 x'}", ["syntax.reply changed"]),
    ("", "syntax: {sender_reply: '553 x'}", ["syntax.sender_reply changed"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), DIFFERENCES)
def test_differences(old, new, told):
    assert differences(inline(old), inline(new)) == told


HELD_BACK = [
    ("data: /a", "data: /b", ["data: /a stays until a restart (the files say /b)"]),
    ("http: {port: 1}", "http: {port: null}", ["http.port: 1 stays until a restart (the files say null)"]),
    (
        "http: {interface: 127.0.0.1}", "http: {interface: 127.0.0.2}",
        ["http.interface: 127.0.0.1 stays until a restart (the files say 127.0.0.2)"],
    ),
    (
        "capture: {store: sqlite}", "capture: {store: 'sqlite:/data/b.db'}",
        ["capture.store: sqlite stays until a restart (the files say sqlite:/data/b.db)"],
    ),
    (
        "capture: {keep: {sessions: 0}}", "capture: {keep: {sessions: 5}}",
        ["capture.keep.sessions: 0 stays until a restart (the files say 5)"],
    ),
    ("capture: {keep: {sessions: 5}}", "capture: {keep: {sessions: 6}}", []),
    ("http: {hosts: [a.test]}", "http: {hosts: [b.test]}", []),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), HELD_BACK)
def test_what_needs_a_restart_stays(old, new, told):
    old, new = inline(old), inline(new)
    settings, lines = held_back(old, new)
    assert lines == told
    assert (settings.data, settings.http.port, settings.http.interface) == (
        old.data,
        old.http.port,
        old.http.interface,
    )
    assert settings.capture.store == old.capture.store
    assert settings.http.hosts == new.http.hosts


def test_every_setting_has_its_words():
    assert set(WORDS) == {each.name for each in fields(Settings)}

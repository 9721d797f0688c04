"""Reload: when files are read again, what is told, and that it is all or nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from config.test_config_files import write
from held import HeldReactor, Later
from twisted.internet.testing import StringTransport

from mocksmtp.app import App
from mocksmtp.config import Invalid, Mistake, Source
from mocksmtp.notices import Notices
from mocksmtp.reload import POLL, SETTLE, Reload, Reloaded

BASE = "listeners: {a: {port: 0, interface: 127.0.0.1}}\nhttp: {port: null}\n"
RULE = 'rules: [{{name: {0}, when: {{rcpt: "*"}}, reply: "550 5.1.1 {0}"}}]\n'


class ListSource:
    """A source whose changes are told by the test."""

    def __init__(self):
        self.loads, self.changed, self.settled, self.error = 0, False, True, None

    def load(self):
        self.loads += 1
        self.changed = False
        if self.error is not None:
            raise self.error
        return f"settings {self.loads}"

    def has_changed(self):
        return self.changed

    def has_settled(self):
        settled, self.settled = self.settled, True
        return settled


class Watched:
    def __init__(self, pool=None):
        self.source, self.reactor, self.told, self.taken = ListSource(), HeldReactor(pool), [], []

        async def take(parts):
            self.taken.append(parts)
            return Reloaded(changed=(parts,))

        self.reload = Reload(self.source, str.upper, take, self.told.append, self.reactor)
        self.reload.watch()


def test_files_that_look_the_same_are_not_read():
    watched = Watched()
    watched.reactor.pass_time(60)
    assert (watched.source.loads, watched.told) == (0, [])


def test_files_that_changed_are_read_within_a_second():
    watched = Watched()
    watched.source.changed = True
    watched.reactor.pass_time(POLL + 0.05)
    assert watched.told == [Reloaded(changed=("SETTINGS 1",))]
    watched.reactor.pass_time(60)
    assert watched.source.loads == 1


def test_files_that_are_being_written_are_left_alone_until_they_have_settled():
    watched = Watched()
    watched.source.changed, watched.source.settled = True, False
    watched.reactor.pass_time(POLL + 0.05)
    assert watched.source.loads == 0
    watched.reactor.pass_time(SETTLE + 0.05)
    assert watched.source.loads == 1


def test_asked_for_in_the_middle_it_is_done_once_more_for_all_who_asked():
    watched = Watched(pool := Later())
    answers = []
    watched.reload.now().addCallback(answers.append)
    for _ in range(3):
        watched.reload.now().addCallback(answers.append)
    watched.source.changed = True
    watched.reactor.pass_time(3 * POLL)
    pool.work()
    assert answers == [Reloaded(changed=("SETTINGS 1",))]
    pool.work()
    assert answers[1:] == [Reloaded(changed=("SETTINGS 2",))] * 3
    assert pool.pending == []


MISTAKE = Mistake("a.yaml", 3, 5, "unknown key")
FAILURES = [
    (Invalid([MISTAKE]), (MISTAKE,)),
    (ValueError("mx.pem: no certificate"), (Mistake("", 0, 0, "mx.pem: no certificate"),)),
]


@pytest.mark.parametrize(("error", "mistakes"), FAILURES)
def test_mistakes_are_told_and_nothing_is_taken_up(error, mistakes):
    watched = Watched()
    watched.source.error = error
    watched.reload.now()
    assert (watched.told, watched.taken) == ([Reloaded(mistakes=mistakes)], [])


def test_a_fault_of_our_own_is_told_and_watching_goes_on():
    watched = Watched()
    watched.source.error = AssertionError("never")
    answers = []
    watched.reload.now().addCallback(answers.append)
    assert answers == watched.told
    assert answers[0].mistakes[0].text == "a fault of our own: never"
    watched.source.error, watched.source.changed = None, True
    watched.reactor.pass_time(POLL + 0.05)
    assert watched.told[-1].in_force


def test_after_stop_nobody_looks():
    watched = Watched()
    watched.reload.stop()
    watched.source.changed = True
    watched.reactor.pass_time(10)
    assert (watched.source.loads, watched.reactor.getDelayedCalls()) == (0, [])


def test_what_is_under_way_at_the_end_takes_no_effect():
    watched = Watched(pool := Later())
    watched.reload.now()
    watched.reload.stop()
    pool.work()
    assert watched.taken == []


LINES = [
    (Reloaded(), ["reloaded: nothing has changed"]),
    (Reloaded(changed=("seed changed", "x")), ["reloaded: seed changed; x"]),
    (Reloaded(kept=("data: a stays",)), ["reloaded: nothing has changed", "data: a stays"]),
    (Reloaded(mistakes=(MISTAKE,)), ["not reloaded, what was in force stays:", "a.yaml:3:5: unknown key"]),
]


@pytest.mark.parametrize(("how", "lines"), LINES)
def test_how_it_is_told(how, lines):
    assert how.lines() == lines
    assert how.in_force is (not how.kept and not how.mistakes)


def test_notices_are_lines_of_text_or_json():
    for format, line in ((None, "mocksmtp: hello"), ("json", '{"at": "1970-01-01T00:00:05.000000Z", '
                                                             '"notice": "hello"}')):  # fmt: skip
        out = io.StringIO()
        Notices(out, lambda: 5.0, format)("hello")
        assert out.getvalue() == line + "\n"


def test_notices_that_nobody_reads_are_no_error():
    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    Notices(Broken())("hello")


# The whole service, on a held clock and real files.


class Service:
    def __init__(self, folder: Path, text: str = BASE) -> None:
        self.path, self.reactor, self.err = folder / "mocksmtp.yaml", HeldReactor(), io.StringIO()
        self.write(text)
        source = Source([self.path], {})
        self.app = App(source.load(), source, self.reactor, io.StringIO(), self.err)
        self.app.start()

    def write(self, text: str) -> None:
        write(self.path, text)

    def reload(self, text: str | None = None) -> Reloaded:
        if text is not None:
            self.write(text)
        results = []
        self.app.reload().addCallback(results.append)
        self.reactor.pass_time(0.1)
        (result,) = results
        return result

    def connect(self, listener: int = 0):
        protocol, wire = self.app.listening.named[listener].welcome("", 0), StringTransport()
        wire.TLS = False
        wire.loseWriteConnection = lambda: None
        protocol.makeConnection(wire)
        return protocol, wire

    def gauge(self, name: str) -> float:
        return self.app.metrics.registry.get_sample_value(f"mocksmtp_config_last_reload_{name}")

    def end(self) -> None:
        self.app.stop()
        self.reactor.pass_time(10)
        assert self.reactor.getDelayedCalls() == []


@pytest.fixture
def serve(tmp_path):
    running = []

    def begin(text=BASE):
        running.append(Service(tmp_path, text))
        return running[-1]

    yield begin
    for each in running:
        each.end()


def say(protocol, wire, *lines):
    """Say lines, and return the codes of what comes back."""
    wire.clear()
    for line in lines:
        protocol.dataReceived(line.encode() + b"\r\n")
    return [line[:3].decode() for line in wire.value().splitlines()]


BEGUN = "EHLO me.test", "MAIL FROM:<a@x.test>"


def test_an_open_session_meets_the_new_rules_from_its_next_command(serve):
    service = serve()
    protocol, wire = service.connect()
    say(protocol, wire, *BEGUN)
    assert say(protocol, wire, "RCPT TO:<b@y.test>") == ["250"]
    assert service.reload(BASE + RULE.format("no")).changed == ("rules: 1 added (no)",)
    assert say(protocol, wire, "RCPT TO:<c@y.test>", "DATA", ".") == ["550", "354", "250"]
    assert service.app.metrics.registry.get_sample_value("mocksmtp_rule_matches_total", {"rule": "no"}) == 1


def test_a_bad_file_changes_nothing_and_says_everything(serve):
    service = serve(BASE + RULE.format("no"))
    assert (service.gauge("successful"), service.gauge("success_timestamp_seconds")) == (1, 0)
    service.reactor.pass_time(5)
    result = service.reload(BASE + "seed: x\nhostnam: y\n" + RULE.format("other"))
    assert [str(each).partition(" ")[0] for each in result.mistakes] == [
        f"{service.path}:3:7:", f"{service.path}:4:1:"
    ]  # fmt: skip
    assert (service.gauge("successful"), service.gauge("success_timestamp_seconds")) == (0, 0)
    told = service.err.getvalue().splitlines()
    assert "mocksmtp: not reloaded, what was in force stays:" in told
    assert [line for line in told if "mocksmtp.yaml:" in line] == [f"mocksmtp: {each}" for each in result.mistakes]
    protocol, wire = service.connect()
    assert say(protocol, wire, *BEGUN, "RCPT TO:<b@y.test>")[-1] == "550"
    assert b"550 5.1.1 no" in wire.value()
    service.reload(BASE + RULE.format("other"))
    assert service.gauge("successful") == 1
    assert service.gauge("success_timestamp_seconds") > 5


def test_a_changed_file_is_seen_without_being_told(serve):
    service = serve()
    service.write(BASE + RULE.format("no"))
    service.reactor.pass_time(POLL + 2 * SETTLE)
    assert "mocksmtp: reloaded: rules: 1 added (no)" in service.err.getvalue()
    protocol, wire = service.connect()
    assert say(protocol, wire, *BEGUN, "RCPT TO:<b@y.test>")[-1] == "550"


def test_runtime_rules_survive(serve):
    service = serve(BASE + RULE.format("old"))
    book = service.app.settings.rulebook_rules
    service.app.in_force.replace_runtime(book)
    service.reload(BASE + RULE.format("new"))
    protocol, wire = service.connect()
    say(protocol, wire, *BEGUN, "RCPT TO:<b@y.test>")
    assert b"550 5.1.1 old" in wire.value()


COUNTS = 'rules: [{{name: {0}, when: {{rcpt: "*"}}, schedule: {{first: 2}}, reply: "450 4.2.1 {1}"}}]\n'


def test_counters_of_rules_that_kept_their_name_survive(serve):
    service = serve(BASE + COUNTS.format("twice", "later"))
    protocol, wire = service.connect()
    assert say(protocol, wire, *BEGUN, "RCPT TO:<b@y.test>")[-1] == "450"
    service.reload(BASE + COUNTS.format("twice", "in other words"))
    assert say(protocol, wire, "RCPT TO:<b@y.test>", "RCPT TO:<b@y.test>") == ["450", "250"]
    service.reload(BASE + COUNTS.format("another", "later") + "rule_keys: 7\n")
    assert len(service.app.counters) == 0
    assert service.app.counters.most == 7
    assert say(protocol, wire, "RCPT TO:<b@y.test>") == ["450"]
    service.reload(BASE + COUNTS.format("twice", "later"))
    assert say(protocol, wire, "RCPT TO:<b@y.test>") == ["450"]


def test_limits_and_users_hold_for_open_sessions_too(serve):
    service = serve(BASE + "limits: {transactions: 3}")
    protocol, wire = service.connect()
    mail = "RSET", "MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA", "."
    assert say(protocol, wire, BEGUN[0], *mail)[-1] == "250"
    service.reload(BASE + "limits: {transactions: 2, recipients: 1}\nbanner: other\n")
    assert say(protocol, wire, *mail[:3], "RCPT TO:<c@y.test>") == ["250", "250", "250", "452"]
    assert say(protocol, wire, "DATA", ".", *mail[:2]) == ["354", "250", "250", "421"]
    _, wire = service.connect()
    assert wire.value() == b"220 other\r\n"


@pytest.mark.parametrize(("before", "after", "left"), [(0, 0, -3), (5, 0, -3), (0, 5, 3), (5, 3, 1), (5, 1, 0)])
def test_messages_that_were_sent_count_against_a_new_limit(serve, before, after, left):
    service = serve(BASE + f"limits: {{transactions: {before}}}")
    protocol, _ = service.connect()
    protocol.session.transactions_left -= 2
    service.reload(BASE + f"limits: {{transactions: {after}, errors: 7}}")
    assert protocol.session.transactions_left == left


def test_what_the_client_was_told_stands(serve):
    service = serve(BASE + "extensions: [SIZE, PIPELINING]")
    protocol, wire = service.connect()
    service.reload(BASE + "extensions: []\nhostname: other.test\n")
    say(protocol, wire, BEGUN[0])
    assert wire.value().startswith(b"250-mx.mock.test")
    assert b"SIZE" in wire.value()
    protocol, wire = service.connect()
    say(protocol, wire, BEGUN[0])
    assert wire.value().startswith(b"250-other.test")
    assert b"SIZE" not in wire.value()


def test_a_listener_that_is_removed_lets_its_transactions_end(serve):
    service = serve("listeners: {a: {port: 0}, b: {port: 0}}\nhttp: {port: null}\n")
    idle, idle_wire = service.connect(1)
    busy, wire = service.connect(1)
    say(busy, wire, *BEGUN, "RCPT TO:<b@y.test>", "DATA")
    service.reload("listeners: {a: {port: 0}}\nhttp: {port: null}\n")
    assert [each.profile.name for each in service.app.listening.named] == ["a"]
    assert idle_wire.value().splitlines()[-1].startswith(b"421")
    assert say(busy, wire, ".") == ["250", "421"]
    for each in (idle, busy):
        each.connectionLost()


def test_a_listener_that_is_added_meets_the_runtime_rules_too(serve):
    service = serve(BASE + RULE.format("old"))
    service.app.in_force.replace_runtime(service.app.settings.rulebook_rules)
    service.reload("listeners: {b: {port: 0, interface: 127.0.0.1}}\nhttp: {port: null}\n")
    assert [each.profile.name for each in service.app.listening.named] == ["b"]
    assert service.app.listening.named[0].accepts_on
    protocol, wire = service.connect()
    assert say(protocol, wire, *BEGUN, "RCPT TO:<b@y.test>")[-1] == "550"


def test_a_port_in_use_is_told_and_the_rest_takes_effect(serve):
    service = serve()
    taken = serve().app.listening.named[0].accepts_on
    result = service.reload(BASE.replace("port: 0", f"port: {taken}") + RULE.format("no"))
    assert result.kept == (f"listener a: port {taken}: Address already in use; it stays on 0",)
    assert result.changed == ("rules: 1 added (no)",)
    assert service.gauge("successful") == 0
    assert service.app.listening.not_accepting() == []
    assert service.reload(BASE + RULE.format("no")) == Reloaded()
    assert service.gauge("successful") == 1


def test_a_new_listener_whose_port_is_in_use_is_left_out(serve):
    service = serve()
    taken = serve().app.listening.named[0].accepts_on
    both = BASE.replace("}}", f"}}, b: {{port: {taken}, interface: 127.0.0.1}}}}")
    result = service.reload(both)
    assert result.kept == (f"listener b: port {taken}: Address already in use; there is no such listener yet",)
    assert [each.profile.name for each in service.app.listening.named] == ["a"]
    assert service.app.listening.not_accepting() == []


def test_what_needs_a_restart_is_told(serve):
    service = serve()
    result = service.reload(BASE + "data: /somewhere\nseed: 4\n")
    assert result == Reloaded(("seed changed",), ("data: null stays until a restart (the files say /somewhere)",))
    assert service.app.settings.data is None


def test_bounds_of_what_is_kept_hold_at_once(serve):
    service = serve()
    protocol, wire = service.connect()
    for _ in range(3):
        say(protocol, wire, *BEGUN, "RCPT TO:<b@y.test>", "DATA", ".")
    service.reload(BASE + "capture: {keep: {messages: 2}, refused: false}\n")
    assert service.app.store.usage()[::2] == (2, 1)
    assert not service.app.terminal.refused


def test_a_certificate_is_read_again(serve, tmp_path):
    service = serve()
    identity = service.app.parts.authority.identity
    write(tmp_path / "mx.key", identity.key_pem.decode())
    write(tmp_path / "mx.pem", identity.chain_pem.decode())
    own = BASE + "tls: {names: [mx.test], certificate: {cert: mx.pem, key: mx.key}}\n"
    assert service.reload(own).in_force
    before = service.app.listening.named[0].tls
    # First the certificate, and a moment later the key that belongs to it.
    other = service.app.parts.authority.identity
    write(tmp_path / "mx.pem", other.chain_pem.decode())
    service.reactor.pass_time(3 * POLL)
    (mistake,) = [line for line in service.err.getvalue().splitlines() if "mx.key" in line]
    assert mistake.endswith(f"this key does not belong to {tmp_path / 'mx.pem'}")
    assert service.app.listening.named[0].tls is before
    write(tmp_path / "mx.key", other.key_pem.decode())
    service.reactor.pass_time(3 * POLL)
    assert "mocksmtp: reloaded: listener a: another certificate" in service.err.getvalue()
    assert service.app.listening.named[0].tls is not before


def test_the_authority_is_handed_out_where_something_is_signed_by_it(serve, tmp_path):
    service = serve()
    made = service.app.parts.authority
    write(tmp_path / "mx.key", made.identity.key_pem.decode())
    write(tmp_path / "mx.pem", made.identity.chain_pem.decode())
    own = BASE + "tls: {certificate: {cert: mx.pem, key: mx.key}}\n"
    flawed = 'rules: [{name: old, stage: starttls, when: {helo: "old.*"}, fault: {certificate: expired}}]\n'
    for text, handed_out in ((BASE, True), (own, False), (own + flawed, True)):
        assert service.reload(text).in_force
        assert (service.app.ca_pem() is not None) is handed_out


def test_the_authority_stays_as_long_as_its_names_do(serve):
    service = serve()
    before = service.app.parts.authority.ca_pem
    service.reload(BASE + "seed: 5\n")
    assert service.app.parts.authority.ca_pem == before
    service.reload(BASE + "tls: {names: [other.test]}\n")
    assert service.app.parts.authority.ca_pem != before


def test_warnings_are_told_at_the_start_and_after_a_reload(serve):
    service = serve(BASE + RULE.format("no"))
    assert "warning" not in service.err.getvalue()
    service.reload(BASE + RULE.format("no").replace("5.1.1", "4.1.1"))
    told = f"{service.path}:3:46: warning: 550 disagrees with 4.1.1: its class is 4"
    assert service.err.getvalue().splitlines()[-1] == f"mocksmtp: {told}"
    service.reload(BASE + "seed: x\n")
    assert service.err.getvalue().count(told) == 1
    again = serve(BASE + RULE.format("no").replace("5.1.1", "4.1.1"))
    assert again.err.getvalue().splitlines()[-1] == f"mocksmtp: {told}"


def test_with_json_notices_are_json(tmp_path):
    reactor, err = HeldReactor(), io.StringIO()
    source = Source([], {"MOCKSMTP_CONFIG_YAML": BASE})
    app = App(source.load(), source, reactor, io.StringIO(), err, "json")
    app.start()
    app.reload()
    assert json.loads(err.getvalue().splitlines()[-1])["notice"] == "reloaded: nothing has changed"
    app.stop()
    reactor.pass_time(10)

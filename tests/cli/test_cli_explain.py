"""``mocksmtp explain``: what it prints, and its exit status."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mocksmtp.cli import main

ROOT = Path(__file__).parents[2]

YAML = """
hostname: mx.test
rules:
  - name: greylist
    when: {rcpt: "*@grey.example.com", client: 127.0.0.0/8}
    schedule: {within: 5m}
    per: [client, mail, rcpt]
    reply: "451 4.7.1 come back in {retry_after}s"
  - name: slow
    when: {rcpt: "*@grey.example.com"}
    delay: 2s
  - name: two
    when: {rcpt: "*@two.example.com"}
    reply: ["550 5.1.1 one", "550 5.1.1 two"]
mailboxes:
  one.example.com: {exists: [alice]}
"""


@pytest.fixture
def explain(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    path = tmp_path / "mocksmtp.yaml"
    path.write_text(YAML)

    def run(*arguments, **more):
        return CliRunner().invoke(main, ["explain", "--config", str(path), *arguments], **more)

    return run


def test_each_attempt_is_told_stage_by_stage(explain):
    result = explain(
        "--rcpt", "a@grey.example.com", "--attempts", "2", "--every", "5m", "--at", "2026-01-15T23:30"
    )  # fmt: skip
    assert result.output.splitlines() == [
        "attempt 1 at 2026-01-15 23:30:00 UTC: 127.0.0.1 to smtp",
        "connect   220 mx.test ESMTP mocksmtp ready",
        "helo      250-mx.test at your service (and 11 lines more)",
        "mail      250 2.1.0 Sender OK",
        "rcpt      451 4.7.1 come back in 300s rule=greylist",
        "          near  slow: not asked: greylist decided before",
        "attempt 2 at 2026-01-15 23:35:00 UTC: 127.0.0.1 to smtp",
        "connect   220 mx.test ESMTP mocksmtp ready",
        "helo      250-mx.test at your service (and 11 lines more)",
        "mail      250 2.1.0 Sender OK",
        "rcpt      250 2.1.5 Recipient OK",
        "          also  slow",
        "          then  waits 2 s",
        "          near  greylist: not due: within: 5m (hit 2 of its key)",
        "data      354 Start mail input; end with <CRLF>.<CRLF>",
        "message   250 2.0.0 OK queued as Q1",
    ]
    assert result.exit_code == 0


def test_what_nearly_matched_and_who_decided_is_told(explain):
    result = explain(
        "--rcpt", "a@grey.example.com", "--rcpt", "x@two.example.com", "--rcpt", "bob@one.example.com",
        "--client", "192.0.2.7", "--at", "2026-01-15T23:30+01:00",
    )  # fmt: skip
    lines = result.output.splitlines()
    assert lines[0].startswith("attempt 1 at 2026-01-15 22:30:00 UTC: 192.0.2.7 to smtp")
    assert lines[4:] == [
        "          RCPT TO:<a@grey.example.com>",
        "rcpt      250 2.1.5 Recipient OK",
        "          also  slow",
        "          then  waits 2 s",
        "          near  greylist: client: 127.0.0.0/8 does not hold for 192.0.2.7",
        "          RCPT TO:<x@two.example.com>",
        "rcpt      550-5.1.1 one rule=two",
        "          550 5.1.1 two",
        "          RCPT TO:<bob@one.example.com>",
        "rcpt      550 5.1.1 <bob@one.example.com>: no such user here rule=mailboxes/one.example.com/exists",
        "data      354 Start mail input; end with <CRLF>.<CRLF>",
        "message   250 2.0.0 OK queued as Q1",
    ]
    assert result.exit_code == 1


def test_what_no_rule_is_asked_about_is_told(explain):
    line = explain("--rcpt", "not a mailbox").output.splitlines()[-1]
    assert line.startswith("rcpt      553 5.1.3 ")
    assert line.endswith("(the protocol's own, no rule is asked)")


def test_near_misses_can_be_left_out(explain):
    assert "near" not in explain("--rcpt", "a@grey.example.com", "--near", "0").output


def test_a_terminal_gets_colours_unless_it_wants_none(explain):
    assert "\x1b[33m451 4.7.1" in explain("--rcpt", "a@grey.example.com", color=True).output
    plain = explain("--rcpt", "a@grey.example.com", color=True, env={"NO_COLOR": "1"})
    assert "\x1b" not in plain.output


def test_json_holds_the_same(explain):
    result = explain("--rcpt", "a@grey.example.com", "--attempts", "2", "--at", "2026-01-15T23:30", "--json")
    found = json.loads(result.output)
    assert (found["listener"], [each["at"] for each in found["attempts"]]) == (
        "smtp", ["2026-01-15T23:30:00.000000Z", "2026-01-15T23:31:00.000000Z"],
    )  # fmt: skip
    assert found["attempts"][0]["stages"][-1] == {
        "stage": "rcpt", "said": "RCPT TO:<a@grey.example.com>", "code": 451,
        "reply": ["451 4.7.1 come back in 300s"], "rule": "greylist", "asked": True, "matched": ["greylist"],
        "then": [],
        "near": [
            {"rule": "slow", "condition": "order", "wanted": "to be asked", "found": "greylist decided before"}
        ],
    }  # fmt: skip
    assert result.exit_code == 1


def test_the_message_may_come_from_a_file_or_standard_input(explain, tmp_path):
    path = tmp_path / "mail.eml"
    path.write_bytes(b"Subject: x\n\nhello\n")
    for source, more in ((str(path), {}), ("-", {"input": path.read_bytes()})):
        result = explain("--rcpt", "a@b.test", "--message", source, "--json", **more)
        assert json.loads(result.output)["attempts"][0]["stages"][-1]["said"] == "(message of 21 octets)"


def test_octets_that_a_terminal_must_not_see_are_escaped(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("rules: [{name: a, stage: connect, fault: {raw: '220 \\x1b[2J\\xff\\r\\n'}}]")
    result = CliRunner().invoke(main, ["explain", "-c", str(path), "--near", "0"])
    assert "connect   220 \\x1b[2J\\xff" in result.output
    result = CliRunner().invoke(main, ["explain", "-c", str(path), "--json"])
    assert "\x1b" not in result.output
    assert json.loads(result.output)["attempts"][0]["stages"][0]["reply"] == ["220 \x1b[2J\\xff"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--listener", "nowhere"], "nowhere is none of smtp, smtps, submission"),
        (["--every", "5"], "5 has no unit"),
        (["--at", "tomorrow"], "tomorrow is no moment, as in 2026-01-15T23:30"),
        (["--rcpt", "a@b.test\r\nRSET"], "cannot be said in one line"),
        (["--attempts", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_is_told(explain, arguments, text):
    result = explain(*arguments)
    assert result.exit_code == 2
    assert text in result.output


def test_a_wrong_configuration_is_told(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("seed: x\n")
    result = CliRunner().invoke(main, ["explain", "--config", str(path)])
    assert (result.exit_code, "a.yaml:1:7: seed: a whole number" in result.output) == (2, True)


def test_the_documentation_shows_what_it_prints(monkeypatch):
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs/cli.md").read_text()
    command, output = re.search(r"\$ mocksmtp (explain --config [^\n]*)\n(.*?)```", page, re.DOTALL).groups()
    assert CliRunner().invoke(main, command.split()).output == output

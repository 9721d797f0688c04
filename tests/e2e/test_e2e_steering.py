"""A plain test says over HTTP how the server is to behave, sends with smtplib, and sees it."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.e2e

FULL = {"name": "full", "when": {"rcpt": "bob@*"}, "reply": "452 4.2.2 <{rcpt}>: mailbox full"}
GREYLIST = {
    "name": "greylist", "when": {"rcpt": "*@grey.test"}, "schedule": {"within": "5m"},
    "per": ["client", "mail", "rcpt"], "reply": "451 4.7.1 come back in {retry_after}s",
}  # fmt: skip
FILE = 'rules:\n  - {name: no, when: {rcpt: "no@*"}, reply: "550 5.1.1 no"}\n'


class Api:
    """The HTTP port of a server."""

    def __init__(self, server):
        self._base = f"http://127.0.0.1:{server.ports['http']}"

    def raw(self, method, path, body=None):
        data = None if body is None and method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def ask(self, method, path, body=None):
        return json.loads(self.raw(method, path, body) or b"null")

    @property
    def names(self):
        return [rule["name"] for rule in self.ask("GET", "/v1/rules")["rules"]]


@pytest.fixture
def client():
    """A session that stays open while the server is steered."""
    with smtplib.SMTP() as found:
        yield found


def begin(client, server):
    client.connect("127.0.0.1", server.ports["smtp"])
    client.ehlo()
    return client


def rcpt(client, address):
    client.rset()
    client.mail("me@example.org")
    code, text = client.rcpt(address)
    return code, text.decode()


def test_a_rule_is_met_by_the_next_command_of_an_open_session(start, client):
    server = start(FILE)
    api = Api(server)
    begin(client, server)
    assert rcpt(client, "bob@y.test")[0] == 250
    api.ask("POST", "/v1/rules", FULL)
    assert rcpt(client, "bob@y.test") == (452, "4.2.2 <bob@y.test>: mailbox full")
    told = api.ask("GET", "/v1/rules/full")
    assert (told["hits"], told["runtime"], told["last_hit"] is None) == (1, True, False)
    api.ask("PATCH", "/v1/rules/full", {"reply": "550 5.1.1 gone"})
    assert rcpt(client, "bob@y.test") == (550, "5.1.1 gone")
    api.ask("PUT", "/v1/rules/full", FULL | {"when": {"rcpt": "alice@*"}})
    assert [rcpt(client, f"{name}@y.test")[0] for name in ("bob", "alice")] == [250, 452]
    api.ask(
        "POST", "/v1/rules", {"name": "all", "stage": "rcpt", "reply": "accept", "position": {"after": "full"}}
    )
    assert [rcpt(client, f"{name}@y.test")[0] for name in ("alice", "no")] == [452, 250]
    api.ask("POST", "/v1/rules/all/move", {"position": "first"})
    assert rcpt(client, "alice@y.test")[0] == 250
    api.ask("DELETE", "/v1/rules/all")
    assert [rcpt(client, f"{name}@y.test")[0] for name in ("alice", "no")] == [452, 550]
    assert api.ask("DELETE", "/v1/rules") == {"removed": 1}
    assert rcpt(client, "alice@y.test")[0] == 250


def test_a_greylist_is_passed_by_moving_the_clock(start, client):
    server = start()
    api = Api(server)
    begin(client, server)
    api.ask("POST", "/v1/rules", GREYLIST)
    assert rcpt(client, "x@grey.test")[1].startswith("4.7.1 come back in 300s")
    assert round(api.ask("POST", "/v1/clock", {"advance": "4m"})["ahead"]) == 240
    assert rcpt(client, "x@grey.test")[0] == 451
    api.ask("POST", "/v1/clock", {"advance": "1m"})
    assert rcpt(client, "x@grey.test")[0] == 250
    assert api.ask("POST", "/v1/clock", {"follow": True})["ahead"] == 0


def test_a_reset_begins_again(start, client):
    server = start(FILE)
    api = Api(server)
    begin(client, server)
    client.sendmail("me@example.org", ["you@example.com"], "Subject: hi\r\n\r\nHello\r\n")
    api.ask("POST", "/v1/rules", GREYLIST)
    api.ask("PATCH", "/v1/rules/no", {"enabled": False})
    api.ask("POST", "/v1/clock", {"advance": "1h"})
    assert rcpt(client, "no@grey.test")[0] == 451
    assert api.ask("POST", "/v1/reset", {"only": ["counters"]}) == {"reset": ["counters"]}
    assert api.ask("GET", "/v1/rules/greylist")["hits"] == 0
    assert len(api.ask("GET", "/v1/messages")["messages"]) == 1
    done = api.ask("POST", "/v1/reset")["reset"]
    assert done == ["messages", "journal", "counters", "rules", "clock"]
    assert api.ask("GET", "/v1/messages")["messages"] == []
    assert (api.names, api.ask("GET", "/v1/clock")["ahead"]) == (["no"], 0)
    assert rcpt(client, "no@grey.test")[0] == 550


def test_what_was_steered_survives_a_reload(start, client, tmp_path):
    server = start(FILE)
    api = Api(server)
    begin(client, server)
    api.ask("POST", "/v1/rules", FULL)
    api.ask("PATCH", "/v1/rules/no", {"enabled": False})
    (tmp_path / "mocksmtp.yaml").write_text(FILE + '  - {name: two, when: {rcpt: "two@*"}, reply: "553 two"}\n')
    assert api.ask("POST", "/v1/reload") == {"changed": ["rules: 1 added (two)"], "kept": []}
    assert api.names == ["full", "no", "two"]
    assert [rcpt(client, f"{name}@y.test")[0] for name in ("bob", "no", "two")] == [452, 250, 553]
    (tmp_path / "mocksmtp.yaml").write_text("hostnam: x\n")
    with pytest.raises(urllib.error.HTTPError) as raised:
        api.ask("POST", "/v1/reload")
    problem = json.loads(raised.value.read())
    assert (raised.value.code, problem["errors"][0]["field"]) == (409, f"{tmp_path}/mocksmtp.yaml:1:1")
    assert rcpt(client, "two@y.test")[0] == 553


def test_the_yaml_of_what_is_in_force_is_a_configuration(start):
    api = Api(start(FILE))
    api.ask("POST", "/v1/rules", FULL)
    api.ask("POST", "/v1/rules", GREYLIST)
    text = api.raw("GET", "/v1/rules?format=yaml").decode()
    other = Api(start(text))
    assert other.names == ["greylist", "full", "no"]
    assert other.raw("GET", "/v1/rules?format=yaml").decode() == text


def test_explain_says_who_decides_and_counts_nothing(start):
    api = Api(start(FILE))
    api.ask("POST", "/v1/rules", FULL | {"when": {"rcpt": "bob@*", "helo": "client.test"}})
    told = api.ask("POST", "/v1/rules/explain", {"rcpt": ["bob@y.test", "bop@y.test"]})
    bob, bop = [stage for stage in told["stages"] if stage["stage"] == "rcpt"]
    assert (bob["rule"], bob["code"], bop["rule"], told["accepted"]) == ("full", 452, None, False)
    assert bop["near"][0] == {"rule": "full", "condition": "rcpt", "wanted": "rcpt: bob@*", "found": "bop@y.test"}
    assert api.ask("GET", "/v1/rules/full")["hits"] == 0


def test_secrets_do_not_leave(start):
    told = Api(start("auth: {users: {alice: wonderland}}")).raw("GET", "/v1/config").decode()
    assert '"alice": "***"' in told
    assert "wonderland" not in told

"""What /openapi.json says is true: nothing it does not tell is met, no 5xx, and what it forbids is refused."""

from __future__ import annotations

import json
import re
import smtplib
import urllib.request
from contextlib import suppress
from urllib.error import HTTPError

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import checks
from schemathesis.generation import GenerationMode

pytestmark = pytest.mark.e2e

MAIL = "From: me@example.org\r\nSubject: hi\r\n\r\nHello\r\n"
RUNTIME = {"name": "runtime-rule", "when": {"rcpt": "bob@example.com"}, "reply": "452 4.2.2 full"}
RULES = "rules: [{name: a-rule, when: {rcpt: full@example.com}, reply: 452 4.2.2 full}]"

NEVER_BY_CHANCE = {
    ("POST", "/v1/rules"): RUNTIME | {"name": "another", "position": {"after": RUNTIME["name"]}},
    ("PUT", "/v1/rules/{name}"): {"stage": "rset", "delay": "5ms"},
    ("POST", "/v1/clock"): {"advance": "5m"},
    ("POST", "/v1/reload"): {},
    ("POST", "/v1/scopes"): {"ttl": "1m", "rules": [RUNTIME]},
    ("PUT", "/v1/scopes/{token}/rules"): {"rules": [RUNTIME]},
    ("POST", "/v1/verify"): {"assertions": [{"where": {"rcpt": "you@example.com"}, "count": {"at_least": 1}}]},
}
"""Bodies of which a generator finds none that is good."""

TRUE = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
ENDLESS = "/v1/events"
WAITING = {"/v1/wait": "timeout", "/v1/verify": "within"}


def operations(base):
    """Yield what the server describes, but for what has no end."""
    for result in schemathesis.openapi.from_url(f"{base}/openapi.json").get_all_operations():
        operation = result.ok()
        if operation.path != ENDLESS:
            yield operation


def ask(url, document=None):
    """Ask for JSON, or send it."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        return json.load(answer)


def known(server, base, path):
    """Let there be a message, its session, a runtime rule and a scope; return what the path calls them."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("me@example.org", ["you@example.com"], MAIL)
    with suppress(HTTPError):  # It may be there from before.
        ask(f"{base}/v1/rules", RUNTIME)
    message = ask(f"{base}/v1/messages?limit=1")["messages"][0]
    ids = message["session"] if path.startswith("/v1/sessions") else message["id"]
    return {"id": ids, "part": "1", "name": RUNTIME["name"], "token": ask(f"{base}/v1/scopes", {})["token"]}


class Operation:
    """One operation that is asked many things, of what there is and of what there is not."""

    def __init__(self, described, names):
        self.described, self.names = described, names
        self.place = (described.method.upper(), described.path)
        self.asked = 0
        self.done = False

    def ask(self, mode):
        @given(self.described.as_strategy(generation_mode=mode))
        @settings(
            max_examples=20, deadline=None, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def each(case):
            self.hold(case)

        if mode is GenerationMode.NEGATIVE:
            with suppress(Unsatisfiable):  # There is nothing to be asked wrongly.
                each()
            return
        each()
        if self.place in NEVER_BY_CHANCE:
            self.hold(self.described.Case(body=NEVER_BY_CHANCE[self.place], media_type="application/json"), True)

    def hold(self, case, of_what_is_there=False):
        if of_what_is_there or self.asked % 2 == 0:
            case.path_parameters = {name: self.names[name] for name in re.findall(r"{(\w+)}", case.path)}
        if case.path in WAITING and isinstance(case.body, dict):
            case.body = case.body | {WAITING[case.path]: "0s"}
        self.asked += 1
        answer = case.call_and_validate(checks=TRUE, timeout=30)
        self.done = self.done or answer.status_code < 400


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_what_the_description_says_is_true(start, mode):
    server = start(RULES)
    base = f"http://127.0.0.1:{server.ports['http']}"
    asked = []
    for each in operations(base):
        asked.append(Operation(each, known(server, base, each.path)))
        asked[-1].ask(mode)
    assert sum(operation.asked for operation in asked) > 100
    if mode is GenerationMode.POSITIVE:
        assert [operation.place for operation in asked if not operation.done] == []

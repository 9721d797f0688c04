"""What /openapi.json says is true: nothing it does not tell is met, no 5xx, and what it forbids is refused."""

from __future__ import annotations

import smtplib
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import checks
from schemathesis.generation import GenerationMode

pytestmark = pytest.mark.e2e

MAIL = "From: me@example.org\r\nSubject: hi\r\n\r\nHello\r\n"
RULES = "rules: [{name: a-rule, when: {rcpt: full@example.com}, reply: 452 4.2.2 full}]"

TRUE = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
ENDLESS = "/v1/events"


def operations(base):
    """Yield what the server describes, but for what has no end."""
    for result in schemathesis.openapi.from_url(f"{base}/openapi.json").get_all_operations():
        operation = result.ok()
        if operation.path != ENDLESS:
            yield operation


@pytest.fixture
def base(start):
    """The address of a server that has been sent something."""
    server = start(RULES)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("me@example.org", ["you@example.com"], MAIL)
    return f"http://127.0.0.1:{server.ports['http']}"


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_what_the_description_says_is_true(base, mode):
    asked = 0
    for operation in operations(base):

        @given(operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=20, deadline=None, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def ask(case):
            nonlocal asked
            if case.path == "/v1/wait" and isinstance(case.body, dict):
                case.body = case.body | {"timeout": "0s"}
            case.call_and_validate(checks=TRUE, timeout=30)
            asked += 1

        if mode is GenerationMode.POSITIVE:
            ask()
        else:
            with suppress(Unsatisfiable):  # there is nothing to be asked wrongly
                ask()
    assert asked > 100

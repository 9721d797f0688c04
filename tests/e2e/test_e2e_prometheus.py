"""A real Prometheus reads the mock as config/prometheus says; alerts and dashboard speak of what there is."""

from __future__ import annotations

import json
import re
import smtplib
import subprocess
from pathlib import Path

import pytest
from e2e.peers.installed import program
from e2e.peers.prometheus import CONFIG, ROOT, prometheus

pytestmark = [pytest.mark.e2e, pytest.mark.peers]

DASHBOARD = json.loads((ROOT / "config/grafana/mocksmtp.json").read_text())
ROWS = re.findall(r"^\| `((?:mocksmtp|process)_\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.M)
METRIC = re.compile(r"\b(?:mocksmtp|process)_\w+")
NOT_HAPPENED = {
    "mocksmtp_connections_refused_total", "mocksmtp_faults_total", "mocksmtp_tls_handshakes_total",
    "mocksmtp_authentications_total", "mocksmtp_config_last_reload_success_timestamp_seconds",
}  # fmt: skip
VARIABLES = {"$instance": ".*", "$listener": ".*", "$__rate_interval": "1m", "$__range": "1h"}


def promtool(*arguments: str) -> str:
    done = subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, timeout=60, cwd=CONFIG
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expressions() -> list[str]:
    """Return what the dashboard asks for, without Grafana's variables."""
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    found += [each["expr"] for each in DASHBOARD["annotations"]["list"]]
    for variable, value in VARIABLES.items():
        found = [each.replace(variable, value) for each in found]
    return found


def test_configuration_and_alerts_are_what_prometheus_reads():
    assert "rules found" in promtool("check", "config", "prometheus.yml")
    promtool("test", "rules", "alerts.test.yml")


def test_alerts_and_dashboard_speak_of_metrics_that_there_are(start, fetch):
    served = fetch(start(), "/metrics").decode()
    alerts = [line for line in (CONFIG / "alerts.yml").read_text().splitlines() if "expr:" in line]
    spoken_of = set(METRIC.findall("\n".join([*alerts, *expressions()]))) - {"mocksmtp_smtp"}
    assert {name for name in spoken_of if f"# TYPE {name} " not in served} == set()
    assert {name for name in spoken_of if name.startswith("mocksmtp") and name not in ROWS} == set()


def test_the_docs_name_all_that_is_served(start, fetch):
    served = re.findall(r"^# TYPE (\w+) \w+$", fetch(start(), "/metrics").decode(), re.M)
    assert served == ROWS


def test_prometheus_scrapes_the_mock(start, ending, tmp_path: Path):
    server = start('rules: [{name: no, when: {rcpt: "*@no.test"}, reply: "550 5.1.1 no"}]\n')
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("a@b.test", ["c@d.test", "e@no.test"], "Subject: x\r\n\r\nhi")
    scraper = ending.enter_context(prometheus(tmp_path / "prometheus", server.ports["http"]))
    scraper.await_value('up{job="mocksmtp"}', 1)
    assert scraper.value('mocksmtp_messages_total{listener="smtp"}') == 1
    assert scraper.value('mocksmtp_rule_matches_total{rule="no"}') == 1
    assert scraper.value('mocksmtp_replies_total{stage="rcpt", code="550"}') == 1
    assert scraper.value("mocksmtp_config_last_reload_successful") == 1
    (target,) = scraper.get("/api/v1/targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    # A rate needs two looks.  What the dashboard asks for is there then, but for what did not happen.
    scraper.await_value('count_over_time(up{job="mocksmtp"}[1m]) >= bool 3', 1)
    empty = [each for each in expressions() if not scraper.get("/api/v1/query", query=each)["result"]]
    assert {METRIC.search(each)[0] for each in empty} <= NOT_HAPPENED
    (tmp_path / "mocksmtp.yaml").write_text("hostnam: x\n")
    scraper.await_value("mocksmtp_config_last_reload_successful", 0)
    scraper.await_value('ALERTS{alertname="MocksmtpConfigNotInForce", alertstate="pending"}', 1)


def test_the_docs_name_all_alerts():
    names = re.findall(r"alert: (\w+)", (CONFIG / "alerts.yml").read_text())
    told = re.findall(r"^\| `(Mocksmtp\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    assert told == names

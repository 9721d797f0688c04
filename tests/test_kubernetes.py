"""config/kubernetes: what it mounts can be loaded, and what it promises holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mocksmtp.config import load

ROOT = Path(__file__).parent.parent
CONFIG_MAP, DEPLOYMENT, SERVICE = yaml.safe_load_all((ROOT / "config/kubernetes/mocksmtp.yml").read_text())
POD = DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


@pytest.fixture
def settings(tmp_path):
    for name, text in CONFIG_MAP["data"].items():
        (tmp_path / name).write_text(text)
    return load([tmp_path], {"MOCKSMTP_DATA": "/data", "MOCKSMTP_HTTP__INTERFACE": "0.0.0.0"})


def test_the_configuration_loads_without_a_warning(settings):
    assert [rule.name for rule in settings.rulebook_rules] == ["bad-mailbox"]
    assert settings.warnings == ()


def test_every_port_is_reached(settings):
    ports = {each.profile.name: each.port for each in settings.listeners} | {"http": settings.http.port}
    assert {each["name"]: each["containerPort"] for each in CONTAINER["ports"]} == ports
    assert {each["name"]: each["port"] for each in SERVICE["spec"]["ports"]} == ports
    assert SERVICE["spec"]["selector"] == DEPLOYMENT["spec"]["template"]["metadata"]["labels"]


def test_it_runs_without_rights_as_the_user_of_the_image():
    user = POD["securityContext"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}" in (ROOT / "Dockerfile").read_text()
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
    }  # fmt: skip


def test_the_configuration_is_mounted_as_a_directory_where_it_is_looked_for():
    mounts = {each["name"]: each for each in CONTAINER["volumeMounts"]}
    assert mounts["config"]["mountPath"] in CONTAINER["args"]
    assert all("subPath" not in each for each in mounts.values())
    assert set(mounts) == {each["name"] for each in POD["volumes"]}

"""What is in force, told in the words of the file."""

from __future__ import annotations

import json
from pathlib import Path

from mocksmtp.config import load
from mocksmtp.config.models import Configuration
from mocksmtp.config.telling import told_settings

ROOT = Path(__file__).parents[2]


def told(tmp_path, text):
    path = tmp_path / "mocksmtp.yaml"
    path.write_text(text)
    return told_settings(load([path], {}))


def test_every_setting_of_the_file_is_told_but_the_rules():
    document = json.loads(json.dumps(told_settings(load([ROOT / "config/mocksmtp.yaml"], {}))))
    elsewhere = {"rules", "include", "banner", "extensions", "limits"}
    assert set(document) == set(Configuration.model_fields) - elsewhere
    listener = document["listeners"]["submission"]
    assert (listener["port"], listener["tls"], listener["auth"]) == (587, "starttls", "optional")
    assert listener["limits"]["message_size"] == "25MiB"
    assert listener["limits"]["idle_timeout"] == "5m"
    assert document["capture"]["keep"] == {"messages": 10000, "bytes": "512MiB", "age": "7d", "sessions": 10000}
    assert document["mailboxes"]["corp.example"]["full"] == {"bob": "452 4.2.2 <{rcpt}>: mailbox full"}


def test_passwords_are_masked(tmp_path):
    document = told(tmp_path, "auth: {users: {alice: wonderland}}")
    assert document["auth"]["users"] == {"alice": "***"}
    assert "wonderland" not in json.dumps(document)
    assert told(tmp_path, "auth: {users: any}")["auth"]["users"] == "any"


def test_a_listener_tells_what_it_overrides(tmp_path):
    text = "listeners: {a: {port: 0, auth: off, certificate: {cert: a.pem, key: a.key}, limits: {errors: 1}}}"
    listener = told(tmp_path, text)["listeners"]["a"]
    assert (listener["auth"], listener["limits"]["errors"]) == ("off", 1)
    assert listener["certificate"] == {"cert": str(tmp_path / "a.pem"), "key": str(tmp_path / "a.key")}


def test_what_is_unset_is_null(tmp_path):
    document = told(tmp_path, "http: {port: null}\ncapture: {keep: {age: null}}\nlisteners: {a: {port: 0}}")
    assert (document["http"]["port"], document["capture"]["keep"]["age"]) == (None, None)
    assert document["tls"]["certificate"] == "auto"

"""``mocksmtp check``."""

from __future__ import annotations

from click.testing import CliRunner

from mocksmtp.cli import main


def run(*arguments, **environ):
    return CliRunner().invoke(main, ["check", *map(str, arguments)], env=environ)


def test_a_good_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text('listeners: {one: {port: 2525}}\nrules: [{name: a, when: {rcpt: "*"}, reply: "550 no"}]\n')
    result = run(path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "OK: 1 rules; one on 2525\n", "")


def test_every_mistake_is_a_line_on_standard_error(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("seed: x\nlimits: {errors: y}\n")
    result = run(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"{path}:1:7: seed: a whole number is wanted here, not 'x'",
        f"{path}:2:18: errors: a whole number is wanted here, not 'y'",
    ]


def test_the_environment_is_read_too(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("")
    assert "smtp on 2525," in run(path, MOCKSMTP_LISTENERS__SMTP__PORT="2525").stdout
    result = run(path, MOCKSMTP_HOSTNAM="x")
    assert result.exit_code == 2
    assert result.stderr == "MOCKSMTP_HOSTNAM: no such setting; did you mean MOCKSMTP_HOSTNAME?\n"


def test_a_directory(tmp_path):
    (tmp_path / "a.yaml").write_text('rules: [{name: a, when: {rcpt: "*"}, reply: "550 no"}]\n')
    assert run(tmp_path).stdout.startswith("OK: 1 rules; ")


def test_without_a_path_it_is_a_usage_error():
    result = run()
    assert result.exit_code == 2
    assert "Missing argument" in result.stderr


def test_warnings_are_told_and_are_no_mistakes_unless_they_are_wanted_to_be(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text('rules: [{name: a, when: {rcpt: "*"}, reply: "550 4.1.1 no"}]\n')
    warning = f"{path}:1:45: warning: 550 disagrees with 4.1.1: its class is 4\n"
    result = run(path)
    assert (result.exit_code, result.stderr) == (0, warning)
    assert result.stdout.startswith("OK: 1 rules; ")
    result = run(path, "--strict")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", warning)

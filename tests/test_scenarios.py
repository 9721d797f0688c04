"""Every scenario of config/rules does what its comment says: the dialogue of the same name is played with it."""

from __future__ import annotations

import pytest
from dialogue import parse
from scenario import FOLDER, ROOT, RULES, perform

from mocksmtp.config import load

FILES = sorted(RULES.glob("*.yaml"))
DIALOGUES = [
    pytest.param(dialogue, RULES / f"{path.stem}.yaml", id=dialogue.title)
    for path in sorted(FOLDER.glob("*.txt"))
    for dialogue in parse(path.read_text("utf-8"), path.stem)
]


@pytest.mark.parametrize(("dialogue", "config"), DIALOGUES)
def test_a_scenario_is_played(dialogue, config):
    for cut in (0, 1, 7):
        perform(dialogue, config, cut)


def test_every_scenario_has_its_dialogue():
    assert [path.stem for path in FILES] == [path.stem for path in sorted(FOLDER.glob("*.txt"))]
    assert len(FILES) >= 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_says_what_a_well_behaved_client_does(path):
    comment = [line for line in path.read_text().splitlines() if line.startswith("# ")]
    assert "A well-behaved client " in " ".join(line[2:] for line in comment)


def test_all_scenarios_can_be_loaded_together_and_beside_the_main_file():
    main = ROOT / "config/mocksmtp.yaml"
    rules = sum(len(load([path], {}).rulebook_rules) for path in FILES)
    assert len(load([RULES], {}).rulebook_rules) == rules
    both = load([main, RULES], {})
    assert len(both.rulebook_rules) == rules + len(load([main], {}).rulebook_rules)
    assert list(both.warnings) == []


@pytest.mark.parametrize(("dialogue", "config"), DIALOGUES)
def test_a_scenario_is_the_same_among_all_others(dialogue, config):
    perform(dialogue, RULES)


def test_the_main_file_loads_no_scenario_by_itself(tmp_path):
    names = {rule.name for path in FILES for rule in load([path], {}).rulebook_rules}
    own = {rule.name for rule in load([ROOT / "config/mocksmtp.yaml"], {}).rulebook_rules}
    assert {rule.name for rule in load([ROOT / "config"], {}).rulebook_rules} == own
    assert names - own

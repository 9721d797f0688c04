"""Examples in the documentation are loaded, and do what the dialogues behind them say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dialogue import parse
from scenario import perform

from mocksmtp.config import load

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(match[1], id=f"{page.name}-{number}")
    for page in PAGES
    for number, match in enumerate(re.finditer(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
]
BLOCK = r"```{}\n((?:(?!```).)*)```"
FOLLOWED = re.compile(BLOCK.format("yaml") + r"\n\n" + BLOCK.format("smtp"), re.DOTALL)
PLAYED = [
    pytest.param(match[1], match[2], id=f"{page.name}-{number}")
    for page in PAGES
    for number, match in enumerate(FOLLOWED.finditer(page.read_text()))
]
"""Examples that a dialogue follows."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads(example, tmp_path):
    path = tmp_path / "example.yaml"
    path.write_text(example)
    assert load([path], {}).listeners


@pytest.mark.parametrize(("example", "dialogues"), PLAYED)
def test_an_example_does_what_the_page_says(example, dialogues, tmp_path):
    path = tmp_path / "example.yaml"
    path.write_text(example)
    for dialogue in parse(dialogues):
        perform(dialogue, path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if not link.startswith("http")]
    assert [link for link in links if not (page.parent / link).exists()] == []

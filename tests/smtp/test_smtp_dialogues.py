"""Every dialogue of tests/dialogues holds, however the octets arrive."""

from __future__ import annotations

import pytest
from dialogue import Dialogue, agrees, all_dialogues, parse, play, unescape

from mocksmtp.smtp.remembered import Remembered

DIALOGUES = all_dialogues()


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.title)
def test_dialogue(dialogue: Dialogue) -> None:
    """Whole and cut into pieces the conversation is the same, and so it is when much of it was said before."""
    remembered = Remembered()
    for cut in (0, 0, 1, 2, 3, 7):
        play(dialogue, cut, remembered)


def test_titles_differ() -> None:
    """A title names one dialogue."""
    titles = [dialogue.title for dialogue in DIALOGUES]
    assert len(set(titles)) == len(titles) >= 130


@pytest.mark.parametrize(
    ("expected", "events", "agree"),
    [
        (["S: 250 …"], ["S: 250-a", "S: 250 b"], True),
        (["S: 250-…", "S: 250 b"], ["S: 250-a", "S: 250 b"], True),
        (["S: 250 …"], ["S: 250 a", "= close"], False),
        (["S: 250 …"], [], False),
        (["S: 250 a"], ["S: 250 b"], False),
    ],
)
def test_agrees(expected: list[str], events: list[str], agree: bool) -> None:
    """The runner sees what is missing and what is too much."""
    assert agrees(expected, events) is agree


def test_a_wrong_dialogue_fails() -> None:
    """The runner does fail."""
    (dialogue,) = parse("# wrong\nS: 220 …\nC: NOOP\nS: 500 …")
    with pytest.raises(AssertionError, match="came as"):
        play(dialogue)


def test_unescape() -> None:
    """Escapes become octets."""
    assert unescape(r"a\r\n\x00\\\{b*3}ü") == b"a\r\n\0\\bbb\xc3\xbc"

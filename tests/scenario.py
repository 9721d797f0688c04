"""Scenarios: dialogues with the rules of a configuration, by a rule clock that is held (``dialogue.py``)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import count
from pathlib import Path as File

from dialogue import Dialogue, Player, Turn, check

from mocksmtp.config import load
from mocksmtp.config.settings import Settings
from mocksmtp.config.types import duration
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.rulebook import Rulebook

ROOT = File(__file__).parent.parent
RULES = ROOT / "config/rules"
FOLDER = File(__file__).parent / "scenarios"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

CONNECT = re.compile(r"connect(?: from (\S+))?(?: to (\S+))?")
PASS = re.compile(r"(\S+) pass(?:es)?")
MOMENT = re.compile(r"it is (?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d)")


class Scene:
    """A server with its rules and clock; one client talks to it after the other."""

    def __init__(self, settings: Settings, failing: list[bool]) -> None:
        self.profiles = {listener.profile.name: listener.profile for listener in settings.listeners}
        self.clock = RuleClock(NOON.timestamp)
        self.clock.hold()
        self.rulebook = Rulebook(
            settings.rulebook_rules, settings.mailboxes, settings.syntax_reply, settings.sender_reply,
            now=self.clock.now, seed=settings.seed,
        )  # fmt: skip
        self.failing = failing
        self.names = map("s{}".format, count(1))
        self.player = self._connected(None, None)

    def _connected(self, client: str | None, listener: str | None) -> Player:
        profile = self.profiles[listener] if listener else next(iter(self.profiles.values()))
        return Player(profile, self.rulebook, self.failing, client or "192.0.2.1", next(self.names))

    def take(self, turn: Turn, cut: int) -> list[str]:
        """Play one turn; return its events."""
        told = turn.told
        if found := CONNECT.fullmatch(told):
            self.player.session.connection_lost()
            self.player = self._connected(*found.groups())
            return self.player.take(Turn(), cut)
        if found := PASS.fullmatch(told):
            self.clock.advance(duration(found[1]))
            return []
        if found := MOMENT.fullmatch(told):
            self.clock.set(datetime.fromisoformat(f"{found[1] or NOON.date()}T{found[2]}+00:00").timestamp())
            return []
        return self.player.take(turn, cut)


def perform(dialogue: Dialogue, config: File, cut: int = 0) -> None:
    """Play a dialogue against the rules of a file; assert that all comes as written."""
    scene = Scene(load([config], {}), dialogue.failing)
    for number, turn in enumerate(dialogue.turns):
        events = scene.take(turn, cut)
        check(number, turn, events, scene.player.stored)

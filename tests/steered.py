"""Rules in force that are steered, and the routes over them."""

from __future__ import annotations

from twisted.internet.task import Clock

from mocksmtp.config import load
from mocksmtp.journal import Journal
from mocksmtp.rules.clock import RuleClock
from mocksmtp.rules.counters import Counters
from mocksmtp.rules.hits import Hits
from mocksmtp.rules.in_force import InForce
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.rules.scopes import Scopes
from mocksmtp.rules.steering import Steering
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.facts import RuleMatched
from mocksmtp.smtp.stage import Stage
from mocksmtp.stores.memory import MemoryStore
from mocksmtp.web.steering import steering_routes


class Steered:
    """Rules of the files, and the steering of them."""

    def __init__(self, *files):
        self.counters, self.hits, self.followed = Counters(), Hits(lambda: 7.0), []
        rulebook = Rulebook(files, counters=self.counters)
        self.scopes = Scopes(rulebook, lambda _: None, lambda: None, lambda: 1000.0)
        self.in_force = InForce(rulebook, self._follow)
        self.steering = Steering(self.in_force, files, self.compiled, self.hits)

    def _follow(self, rulebook):
        self.followed.append(rulebook)
        self.scopes.follow(rulebook)

    def compiled(self, rules):
        return Rulebook(rules, counters=self.counters)

    @property
    def names(self):
        return [each.rule.name for each in self.steering.standing()]

    def hit(self, name):
        self.hits.takes[RuleMatched](RuleMatched(Conversation("S", "smtp", "mx", "::1"), Stage.RCPT, name))


class Nothing:
    """A reload that changes nothing."""

    changed = kept = mistakes = ()


async def no_reload():
    return Nothing


def routes_over(steered, store=None, journal=None):
    """Return all routes over some rules, as a service without files has them."""
    settings = load([], {})
    return steering_routes(
        steered.steering, RuleClock(lambda: 1000.0), steered.counters, steered.hits, store or MemoryStore(9, 9),
        journal or Journal(9, 9), lambda: settings, no_reload, steered.scopes, Clock(),
    )  # fmt: skip

"""Sessions that a journal keeps, played from dialogues."""

from __future__ import annotations

from itertools import count

from dialogue import Player, parse

from mocksmtp.journal import Journal
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.facts import CommandAnswered, Publisher
from mocksmtp.smtp.session import Session

EHLO, MAIL, RCPT = "C: EHLO me.test\n", "C: MAIL FROM:<a@x.test>\n", "C: RCPT TO:<b@y.test>\n"
DATA = "C: DATA\nC: hi\nC: .\n"


class Sessions:
    """Sessions that a journal keeps, played from dialogues; the clock is at 100, and moves when it is told to."""

    id = "S{:02}"

    def __init__(self, late=False, **bounds):
        """``late``: what may wait is told when the session has ended."""
        self.late = late
        self.journal = Journal(**{"sessions": 100, "octets": 1_000_000} | bounds)
        self.numbers, self.now = count(1), 100.0

    def publish(self, fact):
        take = self.journal.takes.get(type(fact))
        if take is not None:
            take(fact)

    def play(self, text, close=True, **options):
        """Play one session; return its player."""
        (dialogue,) = parse("# x\n" + text)
        player = Player(dialogue.profile, dialogue.policy, dialogue.failing)
        who = Conversation(self.id.format(next(self.numbers)), "smtp", "mx.test", "192.0.2.1", 1234)
        who.at, who.notes = self.now, self.journal.notes()
        session, publish = player.session, Publisher.to(self.publish)
        if self.late:
            publish.takers[CommandAnswered].clear()
            publish = Publisher(publish.takers, soon=lambda _settle: None)
        player.session = Session(dialogue.profile, dialogue.policy, who, publish, session.next_id, session.now)
        for turn in dialogue.turns:
            player.take(turn)
        if close:
            player.session.connection_lost()
            publish.settle()
        return player

    def told(self, text, **bounds):
        """Return what matters of each attempt of one session, oldest first."""
        self.play(text)
        return [
            (a.mail, a.rcpt, a.stage, a.code, a.rule, a.outcome, a.size) for a in self.journal.attempts.after(0)
        ]

    def outcomes(self):
        """Return outcome and recipient of every attempt, those that are open last."""
        return [(a.outcome, a.rcpt) for a in [*self.journal.attempts.after(0), *self.journal.open_attempts()]]

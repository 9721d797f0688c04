"""Sessions that talk to a journal, a store and whoever listens, without a network."""

from __future__ import annotations

from itertools import count

from dialogue import Player, parse

from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.session import Session

HELLO = "C: EHLO me.test\n"
MAIL = "C: MAIL FROM:<a@x.test>\nC: RCPT TO:<{}>\n"
DATA = "C: DATA\nC: Subject: hi\nC:\nC: Hello\nC: .\n"


class Talk:
    """One session after another, in the words of dialogues, with the subscribers of a client of the site."""

    def __init__(self, client):
        self.client = client
        self.numbers = count(1)
        self.queue_ids = count(1)

    def publish(self, fact):
        for take in self.client.subscribers[type(fact)]:
            take(fact)

    def session(self, text, close=True, **who):
        """Play one session; return its player."""
        (dialogue,) = parse("# x\n" + text)
        player = Player(dialogue.profile, dialogue.policy)
        conversation = Conversation(f"{next(self.numbers):04X}", "smtp", "mx.test", "192.0.2.1", 1234)
        for name, value in who.items():
            setattr(conversation, name, value)
        conversation.at, conversation.notes = self.client.clock.seconds(), self.client.journal.notes()
        conversation.notes.append(conversation.at)
        player.session = Session(
            dialogue.profile, dialogue.policy, conversation, Publisher.to(self.publish),
            lambda: f"B{next(self.queue_ids):04X}", self.client.clock.seconds,
        )  # fmt: skip
        store, keep = self.client.store, player._store

        def kept(message, alone):
            store.add(message, lambda refusal: None)
            keep(message, alone)

        player._store = kept
        for turn in dialogue.turns:
            player.take(turn)
        if close:
            player.session.connection_lost()
        return player

    def mail(self, *rcpt, head="", close=True):
        """Deliver a message to each recipient, in a session."""
        said = "".join(MAIL.format(each) + DATA for each in rcpt)
        return self.session(head + HELLO + said, close)

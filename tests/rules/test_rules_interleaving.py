"""The same seed and the same conversation are the same bytes, whatever else is connected."""

from __future__ import annotations

from itertools import chain, count

from hypothesis import given, settings
from hypothesis import strategies as st
from remembering import NOON, rules

from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.profile import Profile
from mocksmtp.smtp.session import Session
from mocksmtp.smtp.steps import Send, Store

RULES = """
- {name: flaky-mail, when: {mail: "*@flaky.test"}, schedule: {chance: 40%}, reply: "451 4.3.0 mail"}
- {name: flaky-rcpt, when: {rcpt: "*@flaky.test"}, schedule: {chance: 30%}, reply: "450 4.2.0 {rcpt} {helo}"}
- {name: flaky-data, stage: data, schedule: {chance: 20%}, per: session, reply: "451 4.3.0 data"}
- {name: flaky-end, stage: message, schedule: {chance: 50%}, per: [helo, mail], reply: "451 4.3.0 {attempt}"}
- {name: grey, when: {rcpt: "*@grey.test"}, per: [client, mail, rcpt], sequence: ["450 4.7.1 later", accept]}
- {name: third, when: {rcpt: "*"}, schedule: {every: 3, per: [helo]}, reply: "450 4.2.1 third"}
- {name: noop, stage: noop, schedule: {chance: 50%}, reply: "451 noop"}
"""
PROFILE = Profile(extensions=tuple(EXTENSIONS.values()))
DOMAINS = st.sampled_from(["flaky.test", "grey.test", "calm.test"])
ADDRESSES = st.builds("{}@{}".format, st.sampled_from("abc"), DOMAINS)
TRANSACTIONS = st.builds(
    lambda mail, rcpts: [f"MAIL FROM:<{mail}>", *(f"RCPT TO:<{each}>" for each in rcpts), "DATA", "text\r\n."],
    ADDRESSES,
    st.lists(ADDRESSES, min_size=1, max_size=3),
)
COMMANDS = st.lists(st.one_of(TRANSACTIONS, st.just(["NOOP"]), st.just(["RSET"])), max_size=4).map(
    lambda some: list(chain.from_iterable(some))
)


class Talk:
    """One client: what it says next, and what it heard."""

    def __init__(self, number, lines, book, ids):
        who = Conversation(f"S{next(ids)}", "smtp", "mx.test", f"192.0.2.{number}")
        self.session = Session(PROFILE, book, who, Publisher.to(lambda _: None), lambda: "Q1", lambda: NOON)
        self.left = [f"EHLO h{number}.test", *lines]
        self.heard = b""
        self.hear(self.session.open())

    def hear(self, steps):
        for step in steps:
            if isinstance(step, Send):
                self.heard += step.data
            elif isinstance(step, Store):
                self.hear(self.session.stored(None))

    def say(self):
        self.hear(self.session.receive_data(self.left.pop(0).encode() + b"\r\n"))


@settings(max_examples=60, deadline=None)
@given(st.lists(COMMANDS, min_size=2, max_size=4), st.integers(0, 3), st.randoms(use_true_random=False))
def test_interleaving_changes_nothing(conversations, seed, order):
    made = rules(RULES)

    def talks(book, ids):
        return [Talk(number, list(lines), book, ids) for number, lines in enumerate(conversations)]

    alone = []
    for number, lines in enumerate(conversations):
        talk = Talk(number, list(lines), Rulebook(made, seed=seed), count(1))
        while talk.left:
            talk.say()
        alone.append(talk.heard)
    together = talks(Rulebook(made, seed=seed), count(100))
    while speaking := [talk for talk in together if talk.left]:
        order.choice(speaking).say()
    assert [talk.heard for talk in together] == alone


def test_a_seed_is_a_fate_and_another_is_another():
    lines = ["MAIL FROM:<a@flaky.test>", "RCPT TO:<b@flaky.test>", "NOOP"] * 20

    def heard(seed):
        talk = Talk(1, list(lines), Rulebook(rules(RULES), seed=seed), count(1))
        while talk.left:
            talk.say()
        return talk.heard

    assert heard(7) == heard(7)
    assert len({heard(seed) for seed in range(5)}) == 5

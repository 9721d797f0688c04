"""How a rulebook counts: once each time the conditions hold, of the rules that are asked."""

from __future__ import annotations

import pytest
from remembering import ask, book_of, path, reply

from mocksmtp.rules.counters import Counters
from mocksmtp.rules.recall import Recall
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.smtp import replies
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope, Recipient
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import AS_PROPOSED, Decision
from mocksmtp.smtp.stage import Stage

SEQUENCE = "- {{name: a, when: {{rcpt: '*'}}, sequence: {steps}, per: rcpt{more}}}"

# Steps, what stands beside them, and the answers to one attempt after the other.
SEQUENCES = [
    ("['450 a', '451 b', accept]", "", ["450 a", "451 b", "OK", "OK"]),
    ("['450 a', '451 b']", "", ["450 a", "451 b", "451 b", "451 b"]),
    ("[accept, '450 a']", "", ["OK", "450 a", "450 a"]),
    ("['450 a', '451 b']", ", at_end: repeat", ["450 a", "451 b", "450 a", "451 b", "450 a"]),
    ("['450 a', '451 b']", ", at_end: accept", ["450 a", "451 b", "OK", "OK"]),
    ("['450 {attempt}']", "", ["450 1", "450 2", "450 3"]),
    ("[['450 a', '450 b'], {code: 451, text: c}]", "", ["450 a / b", "451 c"]),
    # The counter moves whether or not the schedule is due.
    ("['450 a', '451 b', '452 c']", ", schedule: {within: 2s}", ["450 a", "451 b", None]),
    ("['450 a', '451 b', '452 c']", ", schedule: {over: 1 per 1m}", [None, "451 b", "452 c"]),
]


@pytest.mark.parametrize(("steps", "more", "answers"), SEQUENCES)
def test_a_sequence_answers_by_the_count_of_its_key(steps, more, answers):
    book, clock = book_of(SEQUENCE.format(steps=steps, more=more))
    expected = [replies.OK.text if answer == "OK" else answer for answer in answers]
    seen = []
    for _ in expected:
        seen.append(reply(ask(book)))
        clock.advance(1)
    assert seen == expected
    assert reply(ask(book, "other@x.test")) == expected[0]


def test_accept_in_a_sequence_ends_the_search():
    book, _ = book_of(SEQUENCE.format(steps="[accept]", more="") + "\n- {name: b, stage: rcpt, reply: '550 no'}")
    assert ask(book).matched == ("a",)


def test_the_counter_of_a_rule_that_is_not_asked_does_not_move():
    book, _ = book_of(
        "- {name: a, when: {rcpt: '*'}, schedule: {every: 2}, reply: '450 a'}\n"
        "- {name: b, when: {rcpt: '*'}, reply: '451 {attempt}'}"
    )
    assert [reply(ask(book)) for _ in range(5)] == ["451 1", "450 a", "451 2", "450 a", "451 3"]


def test_the_counter_of_a_rule_without_a_reply_moves_and_the_search_goes_on():
    book, _ = book_of(
        "- {name: a, when: {rcpt: '*'}, schedule: {after: 1}, then: continue}\n"
        "- {name: b, when: {rcpt: '*'}, reply: '451 {attempt}'}"
    )
    assert [ask(book).matched for _ in range(2)] == [("b",), ("a", "b")]


def test_then_close_on_a_schedule():
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, schedule: {every: 2}, then: close}")
    assert [ask(book).close for _ in range(4)] == [None, True, None, True]


def test_a_rule_that_is_not_due_leaves_the_answer_to_the_mailboxes():
    from mocksmtp.rules.mailboxes import MailboxDomain, Mailboxes

    boxes = Mailboxes({"x.test": MailboxDomain(exists=())})
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, schedule: {first: 1}, reply: accept}", mailboxes=boxes)
    assert [ask(book).rule for _ in range(2)] == ["a", "mailboxes/x.test/exists"]


def test_conditions_that_do_not_hold_move_nothing():
    book, _ = book_of("- {name: a, when: {rcpt: '*@z.test', mail: m@y.test}, reply: '450 {attempt}'}")
    ask(book)
    ask(book, "a@z.test", mail="other@y.test")
    assert len(book.counters) == 0
    assert reply(ask(book, "a@z.test")) == "450 1"


SIZED = "- {{name: a, when: {{size: {{over: 100B}}{more}}}, schedule: {{after: 1}}, reply: '552 {{attempt}}'}}"


@pytest.mark.parametrize("more", ["", ", mail: '*@y.test'", ", rcpt: '*@x.test'"])
def test_a_size_that_is_asked_twice_is_one_hit_of_each_transaction(more):
    book, _ = book_of(SIZED.format(more=more))
    who = Conversation("S", "smtp", "mx.test", "192.0.2.7")

    def transaction(declared, octets):
        params = {"SIZE": str(declared)} if declared else {}
        said = [reply(book.decide(Stage.MAIL, who, Outcome(replies.OK, path=path("m@y.test"), params=params)))]
        who.envelope = Envelope("ID", path("m@y.test"), params)
        said.append(reply(book.decide(Stage.RCPT, who, Outcome(replies.OK, path=path("a@x.test")))))
        who.envelope.recipients = [Recipient(path("a@x.test"))]
        who.content = b"x" * octets
        said.append(reply(book.decide(Stage.MESSAGE, who, Outcome(replies.OK))))
        who.envelope = who.content = None
        return [each for each in said if each]

    assert transaction(200, 200) == []  # the first hit, told at MAIL or RCPT, and not again at the end
    assert transaction(None, 10) == []
    assert transaction(None, 200) == ["552 2"]
    assert transaction(200, 200) == ["552 3"]
    assert transaction(10, 200) == ["552 4"]  # the declared size was small, the counted one is not


def test_a_search_elsewhere_moves_no_counter_there():
    book, _ = book_of("- {name: a, when: {body: needle}, schedule: {first: 1}, reply: '554 {attempt}'}")
    content = b"\r\nneedle"
    text = "- {name: a, when: {body: '/needle/'}, schedule: {first: 1}, reply: '554 {attempt}'}"
    book, _ = book_of(text)
    content = b"\r\n" + b"x" * 2**21 + b"needle"
    search = ask(book, stage=Stage.MESSAGE, content=content, recipients=["a@x.test"])
    found = search()
    assert not isinstance(found, Decision)
    assert len(book.counters) == 0
    assert reply(found()) == "554 1"
    again = ask(book, stage=Stage.MESSAGE, content=content, recipients=["a@x.test"])
    assert again()() is AS_PROPOSED


def test_a_rule_that_counts_nothing_has_no_memory():
    book, _ = book_of("- {name: a, when: {rcpt: '*'}, reply: '450 no'}\n- {name: b, stage: rcpt, then: close}")
    assert [entry.recall for entry in book.stages[Stage.RCPT].entries] == [None, None]
    ask(book)
    assert len(book.counters) == 0


def test_counters_go_on_under_other_rules_of_the_same_name():
    text = "- {name: a, when: {rcpt: '*'}, per: rcpt, reply: '450 {attempt}'}"
    book, _ = book_of(text)
    assert [reply(ask(book)) for _ in range(2)] == ["450 1", "450 2"]
    other, _ = book_of(text.replace("450", "451"), counters=book.counters)
    assert reply(ask(other)) == "451 3"


def test_a_runtime_rule_counts_for_itself():
    text = "- {name: a, when: {rcpt: '*'}, reply: '450 {attempt}'}"
    book, _ = book_of(text)
    ask(book)
    both = book.beneath([entry.rule for entry in book.stages[Stage.RCPT].entries])
    assert reply(ask(both)) == "450 1"
    assert reply(ask(book)) == "450 2"


def test_a_rehearsal_goes_on_from_the_counters_and_leaves_them():
    book, clock = book_of("- {name: a, when: {rcpt: '*'}, schedule: {over: 2 per 1m}, reply: '450 {attempt}'}")
    ask(book), ask(book)
    for _ in range(2):
        rehearsed = book.rehearsal(clock.now)
        assert [reply(ask(rehearsed)) for _ in range(2)] == ["450 3", "450 4"]
    assert reply(ask(book)) == "450 3"


def test_ten_thousand_rules_that_remember_are_filed_like_any():
    text = "\n".join(
        f"- {{name: r{n}, when: {{rcpt: 'u{n}@x.test'}}, schedule: {{within: 5m}}, per: rcpt, reply: '450 no'}}"
        for n in range(200)
    )
    book, _ = book_of(text)
    asked = []
    hit = Recall.hit

    def counted(recall, *arguments):
        asked.append(recall.rule.name)
        return hit(recall, *arguments)

    Recall.hit = counted
    try:
        assert ask(book, "u7@x.test").rule == "r7"
    finally:
        Recall.hit = hit
    assert asked == ["r7"]


def test_an_empty_rulebook_has_counters_of_its_own():
    assert Rulebook().counters is not Rulebook().counters
    counters = Counters()
    assert Rulebook(counters=counters).counters is counters

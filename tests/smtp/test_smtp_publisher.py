"""The publisher: what is told at once, what later and together, and in which order."""

from __future__ import annotations

from typing import get_args

import pytest

from mocksmtp.smtp import facts
from mocksmtp.smtp.address import NULL_PATH
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.envelope import Envelope
from mocksmtp.smtp.facts import TOGETHER, Publisher, SessionClosed, SessionOpened, TransactionAbandoned
from mocksmtp.smtp.stage import Stage

WHO = Conversation("S1", "smtp", "mx.test", "192.0.2.1")
OPENED, CLOSED = SessionOpened(WHO, 1.0), SessionClosed(WHO)
ABANDONED = TransactionAbandoned(WHO, Envelope("A1", NULL_PATH))


class House:
    """A publisher, what it told, and what it wants done soon."""

    def __init__(self):
        self.told, self.soon = [], []
        self.takers = {kind: [self.told.append] for kind in get_args(facts.Fact)}
        self.takers[facts.CommandAnswered].clear()
        self.publish = Publisher(self.takers, soon=self.soon.append)


def test_what_may_wait_is_told_when_there_is_time():
    house = House()
    house.publish.later(OPENED)
    house.publish.later(CLOSED)
    assert (house.told, len(house.soon)) == ([], 1)
    house.soon.pop()()
    assert house.told == [OPENED, CLOSED]
    house.publish.later(OPENED)
    assert len(house.soon) == 1


def test_what_may_not_wait_is_told_behind_what_did():
    house = House()
    house.publish.later(OPENED)
    house.publish(ABANDONED)
    house.publish.later(CLOSED)
    house.publish.settle()
    assert house.told == [OPENED, ABANDONED, CLOSED]


def test_so_many_wait_and_no_more():
    house = House()
    for _ in range(TOGETHER - 1):
        house.publish.later(CLOSED)
    assert house.told == []
    house.publish.later(CLOSED)
    assert len(house.told) == TOGETHER


def test_who_hears_of_each_command_hears_all_in_its_order():
    house = House()
    house.publish.later(OPENED)
    house.takers[facts.CommandAnswered].append(house.told.append)
    house.publish.later(CLOSED)
    assert house.told == [OPENED, CLOSED]


def test_without_anybody_who_finds_the_time_all_is_told_at_once():
    told = []
    Publisher.to(told.append).later(OPENED, CLOSED)
    assert told == [OPENED, CLOSED]


@pytest.mark.parametrize("joins", [True, False])
def test_who_joins_or_leaves_is_heard_from_what_is_told_next(joins):
    house, late = House(), []
    takers = house.takers[SessionClosed]
    if not joins:
        takers.append(late.append)
    house.publish.later(CLOSED)
    house.publish.settle()
    (takers.append if joins else takers.remove)(late.append)
    house.publish.later(CLOSED)
    house.publish.settle()
    assert len(late) == 1


def test_a_fact_of_a_rule_is_told_at_once():
    house = House()
    house.publish(facts.RuleMatched(WHO, Stage.RCPT, "full"))
    assert len(house.told) == 1

"""What dialogues cannot show: facts, states that never come, and the contract of the steps."""

from __future__ import annotations

import pytest
from dialogue import Player, TablePolicy, Turn, profile_of

from mocksmtp.smtp import facts
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.outcome import Outcome
from mocksmtp.smtp.policy import Decision, Search
from mocksmtp.smtp.session import Session
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import Close, Decide, Send, StartTls, Step, Store

TRANSACTION = b"EHLO c\r\nMAIL FROM:<a@b> SIZE=9\r\nRCPT TO:<c@d>\r\n"


class Reversed:
    """A fault that shows that it was applied."""

    def apply(self, steps: list[Step]) -> list[Step]:
        """Send what is sent backwards."""
        return [Send(step.data[::-1]) if isinstance(step, Send) else step for step in steps]


class Faulty(TablePolicy):
    """Spoils one stage."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage

    def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
        """Fault this stage, leave others."""
        if stage is self.stage:
            return Decision(rule="r", faults=(Reversed(),), matched=("q", "r"))
        return super().decide(stage, conversation, outcome)


def opened(words: str = "", policy: TablePolicy | None = None, octets: bytes = b"") -> Player:
    """Return a player whose session has begun."""
    player = Player(profile_of(words.split()), policy or TablePolicy())
    player.take(Turn())
    if octets:
        player.take(Turn(octets))
    return player


def names(player: Player) -> list[str]:
    """Name the facts published so far."""
    return [type(fact).__name__ for fact in player.facts]


def test_facts_of_a_message() -> None:
    """A message leaves these facts in this order."""
    player = opened(octets=TRANSACTION + b"DATA\r\n.\r\n")
    player.session.connection_lost()
    assert names(player) == [
        "SessionOpened", "CommandAnswered", "CommandAnswered", "CommandAnswered", "CommandAnswered",
        "CommandAnswered", "MessageAccepted", "CommandAnswered", "TransactionEnded", "SessionClosed",
    ]  # fmt: skip
    message = player.stored[0]
    assert (message.id, message.session, message.client, message.helo) == ("Q1", "s1", "192.0.2.1", "c")
    assert (message.received, message.params, message.auth, message.tls) == (1e9, {"SIZE": "9"}, None, None)


def test_facts_of_tls_and_auth() -> None:
    """Handshake and login are facts."""
    player = opened("users=any", octets=b"EHLO c\r\nSTARTTLS\r\n")
    player.take(Turn(b"EHLO c\r\nAUTH PLAIN AGEAYg==\r\n"))
    assert {"TlsStarted", "Authenticated"} <= set(names(player))
    login = next(fact for fact in player.facts if isinstance(fact, facts.Authenticated))
    assert (login.mechanism, login.identity) == ("PLAIN", "a")


def test_connection_lost_in_a_transaction() -> None:
    """The transaction ends, then the session; nothing more is heard."""
    player = opened(octets=TRANSACTION)
    player.session.connection_lost()
    assert names(player)[-2:] == ["TransactionEnded", "SessionClosed"]
    assert player.session.receive_data(b"NOOP\r\n") == []
    assert player.session.timed_out() == []


def test_a_fault_spoils_the_answer_not_the_decision() -> None:
    """A garbled 250 to RCPT still puts the recipient into the envelope."""
    player = opened(policy=Faulty(Stage.RCPT), octets=b"EHLO c\r\nMAIL FROM:<a@b>\r\n")
    steps = player.session.receive_data(b"RCPT TO:<c@d>\r\n")
    assert steps == [Send(b"250 2.1.5 Recipient OK\r\n"[::-1])]
    assert [type(fact).__name__ for fact in player.facts[-3:]] == ["RuleMatched", "RuleMatched", "CommandAnswered"]
    assert isinstance(player.session.receive_data(b"DATA\r\n")[0], Send)
    assert len(player.session.envelope.recipients) == 1


def test_a_fault_at_implicit_tls() -> None:
    """There is no reply to spoil before an implicit handshake, but the rules have fired."""
    player = Player(profile_of(["implicit_tls"]), Faulty(Stage.STARTTLS))
    assert player.session.open() == [StartTls()]
    assert names(player) == ["SessionOpened", "RuleMatched", "RuleMatched"]


def test_a_search_at_implicit_tls_is_not_waited_for() -> None:
    """Nobody is there yet to be answered."""
    player = Player(profile_of(["implicit_tls"]), TablePolicy(("starttls * -> later",)))
    assert player.session.open() == [StartTls()]


def test_input_is_kept_while_a_message_is_stored() -> None:
    """After Store nothing more is returned until stored is called (RFC 2920)."""
    player = opened(octets=TRANSACTION + b"DATA\r\n")
    session = player.session
    (step,) = session.receive_data(b"x\r\n.\r\nNO")
    assert isinstance(step, Store)
    assert session.receive_data(b"OP\r\nQUIT\r\n") == []
    assert not session.idle
    sent = session.stored(None)
    assert [step.data[:3] for step in sent if isinstance(step, Send)] == [b"250", b"250", b"221"]
    assert sent[-1] == Close()


def test_input_is_kept_while_a_decision_is_searched() -> None:
    """The same after Decide."""
    player = opened(policy=TablePolicy(("noop * -> later",)))
    session = player.session
    (step,) = session.receive_data(b"NOOP\r\nRSET\r\n")
    assert isinstance(step, Decide)
    assert session.receive_data(b"QUIT\r\n") == []
    assert len(session.decided(step.search())) == 4


@pytest.mark.parametrize("call", ["stored", "decided"])
def test_an_answer_nobody_asked_for(call: str) -> None:
    """Our own mistakes raise."""
    session: Session = opened().session
    with pytest.raises(AssertionError, match="not asked for"):
        session.stored(None) if call == "stored" else session.decided(Decision())


def test_an_envelope_that_is_not_there() -> None:
    """Our own mistakes raise."""
    with pytest.raises(AssertionError, match="no transaction"):
        _ = opened().session.envelope


def test_the_envelope_knows_its_parameters() -> None:
    """SIZE= and SMTPUTF8 are read off the envelope."""
    assert opened(octets=TRANSACTION).session.envelope.declared_size == 9
    envelope = opened(octets=b"EHLO c\r\nMAIL FROM:<a@b> SMTPUTF8\r\n").session.envelope
    assert (envelope.declared_size, envelope.smtputf8) == (None, True)


@pytest.mark.parametrize("stage", list(Stage))
def test_stages(stage: Stage) -> None:
    """A stage is its name; only DATA is answered 3yz."""
    assert str(stage) == stage.value
    assert stage.positive == (3 if stage is Stage.DATA else 2)

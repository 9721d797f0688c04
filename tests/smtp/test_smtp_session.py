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
from mocksmtp.smtp.steps import Abort, Close, Decide, Send, StartTls, Step, Store

TRANSACTION = b"EHLO c\r\nMAIL FROM:<a@b> SIZE=9\r\nRCPT TO:<c@d>\r\n"


class Reversed:
    """A fault that shows that it was applied."""

    name, in_mail_data = "reversed", False

    def apply(self, steps: list[Step]) -> list[Step]:
        """Send what is sent backwards."""
        return [Send(step.data[::-1]) if isinstance(step, Send) else step for step in steps]


class Faulty(TablePolicy):
    """Spoils one stage."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage

    stages = frozenset(Stage)

    def silent(self, stage: Stage, outcome: Outcome) -> bool:
        return stage is not self.stage and super().silent(stage, outcome)

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
        "CommandAnswered", "CommandAnswered", "MessageAccepted", "TransactionEnded", "SessionClosed",
    ]  # fmt: skip
    message = player.stored[0]
    assert (message.id, message.session, message.client, message.helo) == ("Q1", "s1", "192.0.2.1", "c")
    assert (message.received, message.params, message.auth, message.tls) == (1e9, {"SIZE": "9"}, None, None)


def test_what_is_not_just_let_through_is_a_fact() -> None:
    """A refusal by the protocol, or a say of the policy, is told before the answer."""
    player = opened(policy=TablePolicy(("rcpt c@d -> 250 2.1.5 fine",)), octets=b"EHLO c\r\nMAIL FROM:<a@b>\r\n")
    before = len(player.facts)
    player.session.receive_data(b"RCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nRCPT x\r\n")
    told = player.facts[before:]
    assert [type(fact).__name__ for fact in told] == [
        "RuleMatched", "Decided", "CommandAnswered", "CommandAnswered", "Decided", "CommandAnswered",
    ]  # fmt: skip
    assert tuple(told[1]) == (*told[2], player.session.envelope)
    assert [(fact.rule, fact.took_effect, fact.reply.code) for fact in (told[1], told[4])] == [
        ("table", True, 250), (None, False, 501),
    ]  # fmt: skip


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
    assert names(player)[-3:] == ["TransactionAbandoned", "TransactionEnded", "SessionClosed"]
    assert player.session.receive_data(b"NOOP\r\n") == []
    assert player.session.timed_out() == []


def test_a_fault_spoils_the_answer_not_the_decision() -> None:
    """A garbled 250 to RCPT still puts the recipient into the envelope."""
    player = opened(policy=Faulty(Stage.RCPT), octets=b"EHLO c\r\nMAIL FROM:<a@b>\r\n")
    steps = player.session.receive_data(b"RCPT TO:<c@d>\r\n")
    assert steps == [Send(b"250 2.1.5 Recipient OK\r\n"[::-1])]
    assert names(player)[-5:] == ["RuleMatched", "RuleMatched", "FaultInjected", "Decided", "CommandAnswered"]
    assert player.facts[-3][1:] == (Stage.RCPT, "reversed", 0.0)
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


def test_facts_of_a_message_in_one_chunk() -> None:
    """BDAT LAST is one command and two stages: rules of both have matched, and there is one answer."""
    policy = TablePolicy(("data * -> accept", "message * -> accept"))
    player = opened(policy=policy, octets=TRANSACTION + b"BDAT 3 LAST\r\nabc")
    told = [fact for fact in player.facts if isinstance(fact, (facts.RuleMatched, facts.CommandAnswered))]
    assert [(type(fact).__name__, str(fact.stage)) for fact in told[-3:]] == [
        ("RuleMatched", "data"), ("RuleMatched", "message"), ("CommandAnswered", "message"),
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "stages"), [(10, ["data", "message"]), (2, ["message"])])
def test_facts_of_a_refused_chunk(size: int, stages: list[str]) -> None:
    """The transaction ends with the refusal; the size is refused at the end of the message, as after DATA."""
    policy = TablePolicy(("message * -> 554 5.7.1 no",))
    chunks = b"BDAT 3\r\nabcBDAT 3 LAST\r\ndef" if size > 3 else b"BDAT 3 LAST\r\nabc"
    transaction = b"EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
    player = opened(f"limits.message_size={size}", policy, transaction + chunks)
    told = [fact for fact in player.facts if isinstance(fact, facts.CommandAnswered)][4:]
    assert [str(fact.stage) for fact in told] == stages
    assert not told[-1].took_effect
    assert names(player)[-1] == "TransactionEnded"


@pytest.mark.parametrize(
    ("chunks", "wire"),
    [
        (b"BDAT 3\r\nabc", b"250 2.0.0 3 octets received\r\n"),
        (b"BDAT 3 LAST\r\nabc", b"250 2.0.0 OK queued as Q1\r\n"),
    ],
)
def test_a_fault_at_data_spoils_the_answer_to_the_first_chunk(chunks: bytes, wire: bytes) -> None:
    """Also where the last chunk is the first, and the answer is the message's."""
    player = opened(policy=Faulty(Stage.DATA), octets=TRANSACTION)
    steps = player.session.receive_data(chunks)
    if isinstance(steps[0], Store):
        steps = player.session.stored(None)
    assert steps == [Send(wire[::-1])]


def test_a_fault_at_data_spoils_an_answer_that_took_its_time() -> None:
    """The same where the message is searched."""

    class Both(Faulty):
        stages = frozenset(Stage)

        def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
            found = super().decide(stage, conversation, outcome)
            return (lambda: Decision()) if stage is Stage.MESSAGE else found

    player = opened(policy=Both(Stage.DATA), octets=TRANSACTION)
    (search,) = player.session.receive_data(b"BDAT 3 LAST\r\nabc")
    assert isinstance(search, Decide)
    (store,) = player.session.decided(search.search())
    assert isinstance(store, Store)
    assert player.session.stored(None) == [Send(b"250 2.0.0 OK queued as Q1\r\n"[::-1])]


def test_facts_of_lmtp() -> None:
    """A message is accepted once, for those that accept it; the reply of each recipient names it."""
    policy = TablePolicy(("message no@d -> 554 5.7.1 no", "message c@d -> 250 2.6.0 yes"))
    player = opened(
        "lmtp", policy, b"LHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<no@d>\r\nRCPT TO:<c@d> NOTIFY=NEVER\r\n"
    )
    player.take(Turn(b"DATA\r\nabc\r\n.\r\n"))
    answers = [fact for fact in player.facts if isinstance(fact, facts.CommandAnswered)][-2:]
    assert [(a.path.text, a.params, a.reply.code, a.rule, a.took_effect) for a in answers if a.path] == [
        ("no@d", {}, 554, "table", False),
        ("c@d", {"NOTIFY": "NEVER"}, 250, "table", True),
    ]
    (accepted,) = [fact for fact in player.facts if isinstance(fact, facts.MessageAccepted)]
    assert [each.path.text for each in accepted.envelope.recipients] == ["c@d"]
    assert (accepted.octets, accepted.reply.text, accepted.rule, accepted.kept) == (
        5,
        "250 2.6.0 yes",
        "table",
        True,
    )
    assert player.stored[0].rule == "table"
    assert names(player)[-1] == "TransactionEnded"


def test_facts_of_lmtp_when_nobody_keeps_the_message() -> None:
    """Accepted and not kept, and accepted by nobody."""
    octets = b"LHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n"
    discarded = opened("lmtp", TablePolicy(("message * -> discard",)), octets)
    (accepted,) = [fact for fact in discarded.facts if isinstance(fact, facts.MessageAccepted)]
    assert not accepted.kept
    assert "MessageAccepted" not in names(opened("lmtp", TablePolicy(("message * -> 554 no",)), octets))


def test_lmtp_whose_client_left_while_the_message_was_stored() -> None:
    """Nothing more is answered; the facts are told."""
    player = opened("lmtp", octets=b"LHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\nDATA\r\n")
    (store,) = player.session.receive_data(b"x\r\n.\r\n")
    assert isinstance(store, Store)
    player.session.shut_down()
    assert player.session.stored(None) == []
    assert names(player)[-6:] == [*["Decided", "CommandAnswered"] * 2, "MessageAccepted", "TransactionEnded"]


class Aborting:
    """A fault that ends the connection after the reply."""

    name, in_mail_data = "aborting", False

    def apply(self, steps: list[Step]) -> list[Step]:
        """Reset."""
        return [*steps, Abort()]


def test_a_fault_that_ends_the_connection_ends_the_answers_of_lmtp() -> None:
    """The message is kept for all that accept it; those behind the fault are not answered."""

    class Ending(TablePolicy):
        stages = frozenset(Stage)

        def decide(self, stage: Stage, conversation: Conversation, outcome: Outcome) -> Decision | Search:
            spoilt = stage is Stage.MESSAGE and outcome.path is not None and outcome.path.text == "c@d"
            return Decision(faults=(Aborting(),)) if spoilt else super().decide(stage, conversation, outcome)

    player = opened(
        "lmtp", Ending(), b"LHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\nBDAT 1 LAST\r\n"
    )
    (store,) = player.session.receive_data(b"x")
    assert isinstance(store, Store)
    assert [each.path.text for each in store.message.recipients] == ["c@d", "e@d"]
    assert player.session.stored(None) == [Send(b"250 2.0.0 OK queued as Q1\r\n"), Abort()]


def test_a_fault_at_data_spoils_the_first_answer_of_lmtp() -> None:
    """BDAT LAST is both stages at once."""
    player = opened("lmtp", Faulty(Stage.DATA), b"LHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\n")
    (store,) = player.session.receive_data(b"BDAT 1 LAST\r\nx")
    assert isinstance(store, Store)
    wire = b"250 2.0.0 OK queued as Q1\r\n"
    assert player.session.stored(None) == [Send(wire[::-1]), Send(wire)]


def test_a_connection_lost_within_a_chunk_keeps_nothing() -> None:
    """The transaction ends as one that was given up."""
    player = opened(octets=TRANSACTION + b"BDAT 3\r\nabcBDAT 9 LAST\r\nx")
    player.session.connection_lost()
    assert player.stored == []
    assert names(player)[-2:] == ["TransactionEnded", "SessionClosed"]


def test_a_session_is_not_idle_while_a_refused_chunk_is_read() -> None:
    """It is answered before a service that shuts down says so."""
    player = opened(octets=b"EHLO c\r\nBDAT 3\r\na")
    assert player.session.drain() == []
    assert [step.data[:3] for step in player.session.receive_data(b"bc") if isinstance(step, Send)] == [
        b"503", b"421",
    ]  # fmt: skip


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

"""Each fault: the steps of an answer, and what it makes of them.  One row a case."""

from __future__ import annotations

from math import exp, inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.config.faults import read_delay, read_faults
from mocksmtp.config.tree import read
from mocksmtp.faults import FAULTS
from mocksmtp.faults.delay import DEVIATIONS, LONGEST
from mocksmtp.faults.octets import said
from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.steps import LAST, Abort, Close, Flush, HalfClose, Receive, Send, StartTls, Wait, ends

OK = [Send(b"250 OK\r\n")]
BYE = [Send(b"221 Bye\r\n"), Close()]
TLS = [Send(b"220 Go\r\n"), StartTls()]
IMPLICIT = [StartTls()]
DATA = [Send(b"354 Go\r\n")]
RESET = [Flush(), Abort()]
EXPIRED = StartTls(certificate="expired")


def faults(yaml, stage=Stage.RCPT):
    """Read faults from YAML, as they are at a stage."""
    return [fault.for_stage(stage) for fault in read_faults(read(f"fault: {yaml}", "t").value["fault"])]


def applied(yaml, steps, stage=Stage.RCPT):
    for fault in faults(yaml, stage):
        steps = fault.apply(steps)
    return steps


ROWS = [
    # delay: before everything, a handshake too
    ("{delay: 2s}", OK, [Wait(2.0), *OK]),
    ("{delay: 2s}", IMPLICIT, [Wait(2.0), StartTls()]),
    # reset: what was promised goes first, and a handshake or a close is never begun
    ("{reset: before}", OK, RESET),
    ("{reset: after}", OK, [*OK, *RESET]),
    ("reset", BYE, [BYE[0], *RESET]),
    ("{reset: {after_octets: 3}}", OK, [Send(b"250"), *RESET]),
    ("{reset: {after_octets: 8}}", OK, [*OK, *RESET]),
    ("{reset: {after_octets: 8}}", BYE, [Send(b"221 Bye\r"), *RESET]),
    ("{reset: {after_octets: 9}}", OK, OK),
    ("{reset: before}", TLS, RESET),
    ("{reset: after}", TLS, [TLS[0], *RESET]),
    ("{reset: before}", IMPLICIT, RESET),
    ("{reset: after}", IMPLICIT, RESET),
    # close and half_close: the same, in good order
    ("{close: before}", OK, [Close()]),
    ("{close: after}", OK, [*OK, Close()]),
    ("{close: after}", BYE, BYE),
    ("{close: {after_octets: 4}}", OK, [Send(b"250 "), Close()]),
    ("{half_close: before}", OK, [HalfClose()]),
    ("half_close", OK, [*OK, HalfClose()]),
    ("{half_close: {after_octets: 4}}", OK, [Send(b"250 "), HalfClose()]),
    # stall: nothing is taken away
    ("stall", OK, [Wait(inf), *OK]),
    ("{stall: forever}", BYE, [Wait(inf), *BYE]),
    ("{stall: 30s}", OK, [Wait(30.0), *OK]),
    ("{stall: {after_octets: 3, duration: 1m}}", OK, [Send(b"250"), Wait(60.0), Send(b" OK\r\n")]),
    ("{stall: {after_octets: 3}}", BYE, [Send(b"221"), Wait(inf), Send(b" Bye\r\n"), Close()]),
    ("{stall: {after_octets: 100}}", OK, OK),
    # drip and split: the same octets, in pieces
    ("{drip: {bytes: 3, every: 200ms}}", OK, [Send(b"250"), Wait(0.2), Send(b" OK"), Wait(0.2), Send(b"\r\n")]),
    ("{drip: {bytes: 5}}", BYE, [Send(b"221 B"), Wait(0.2), Send(b"ye\r\n"), Close()]),
    ("{split: 1}", OK, [Send(b"2"), Wait(0.02), Send(b"50 OK\r\n")]),
    ("{split: [3, 7]}", OK, [Send(b"250"), Wait(0.02), Send(b" OK\r"), Wait(0.02), Send(b"\n")]),
    ("{split: {at: [3], gap: 1s}}", BYE, [Send(b"221"), Wait(1.0), Send(b" Bye\r\n"), Close()]),
    ("{split: [8, 9]}", OK, OK),
    # truncate, raw, bare_lf, long_line, repeat, wrong_continuation: other octets
    ("{truncate: 3}", OK, [Send(b"250")]),
    ("truncate", BYE, [Send(b"221"), Close()]),
    ("{truncate: 100}", OK, OK),
    ("{raw: '999 \\x00\\xff\\t\\\\\\r\\nä'}", OK, [Send(b"999 \x00\xff\t\\\r\n\xc3\xa4")]),
    ("{raw: ''}", BYE, [Close()]),
    ("{raw: 'x'}", IMPLICIT, IMPLICIT),
    ("bare_lf", [Send(b"250-a\r\n250 b\r\n")], [Send(b"250-a\n250 b\n")]),
    ("{long_line: 515}", [Send(b"250-a\r\n250 b\r\n")], [Send(b"250-a\r\n250 b " + b"x" * 507 + b"\r\n")]),
    ("repeat", BYE, [Send(b"221 Bye\r\n221 Bye\r\n"), Close()]),
    ("{repeat: 3}", OK, [Send(b"250 OK\r\n" * 3)]),
    ("wrong_continuation", OK, [Send(b"250-OK\r\n550 OK\r\n")]),
    ("wrong_continuation", [Send(b"550 No\r\n")], [Send(b"550-No\r\n250 No\r\n")]),
    ("{wrong_continuation: 421}", [Send(b"250-a\r\n250 b\r\n")], [Send(b"250-a\r\n421 b\r\n")]),
    # certificate and tls: another handshake, where there is one
    ("{certificate: expired}", TLS, [TLS[0], EXPIRED]),
    ("{certificate: expired}", IMPLICIT, [EXPIRED]),
    ("{certificate: expired}", [Send(b"454 No\r\n")], [Send(b"454 No\r\n")]),
    ("{tls: abort}", TLS, [TLS[0], StartTls(handshake="abort")]),
    ("{tls: stall}", TLS, [TLS[0], Wait(inf)]),
    ("[{certificate: expired}, {tls: abort}]", TLS, [TLS[0], StartTls("expired", "abort")]),
    # composed, in their order
    ("[{delay: 2s}, {reset: before}]", OK, [Wait(2.0), *RESET]),
    ("[{reset: before}, {delay: 2s}]", OK, [Wait(2.0), *RESET]),
    ("[{drip: {bytes: 3}}, {reset: {after_octets: 4}}]", OK, [Send(b"250"), Wait(0.2), Send(b" "), *RESET]),
    ("[repeat, {truncate: 11}]", OK, [Send(b"250 OK\r\n250")]),
    ("[{reset: before}, {close: after}]", OK, RESET),
    ("[{close: after}, {reset: after}]", OK, [*OK, *RESET]),
    ("[{stall: {after_octets: 3, duration: 1s}}, {split: 5}]", OK,
     [Send(b"250"), Wait(1.0), Send(b" O"), Wait(0.02), Send(b"K\r\n")]),
]  # fmt: skip


@pytest.mark.parametrize(("yaml", "steps", "expected"), ROWS, ids=[f"{row[0]}-{n}" for n, row in enumerate(ROWS)])
def test_a_fault_rewrites_the_steps(yaml, steps, expected):
    before = list(steps)
    assert applied(yaml, steps) == expected
    assert steps == before


AT_DATA = [
    ("{close: {after_octets: 512}}", [*DATA, Receive(None, 512, (Close(),), "close")]),
    ("{reset: {after_octets: 1}}", [*DATA, Receive(None, 1, (Flush(), Abort()), "reset")]),
    ("{half_close: {after_octets: 1}}", [*DATA, Receive(None, 1, (HalfClose(),), "half_close")]),
    ("{stall: {after_octets: 9, duration: 1s}}", [*DATA, Receive(None, 9, (Wait(1.0),), "stall")]),
    ("{slow_read: {bytes: 100, every: 200ms}}", [*DATA, Receive(500.0, None, (), "slow_read")]),
    ("{slow_read: 4096}", [*DATA, Receive(4096.0, None, (), "slow_read")]),
    ("{close: after}", [*DATA, Close()]),
    ("{stall: 1s}", [Wait(1.0), *DATA]),
]


@pytest.mark.parametrize(("yaml", "expected"), AT_DATA)
def test_at_data_octets_are_those_of_the_mail_data(yaml, expected):
    assert applied(yaml, DATA, Stage.DATA) == expected
    (fault,) = faults(yaml, Stage.DATA)
    assert fault.in_mail_data is any(isinstance(step, Receive) for step in expected)


def test_the_folder_is_the_list():
    shown = {next(iter(each)) if isinstance(each, dict) else each for each in map(named, [*ROWS, *AT_DATA])}
    assert shown >= set(FAULTS) - {"garble"}


def named(row):
    value = read(f"fault: {row[0]}", "t").value["fault"]
    return value[0] if isinstance(value, list) else value


def test_a_garbled_reply_is_one_line_of_nonsense_and_the_same_for_the_same_fraction():
    (fault,) = faults("{garble: 200}")
    (one,), (same,), (other,) = (fault.drawn(fraction).apply(OK) for fraction in (0.5, 0.5, 0.25))
    assert one == same != other
    assert (len(one.data), one.data[-2:], one.data[:-2].count(b"\r") + one.data[:-2].count(b"\n")) == (
        202,
        b"\r\n",
        0,
    )
    assert fault.by_chance


# Times.


def seconds(yaml, fraction):
    (wait,) = read_delay(read(f"delay: {yaml}", "t").value["delay"]).drawn(fraction).apply([])
    return wait.seconds


DRAWS = [
    ("2s", 0.0, 2.0), ("2s", 0.9, 2.0), ("2s..5s", 0.0, 2.0), ("2s..5s", 0.5, 3.5), ("500ms..1m", 0.5, 30.25),
    ("{normal: [2s, 500ms]}", 0.5, 2.0), ("{normal: [2s, 500ms]}", 0.8413447460685429, 2.5),
    ("{normal: [1s, 10s]}", 0.01, 0.0), ("{normal: [2s, 1s]}", 0.0, 0.0),
    ("{p50: 1s, p99: 8s}", 0.5, 1.0), ("{p50: 1s, p99: 8s}", 0.99, 8.0), ("{p50: 3s, p99: 3s}", 0.7, 3.0),
]  # fmt: skip


@pytest.mark.parametrize(("yaml", "fraction", "expected"), DRAWS)
def test_a_time_is_drawn(yaml, fraction, expected):
    assert isclose(seconds(yaml, fraction), expected, abs_tol=1e-9)


FRACTIONS = st.floats(0, 1, exclude_max=True)


@given(FRACTIONS)
def test_no_time_is_negative_or_without_bound(fraction):
    assert 0 <= seconds("{normal: [1s, 1s]}", fraction) <= 1 + DEVIATIONS
    assert 0 < seconds("{p50: 1s, p99: 10s}", fraction) <= exp(DEVIATIONS)
    assert 2 <= seconds("2s..5s", fraction) <= 5


def test_only_what_is_drawn_is_by_chance():
    assert [read_delay(value).by_chance for value in ("2s", "2s..2s", "2s..3s", {"p50": "1s", "p99": "2s"})] == [
        False, False, True, True,
    ]  # fmt: skip


# What holds for all of them, however they are composed.

YAMLS = st.lists(st.sampled_from([row[0] for row in ROWS if row[0][0] != "["] + ["garble"]), max_size=4)
ANSWERS = st.sampled_from([OK, BYE, TLS, IMPLICIT, [Send(b"421 4.3.2 Bye\r\n"), Close()], []])
PACING = {"delay", "drip", "split", "stall"}


@given(YAMLS, ANSWERS)
def test_what_ends_the_session_ends_it_in_some_way(yamls, steps):
    spoiled = steps
    for yaml in yamls:
        spoiled = applied(yaml, spoiled)
    assert ends(spoiled) or not ends(steps)
    assert all(type(step) not in LAST for step in spoiled[:-1])


@given(YAMLS, ANSWERS)
def test_what_only_takes_time_takes_no_octet_away(yamls, steps):
    spoiled = steps
    for yaml in yamls:
        if faults(yaml)[0].name in PACING:
            spoiled = applied(yaml, spoiled)
    assert said(spoiled) == said(steps)


MISTAKES = [
    ("rest", "unknown fault 'rest'"), ("{certificate: old}", "'old' is not known here"),
    ("{reset: {at: before, after_octets: 3}}", "before and after_octets do not go together"),
    ("{reset: {after_octets: 0}}", "after_octets must be at least 1"), ("{drip: 5}", "a map is wanted here"),
    ("{split: [3, 3]}", "each number must be more than the one before"), ("{split: []}", "at must be at least 1"),
    ("{long_line: 512}", "bytes must be at least 513"), ("{repeat: 1000000}", "times may be at most 1000"),
    ("{raw: '\\q'}", "\\q is no octet"), ("{raw: '\\'}", "\\ is no octet"), ("raw", "raw: give it a value"),
    ("{wrong_continuation: 700}", "code may be at most 599"), ("{delay: 25h}", "delay may be at most 86400"),
    ("{delay: 3s..2s}", "the first of the two must be the shorter"), ("{delay: {p50: 2s}}", "a time is wanted"),
    ("{delay: {p50: 2s, p99: 1s}}", "p50 must be more than 0 and at most p99"),
    ("{delay: {normal: 2s}}", "normal takes two durations"), ("{reset: a, drip: {}}", "one map holds one fault"),
    ("[]", "an empty list does nothing"), ("[drip, {stall: soon}]", "soon is no value with a unit"),
    ("{slow_read: {bytes: 1, every: 0s}}", "every must be at least 0.001"),
]  # fmt: skip


@pytest.mark.parametrize(("yaml", "words"), MISTAKES)
def test_a_mistake_is_told(yaml, words):
    with pytest.raises(ValueError) as caught:
        faults(yaml)
    assert words in str(caught.value)
    assert LONGEST == 86400

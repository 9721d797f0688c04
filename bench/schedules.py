"""What rules that remember cost: CPU time of a message in one process, with 10 of them and with 10,000.

``python bench/schedules.py [--rounds 7]``, and part of ``make bench``; the bar is a tenth, judged by the median of
the rounds.  Each message hits one scheduled rule of its recipient, whose counter moves.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from mocksmtp.config import load
from mocksmtp.rules.rulebook import Rulebook
from mocksmtp.smtp.conversation import Conversation
from mocksmtp.smtp.facts import Publisher
from mocksmtp.smtp.session import Session
from mocksmtp.smtp.steps import Store

FEW, MANY = 10, 10_000
MESSAGES = 5_000
BAR = 1.1

Rounds = list[dict[int, float]]
"""For each round, by the number of rules, CPU microseconds a message."""

SCHEDULES = (
    "schedule: {within: 5m}\n    per: [client, mail, rcpt]",
    "schedule: {over: 100 per 1m}\n    per: client",
    "schedule: {chance: 10%}",
    "schedule: {every: 3}\n    per: session",
    "per: rcpt",
)
REPLY = 'reply: "451 4.7.1 attempt {attempt}"'


def config(number: int) -> str:
    """Return the YAML text of so many rules, each of one recipient."""
    rules = [
        f"  - name: r{n}\n    when: {{rcpt: 'u{n}@x.test'}}\n    {SCHEDULES[n % len(SCHEDULES)]}\n    {REPLY}"
        for n in range(number)
    ]
    return "rules:\n" + "\n".join(rules) + "\n"


def sessions(number: int, folder: Path) -> Callable[[int], None]:
    """Return what lets so many messages through a session of so many rules."""
    path = folder / f"{number}.yaml"
    path.write_text(config(number))
    settings = load([path], {})
    rulebook = Rulebook(settings.rulebook_rules, now=lambda: 1e9)
    profile, ids = settings.listeners[0].profile, count()

    def run(times: int) -> None:
        for n in range(times):
            who = Conversation(f"S{next(ids)}", "smtp", "mx.test", "192.0.2.1")
            session = Session(profile, rulebook, who, Publisher.to(lambda _: None), lambda: "Q1", lambda: 1e9)
            session.open()
            lines = [b"EHLO c.test", b"MAIL FROM:<a@y.test>", b"RCPT TO:<u%d@x.test>" % (n % FEW)]
            for line in [*lines, b"RCPT TO:<v@x.test>", b"DATA", b"text\r\n."]:
                for step in session.receive_data(line + b"\r\n"):
                    if isinstance(step, Store):
                        session.stored(None)
            session.connection_lost()

    return run


def measured(run: Callable[[int], None], times: int) -> float:
    """Return microseconds a message."""
    began = process_time()
    run(times)
    return (process_time() - began) / times * 1e6


def measure(rounds: int, messages: int) -> Rounds:
    """Do the rounds after one that warms up, in alternating order, without a look for cycles in between."""
    with tempfile.TemporaryDirectory(prefix="mocksmtp-bench-") as folder:
        runs = {number: sessions(number, Path(folder)) for number in (FEW, MANY)}
    found: Rounds = []
    gc.disable()
    try:
        for turn in range(rounds + 1):
            order = sorted(runs, reverse=bool(turn % 2))
            found.append({number: measured(runs[number], messages) for number in order})
    finally:
        gc.enable()
    return found[1:]


def ratios(found: Rounds) -> list[float]:
    """Return for each round how many times as much a message costs with many rules."""
    return [each[MANY] / each[FEW] for each in found]


def kept(found: Rounds) -> bool:
    """Say whether the bar is kept."""
    return median(ratios(found)) <= BAR


def page(found: Rounds) -> str:
    """Return the table."""
    few, many = (median(each[number] for each in found) for number in (FEW, MANY))
    own, verdict = ratios(found), "kept" if kept(found) else "MISSED"
    return (
        f"| rules that remember, in one process | {FEW:,}, CPU µs | {MANY:,}, CPU µs | ratio | bar | |\n"
        "|---|---:|---:|---:|---:|---|\n"
        f"| a message | {few:.1f} | {many:.1f} | {median(own):.3f} ({min(own):.3f}–{max(own):.3f}) "
        f"| ≤ {BAR:.1f} | {verdict} |"
    )


def told(found: Rounds) -> dict[str, Any]:
    """Return what the JSON file holds."""
    return {"rounds": found, "ratios": ratios(found), "bar": BAR, "kept": kept(found)}


def main() -> int:
    """Run and print; 1 if the bar is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7, help="rounds that count (7)")
    options.add_argument("--messages", type=int, default=MESSAGES, help=f"messages a round ({MESSAGES})")
    chosen = options.parse_args()
    found = measure(chosen.rounds, chosen.messages)
    print(page(found))
    return 0 if kept(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

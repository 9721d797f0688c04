"""What rules that remember cost: CPU time of a message in one process, with 10 of them and with 10,000.

``python bench/schedules.py [--rounds 7]``; the bar is a tenth, judged by the median of the rounds.  Each message
hits one scheduled rule of its recipient, whose counter moves.
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


def messages(number: int, folder: Path) -> Callable[[int], None]:
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


def main() -> int:
    """Run and print; 1 if the bar is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7, help="rounds that count (7)")
    options.add_argument("--messages", type=int, default=MESSAGES, help=f"messages a round ({MESSAGES})")
    chosen = options.parse_args()
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="mocksmtp-bench-") as folder:
        runs = {number: messages(number, Path(folder)) for number in (FEW, MANY)}
    rounds = []
    for turn in range(chosen.rounds + 1):  # The first warms up.
        order = sorted(runs, reverse=bool(turn % 2))
        rounds.append({number: measured(runs[number], chosen.messages) for number in order})
    few, many = (median(each[number] for each in rounds[1:]) for number in (FEW, MANY))
    ratio = median(each[MANY] / each[FEW] for each in rounds[1:])
    print("| rules that remember | 10, µs | 10,000, µs | ratio | bar |\n|---|---|---|---|---|")
    verdict = "kept" if ratio <= BAR else "MISSED"
    print(f"| CPU a message, in one process | {few:.1f} | {many:.1f} | {ratio:.3f} | ≤ {BAR:.1f} {verdict} |")
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())

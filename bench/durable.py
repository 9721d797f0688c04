"""Durable messages a second: SQLite on one core of its own, fifty senders on the other.

``python bench/durable.py [--rounds 5] [--folder DIR]``, and part of ``make bench``; the bar is 5,000 a second
on kept connections, judged by the median of the rounds.  The folder must be on a disk.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from load import Loader, Run, loader
from report import WORDS
from rules import config
from servers import ROOT, Server, Unusable, start_mocksmtp

SENDERS = 50
MESSAGES = 20_000
BAR, JUDGED = 5000, "reuse"
LOAD_CORE, SERVER_CORE = 0, 1

KEPT = 10_000
KEEP = f"capture: {{{{store: {{store}}, keep: {{{{messages: {KEPT}}}}}}}}}\n"
"""Both stores are full in the first round, so each message costs the removal of another."""

STORES = {"SQLite": "'sqlite:mail.db'", "memory": "memory"}


Rounds = list[dict[str, dict[str, Run]]]
"""For each round, by mode and store, what the run gave."""


def one_round(servers: dict[str, Server], load: Loader, messages: int, turned: bool) -> dict[str, dict[str, Run]]:
    """Run every mode on every server; each message must have been delivered."""
    found: dict[str, dict[str, Run]] = {mode: {} for mode in load.modes}
    for name in sorted(servers, reverse=turned):
        for mode in load.modes:
            run = load.run(servers[name], mode, messages, LOAD_CORE, SENDERS)
            if run.delivered != messages:
                raise Unusable(f"{name}, {WORDS[mode]}: {run.delivered} of {messages} delivered")
            found[mode][name] = run
    return found


def rows(file: Path) -> int:
    """Count the messages that are in the file."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])


def measure(rounds: int, messages: int, folder: Path) -> Rounds:
    """Start both servers, warm them up, and do the rounds.  Raises Unusable."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mocksmtp-bench-", dir=folder)))
        load = loader(scratch)
        servers = {}
        for name, store in STORES.items():
            (scratch / name).mkdir()
            text = config() + KEEP.format(store=store)
            servers[name] = start_mocksmtp(SERVER_CORE, scratch / name, text)
            stack.callback(servers[name].stop)
        one_round(servers, load, messages // 10, False)
        found = [one_round(servers, load, messages, bool(number % 2)) for number in range(rounds)]
        servers["SQLite"].stop()
        sent = (messages // 10 + rounds * messages) * len(load.modes)
        if (kept := rows(scratch / "SQLite" / "mail.db")) != min(sent, KEPT):
            raise Unusable(f"{kept} messages are in the file, and {sent} of at most {KEPT} should be")
        return found


def judged(found: Rounds) -> float:
    """Return the durable messages a second that are held against the bar."""
    return median(rate(each[JUDGED]["SQLite"]) for each in found)


def rate(run: Run) -> float:
    """Return messages a second."""
    return run.messages / run.seconds


def page(found: Rounds) -> str:
    """Return the table, and the sentence that says whether the bar is kept."""
    lines = [
        f"| {SENDERS} senders | SQLite, messages/s | memory, messages/s | SQLite, CPU µs | memory, CPU µs |",
        "|---|---:|---:|---:|---:|",
    ]
    for mode in found[0]:
        rates = [[rate(each[mode][name]) for each in found] for name in STORES]
        told = [f"{median(each):,.0f} ({min(each):,.0f}–{max(each):,.0f})" for each in rates]
        told += [f"{median(each[mode][name].cpu for each in found):.1f}" for name in STORES]
        lines.append(f"| {WORDS[mode]} | {' | '.join(told)} |")
    verdict = "kept" if judged(found) >= BAR else "MISSED"
    lines += ["", f"{WORDS[JUDGED]}: {judged(found):,.0f} durable messages a second; bar {BAR:,}: {verdict}"]
    return "\n".join(lines)


def main() -> int:
    """Run and print; 1 if the bar is missed, 2 if it cannot run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5, help="rounds that count (5)")
    options.add_argument("--messages", type=int, default=MESSAGES, help=f"messages a run ({MESSAGES})")
    options.add_argument("--folder", type=Path, default=ROOT, help="where the file is, on a disk (the project)")
    chosen = options.parse_args()
    if not {LOAD_CORE, SERVER_CORE} <= os.sched_getaffinity(0):
        options.error("cores 0 and 1 are needed")
    try:
        found = measure(chosen.rounds, chosen.messages, chosen.folder)
    except Unusable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(page(found))
    return 0 if judged(found) >= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())

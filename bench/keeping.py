"""What keeping costs: the CPU time of a message with journal and memory store, over that without either.

``python bench/keeping.py [--rounds 5]``, and part of ``make bench``; the bar is 15 %, judged by the median of the
rounds.  Within a round both run in short turns, on, off, off, on, and so on: a machine that becomes slower in the
meantime is so for both, and one that does other work is told by the range.  The time is the scheduler's own, in
nanoseconds, where the kernel tells it: so short a turn is only some ticks of its clock.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median
from typing import Any

from load import Loader, loader
from report import WORDS
from rules import config
from servers import Server, Unusable, start_mocksmtp

MESSAGES = 20_000
TURNS = ("on", "off", "off", "on", "off", "on", "on", "off") * 2
BAR = 1.15
LOAD_CORE, SERVER_CORE = 0, 1

CONFIGS = {"on": config(), "off": config() + "capture: {keep: {messages: 0, sessions: 0}}\n"}

Rounds = list[dict[str, dict[str, float]]]
"""For each round, by mode and by on and off, CPU microseconds a message."""


def one_round(servers: dict[str, Server], load: Loader, messages: int) -> dict[str, dict[str, float]]:
    """Run every mode on both servers in turns; each message must have been delivered."""
    share = max(1, messages * 2 // len(TURNS))
    found: dict[str, dict[str, float]] = {}
    for mode in load.modes:
        cpu: dict[str, list[float]] = {name: [] for name in servers}
        for name in TURNS:
            before = scheduled(servers[name])
            run = load.run(servers[name], mode, share, LOAD_CORE)
            after = scheduled(servers[name])
            if run.delivered != share:
                raise Unusable(f"keeping {name}, {WORDS[mode]}: {run.delivered} of {share} delivered")
            cpu[name].append(run.cpu if before is None or after is None else (after - before) / share)
        found[mode] = {name: mean(each) for name, each in cpu.items()}
    return found


def scheduled(server: Server) -> float | None:
    """Return how many microseconds a server has run so far, None where the kernel does not tell."""
    try:
        told = [path.read_text() for path in Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")]
    except OSError:
        return None
    return sum(int(each.split()[0]) for each in told) / 1000 if told else None


def measure(rounds: int, messages: int) -> Rounds:
    """Start both servers, warm them up, and do the rounds.  Raises Unusable."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mocksmtp-bench-")))
        load = loader(scratch)
        servers = {}
        for name, text in CONFIGS.items():
            (scratch / name).mkdir()
            servers[name] = start_mocksmtp(SERVER_CORE, scratch / name, text)
            stack.callback(servers[name].stop)
        one_round(servers, load, max(1, messages // 10))
        return [one_round(servers, load, messages) for _ in range(rounds)]


def ratios(found: Rounds, mode: str) -> list[float]:
    """Return for each round how many times as much a message costs that is kept."""
    return [each[mode]["on"] / each[mode]["off"] for each in found]


def kept(found: Rounds) -> bool:
    """Say whether every mode keeps the bar."""
    return all(median(ratios(found, mode)) <= BAR for mode in found[0])


def page(found: Rounds) -> str:
    """Return the table."""
    lines = [
        "| journal and store | off, CPU µs | on, CPU µs | on / off | bar | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for mode in found[0]:
        off, on = (median(each[mode][name] for each in found) for name in ("off", "on"))
        own = ratios(found, mode)
        told = f"{median(own):.3f} ({min(own):.3f}–{max(own):.3f})"
        verdict = "kept" if median(own) <= BAR else "MISSED"
        lines.append(f"| {WORDS[mode]} | {off:.1f} | {on:.1f} | {told} | ≤ {BAR} | {verdict} |")
    return "\n".join(lines)


def told(found: Rounds) -> dict[str, Any]:
    """Return what the JSON file holds."""
    return {"cpu_us_per_message": found, "bar": BAR, "kept": kept(found)}


def main() -> int:
    """Run and print; 1 if the bar is missed, 2 if it cannot run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5, help="rounds that count (5)")
    options.add_argument("--messages", type=int, default=MESSAGES, help=f"messages a run ({MESSAGES})")
    chosen = options.parse_args()
    if not {LOAD_CORE, SERVER_CORE} <= os.sched_getaffinity(0):
        options.error("cores 0 and 1 are needed")
    try:
        found = measure(chosen.rounds, chosen.messages)
    except Unusable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(page(found))
    return 0 if kept(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Compare mocksmtp with smtp-sink and aiosmtpd by CPU time a message; then what else has a bar (`make bench`)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import durable
import keeping
import schedules
import waiting
from load import CONNECTIONS, OCTETS, Loader, Run, loader
from report import WORDS, bar_table, bars, cpu_table
from servers import ROOT, Server, Unusable, start_aiosmtpd, start_mocksmtp, start_smtp_sink

RESULTS = Path(__file__).with_name("results")
MESSAGES = {"mocksmtp": 20_000, "smtp-sink": 20_000, "aiosmtpd": 4_000}
LOAD_CORE, SERVER_CORE = 0, 1
WARM_UP, QUICK = 10, 10
"""A warm-up and a quick run send this many times fewer messages."""

Round = dict[str, dict[str, float]]


class Besides(NamedTuple):
    """What is measured besides the comparison, each by a file of its own."""

    durable: durable.Rounds
    keeping: keeping.Rounds
    waiting: list[float]
    schedules: schedules.Rounds

    @property
    def kept(self) -> bool:
        """Say whether each keeps its bar."""
        return (
            durable.judged(self.durable) >= durable.BAR
            and keeping.kept(self.keeping)
            and waiting.kept(self.waiting)
            and schedules.kept(self.schedules)
        )

    @property
    def page(self) -> str:
        """Return their tables."""
        pages = durable.page(self.durable), keeping.page(self.keeping), schedules.page(self.schedules)
        return "\n\n".join([*pages, waiting.page(self.waiting)])


class Lost(Exception):
    """Not everything that was sent was delivered; the text says where."""


def measure(server: Server, load: Loader, mode: str, messages: int) -> Run:
    """Do one run and check that every message arrived.  Raises Lost."""
    before = server.counted()
    run = load.run(server, mode, messages, LOAD_CORE)
    after = server.counted()
    if run.delivered != messages:
        raise Lost(f"{server.name}, {WORDS[mode]}: {run.delivered} of {messages} delivered")
    if before is not None and after is not None and after - before != messages:
        raise Lost(f"{server.name}, {WORDS[mode]}: sent {messages}, but its metrics tell {after - before}")
    return run


def one_round(servers: Sequence[Server], load: Loader, divisor: int) -> Round:
    """Run every mode on every server, in the order of ``servers``."""
    found: Round = {}
    for mode in load.modes:
        cpu = {each.name: measure(each, load, mode, MESSAGES[each.name] // divisor).cpu for each in servers}
        found[mode] = {name: cpu[name] for name in MESSAGES}
    return found


def all_rounds(count: int, divisor: int) -> tuple[str, list[Round]]:
    """Start the servers, warm them up, and do the rounds; every other one in reverse order."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mocksmtp-bench-")))
        load = loader(scratch)
        servers: list[Server] = []
        for start in (start_mocksmtp, start_smtp_sink, start_aiosmtpd):
            servers.append(start(SERVER_CORE, scratch))
            stack.callback(servers[-1].stop)
        tell(f"load: {load.name}; warm-up")
        one_round(servers, load, divisor * WARM_UP)
        rounds = []
        for number in range(count):
            order = servers if number % 2 == 0 else servers[::-1]
            rounds.append(one_round(order, load, divisor))
            tell(f"round {number + 1} of {count}: {brief(rounds[-1])}")
    return load.name, rounds


def brief(found: Round) -> str:
    """Return a round on one line."""
    return "; ".join(
        f"{mode} " + ", ".join(f"{name} {value:.0f}" for name, value in cpu.items()) for mode, cpu in found.items()
    )


def tell(text: str) -> None:
    """Say on stderr how far we are."""
    print(text, file=sys.stderr, flush=True)


def processor() -> str:
    """Return the name of the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def besides(rounds: int, divisor: int) -> Besides:
    """Measure it.  Raises Unusable."""
    tell("durable messages")
    durably = durable.measure(rounds, durable.MESSAGES // divisor, ROOT)
    tell("what keeping costs")
    keeps = keeping.measure(rounds, keeping.MESSAGES // divisor)
    tell("who waits")
    waits = waiting.measure(waiting.MESSAGES // divisor)
    tell("rules that remember")
    return Besides(durably, keeps, waits, schedules.measure(rounds, schedules.MESSAGES // divisor))


def facts(load: str, rounds: Sequence[Round], more: Besides, divisor: int) -> dict[str, Any]:
    """Return all that the JSON file holds."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "python": platform.python_version(),
        "load": {"by": load, "connections": CONNECTIONS, "octets": OCTETS},
        "messages": {name: count // divisor for name, count in MESSAGES.items()},
        "cpu_us_per_message": list(rounds),
        "bars": [
            {"mode": b.mode, "ratio": b.what, "bar": f"{b.sign} {b.limit}", "ratios": b.ratios, "kept": b.kept}
            for b in bars(rounds)
        ],
        "durable_per_second": {
            mode: [round(durable.rate(each[mode]["SQLite"])) for each in more.durable] for mode in more.durable[0]
        },
        "keeping": keeping.told(more.keeping),
        "wait": waiting.told(more.waiting),
        "schedules": schedules.told(more.schedules),
    }


def page(told: dict[str, Any], rounds: Sequence[Round], more: Besides) -> str:
    """Return the Markdown text."""
    counts = ", ".join(f"{count} to {name}" for name, count in told["messages"].items())
    head = (
        f"{len(rounds)} rounds after a warm-up, in alternating order; the servers on core {SERVER_CORE}, the load "
        f"({told['load']['by']}, {CONNECTIONS} connections, {OCTETS} octets) on core {LOAD_CORE}. Messages a run: "
        f"{counts}; all were delivered. mocksmtp has 1,000 rules.\n\n"
        f"{told['machine']['processor']}, {told['machine']['system']}, Python {told['python']}."
    )
    tables = f"{cpu_table(rounds)}\n\n{bar_table(bars(rounds))}\n\n{more.page}"
    return f"# {told['at'][:10]}\n\n{head}\n\n{tables}\n"


def write(told: dict[str, Any], text: str) -> None:
    """Write both files, named by the day; a later run of a day takes the place of the earlier."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / told["at"][:10]
    path.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n")
    path.with_suffix(".md").write_text(text)
    tell(f"written: {path}.json and .md")


def main() -> int:
    """Run, print, write; 1 if a bar is missed or a message lost, 2 if it cannot run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5, help="rounds that count (5)")
    options.add_argument("--quick", action="store_true", help="a tenth of the messages; writes no file")
    chosen = options.parse_args()
    if chosen.rounds < 1:
        options.error("--rounds must be 1 or more")
    if not {LOAD_CORE, SERVER_CORE} <= os.sched_getaffinity(0):
        options.error("cores 0 and 1 are needed")
    divisor = QUICK if chosen.quick else 1
    try:
        load, rounds = all_rounds(chosen.rounds, divisor)
        more = besides(chosen.rounds, divisor)
    except (Unusable, Lost) as error:
        tell(f"bench: {error}")
        return 2 if isinstance(error, Unusable) else 1
    told = facts(load, rounds, more, divisor)
    text = page(told, rounds, more)
    print(text)
    if not chosen.quick:
        write(told, text)
    return 0 if all(bar.kept for bar in bars(rounds)) and more.kept else 1


if __name__ == "__main__":
    raise SystemExit(main())

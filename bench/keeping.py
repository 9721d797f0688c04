"""What keeping costs: the CPU time of a message with journal and store, over that without either.

``python bench/keeping.py [--rounds 5]``; the bar is 15 %, judged by the median of the rounds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from load import Loader, loader
from report import WORDS
from rules import config
from servers import Server, Unusable, start_mocksmtp

MESSAGES = 20_000
BAR = 1.15
LOAD_CORE, SERVER_CORE = 0, 1

CONFIGS = {"on": config(), "off": config() + "capture: {keep: {messages: 0, sessions: 0}}\n"}


def one_round(
    servers: dict[str, Server], load: Loader, messages: int, turned: bool
) -> dict[str, dict[str, float]]:
    """Return microseconds a message by mode and server."""
    order = sorted(servers, reverse=turned)
    return {
        mode: {name: load.run(servers[name], mode, messages, LOAD_CORE).cpu for name in order}
        for mode in load.modes
    }


def main() -> int:
    """Run and print; 1 if the bar is missed, 2 if it cannot run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5, help="rounds that count (5)")
    options.add_argument("--messages", type=int, default=MESSAGES, help=f"messages a run ({MESSAGES})")
    chosen = options.parse_args()
    try:
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mocksmtp-bench-")))
            load = loader(scratch)
            servers = {}
            for name, text in CONFIGS.items():
                (scratch / name).mkdir()
                servers[name] = start_mocksmtp(SERVER_CORE, scratch / name, text)
                stack.callback(servers[name].stop)
            one_round(servers, load, chosen.messages // 10, False)
            rounds = [one_round(servers, load, chosen.messages, bool(n % 2)) for n in range(chosen.rounds)]
    except Unusable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    kept = True
    print("| | off, µs | on, µs | on / off |\n|---|---|---|---|")
    for mode in rounds[0]:
        off, on = (median(each[mode][name] for each in rounds) for name in ("off", "on"))
        ratios = [each[mode]["on"] / each[mode]["off"] for each in rounds]
        kept = kept and median(ratios) <= BAR
        told = f"{median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f})"
        print(f"| {WORDS[mode]} | {off:.1f} | {on:.1f} | {told} |")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())

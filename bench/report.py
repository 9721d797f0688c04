"""From the rounds to a table: median ratios with their range, and whether they keep the bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Rounds = Sequence[Mapping[str, Mapping[str, float]]]
"""For each round, by mode and server, CPU microseconds a message."""

WORDS = {"new": "new connections", "reuse": "kept connections", "pipeline": "pipelined"}
AT_MOST = {"new": 2.0, "reuse": 2.0, "pipeline": 2.5}
"""mocksmtp may cost so many times what smtp-sink costs."""

AT_LEAST = 4.0
"""aiosmtpd must cost so many times what mocksmtp costs."""


@dataclass(frozen=True)
class Bar:
    """A ratio over the rounds and its limit; the median is judged."""

    mode: str
    what: str
    sign: str
    limit: float
    ratios: tuple[float, ...]

    @property
    def kept(self) -> bool:
        """Say whether the median keeps the limit."""
        value = median(self.ratios)
        return value <= self.limit if self.sign == "≤" else value >= self.limit

    @property
    def text(self) -> str:
        """Median and range."""
        return f"{median(self.ratios):.2f} ({min(self.ratios):.2f}–{max(self.ratios):.2f})"


def bars(rounds: Rounds) -> list[Bar]:
    """Return every bar with the ratio of each round."""
    made = []
    for mode in rounds[0]:
        cpu = [each[mode] for each in rounds]
        sink = tuple(each["mocksmtp"] / each["smtp-sink"] for each in cpu)
        made.append(Bar(mode, "mocksmtp / smtp-sink", "≤", AT_MOST[mode], sink))
        aio = tuple(each["aiosmtpd"] / each["mocksmtp"] for each in cpu)
        made.append(Bar(mode, "aiosmtpd / mocksmtp", "≥", AT_LEAST, aio))
    return made


def cpu_table(rounds: Rounds) -> str:
    """Return the medians of CPU time as a Markdown table."""
    servers = list(rounds[0][next(iter(rounds[0]))])
    lines = ["| server CPU µs a message | " + " | ".join(servers) + " |", "|---|" + "---:|" * len(servers)]
    for mode in rounds[0]:
        cells = []
        for server in servers:
            values = [each[mode][server] for each in rounds]
            cells.append(f"{median(values):.1f} ({min(values):.1f}–{max(values):.1f})")
        lines.append(f"| {WORDS[mode]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def bar_table(judged: Sequence[Bar]) -> str:
    """Return the ratios and bars as a Markdown table."""
    lines = ["| ratio, median (min–max) | | | bar | |", "|---|---|---:|---:|---|"]
    for bar in judged:
        verdict = "kept" if bar.kept else "MISSED"
        cells = (WORDS[bar.mode], bar.what, bar.text, f"{bar.sign} {bar.limit:.1f}", verdict)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)

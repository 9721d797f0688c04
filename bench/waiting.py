"""How long after its 250 a message is told to who waits for it at ``POST /v1/wait``.

``python bench/waiting.py [--messages 500]``, and part of ``make bench``.  From when the client has the 250 to when
the other has the answer; the bar is 5 ms, which 99 of 100 must keep.
"""

from __future__ import annotations

import argparse
import http.client
import json
import smtplib
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Queue
from statistics import median, quantiles
from typing import Any

from servers import Unusable, start_mocksmtp

MESSAGES = 500
BAR = 0.005
"""Seconds."""

SERVER_CORE = 1
MAIL = b"Subject: bench\r\n\r\n" + b"x" * 1000 + b"\r\n"


def wait_for(port: int, recipients: Queue[str | None], ready: Queue[None], told: Queue[float]) -> None:
    """Wait for one recipient after the other on one connection, and tell when each was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while (recipient := recipients.get()) is not None:
        body = json.dumps({"where": {"rcpt": recipient}, "timeout": "30s"})
        connection.request("POST", "/v1/wait", body, {"Content-Type": "application/json"})
        ready.put(None)
        answer = connection.getresponse()
        told.put(time.perf_counter())
        if not json.loads(answer.read())["complete"]:
            raise AssertionError(f"nothing came for {recipient}")


def between(smtp: int, port: int, messages: int) -> list[float]:
    """Return for each message the seconds from its 250 to the answer of who waited."""
    recipients: Queue[str | None] = Queue()
    ready: Queue[None] = Queue()
    told: Queue[float] = Queue()
    threading.Thread(target=wait_for, args=(port, recipients, ready, told), daemon=True).start()
    found = []
    with smtplib.SMTP("127.0.0.1", smtp, timeout=60) as client:
        for number in range(messages):
            recipient = f"user{number}@example.com"
            recipients.put(recipient)
            ready.get()
            time.sleep(0.002)  # The request is there and waits.
            client.sendmail("sender@example.org", [recipient], MAIL)
            sent = time.perf_counter()
            found.append(max(0.0, told.get() - sent))
    recipients.put(None)
    return found


def measure(messages: int) -> list[float]:
    """Start a server, and return the seconds of each message.  Raises Unusable."""
    with tempfile.TemporaryDirectory(prefix="mocksmtp-bench-") as scratch:
        server = start_mocksmtp(SERVER_CORE, Path(scratch))
        try:
            return between(server.port, server.http or 0, messages)
        finally:
            server.stop()


def kept(found: list[float]) -> bool:
    """Say whether the bar is kept."""
    return milliseconds(found)[1] <= BAR * 1000


def milliseconds(found: list[float]) -> tuple[float, float]:
    """Return the median, and what 99 of 100 keep."""
    return median(found) * 1000, quantiles(found, n=100)[98] * 1000


def page(found: list[float]) -> str:
    """Return the sentence."""
    middle, most = milliseconds(found)
    verdict = "kept" if kept(found) else "MISSED"
    return (
        f"`POST /v1/wait`, from the 250 of a message to the answer of who waits for it, {len(found)} messages: "
        f"median {middle:.2f} ms, 99 of 100 within {most:.2f} ms; bar {BAR * 1000:.0f} ms: {verdict}"
    )


def told(found: list[float]) -> dict[str, Any]:
    """Return what the JSON file holds."""
    middle, most = milliseconds(found)
    return {"messages": len(found), "median_ms": round(middle, 3), "p99_ms": round(most, 3), "kept": kept(found)}


def main() -> int:
    """Run and print; 1 if the bar is missed, 2 if it cannot run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=MESSAGES, help=f"messages ({MESSAGES})")
    chosen = options.parse_args()
    try:
        found = measure(chosen.messages)
    except Unusable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(page(found))
    return 0 if kept(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

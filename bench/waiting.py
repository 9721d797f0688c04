"""How long after its 250 a message is told to who waits for it at ``POST /v1/wait``.

``python bench/waiting.py [--messages 500]``; the bar is 5 ms, judged by the median.
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


def measure(smtp: int, port: int, messages: int) -> list[float]:
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


def main() -> int:
    """Run and print; 1 if the bar is missed, 2 if it cannot run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=MESSAGES, help=f"messages ({MESSAGES})")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="mocksmtp-bench-") as scratch:
        try:
            server = start_mocksmtp(SERVER_CORE, Path(scratch))
        except Unusable as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2
        try:
            found = measure(server.port, server.http or 0, chosen.messages)
        finally:
            server.stop()
    worst = quantiles(found, n=100)[98]
    print(
        f"from the 250 to the answer: median {median(found) * 1000:.2f} ms, 99 of 100 within {worst * 1000:.2f} ms"
    )
    return 0 if median(found) <= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())

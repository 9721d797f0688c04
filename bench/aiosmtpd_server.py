"""A sink made with aiosmtpd: takes every message and forgets it.  Usage: aiosmtpd_server.py PORT"""

from __future__ import annotations

import asyncio
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """What aiosmtpd calls when a message is complete."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        """Accept a message without keeping it."""
        return "250 2.0.0 Ok"


async def serve(port: int) -> None:
    """Listen on a port of the loopback until the process is ended."""
    loop = asyncio.get_running_loop()
    sink = Sink()
    server = await loop.create_server(lambda: SMTP(sink, hostname="aiosmtpd.test", loop=loop), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

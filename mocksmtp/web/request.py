"""A request whose body is bounded and stays in memory; what is over the limit is thrown away as it comes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from twisted.web.server import Request

BODY_LIMIT = 1024 * 1024
"""Octets of a body."""


class BoundedRequest(Request):
    """Twisted would put a large body into a file, and parse forms; neither is wanted here."""

    content: Any

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named, parsePOSTFormSubmission=False)
        self.too_large = False

    def gotLength(self, length: int | None) -> None:
        """Make room; Twisted tells the length under this name, None where it is not declared."""
        self.content = BytesIO()
        self.too_large = length is not None and length > BODY_LIMIT

    def handleContentChunk(self, data: bytes) -> None:
        """Take octets of the body."""
        if self.too_large or self.content.tell() + len(data) > BODY_LIMIT:
            self.too_large = True
            self.content = BytesIO()
        else:
            self.content.write(data)

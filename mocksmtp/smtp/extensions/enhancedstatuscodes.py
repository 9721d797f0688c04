"""ENHANCEDSTATUSCODES: replies carry an enhanced status code (RFC 2034).

A listener that hides it sends none of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    pass


EXTENSION = Extension("ENHANCEDSTATUSCODES", rank=50)

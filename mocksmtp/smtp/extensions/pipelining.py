"""PIPELINING: several commands may be sent without waiting (RFC 2920).

Order holds by itself, because replies are steps in a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.smtp.extensions import Extension

if TYPE_CHECKING:
    pass


EXTENSION = Extension("PIPELINING", rank=10)

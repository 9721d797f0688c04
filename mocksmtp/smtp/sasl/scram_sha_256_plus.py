"""SCRAM-SHA-256-PLUS: SCRAM-SHA-256 bound to the TLS channel, so that nobody can stand in between (RFC 7677)."""

from __future__ import annotations

from functools import partial

from mocksmtp.smtp import scram
from mocksmtp.smtp.mechanism import Mechanism

MECHANISM = Mechanism(
    "SCRAM-SHA-256-PLUS", partial(scram.exchange, plus=True), rank=45, anybody=False, binds=True, default=False
)

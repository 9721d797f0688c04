"""SCRAM-SHA-256: no password goes over the wire, and the server proves itself too (RFC 7677)."""

from __future__ import annotations

from functools import partial

from mocksmtp.smtp import scram
from mocksmtp.smtp.mechanism import Mechanism

# It cannot let in whoever comes: the client checks our proof, which needs the password.
MECHANISM = Mechanism("SCRAM-SHA-256", partial(scram.exchange, plus=False), rank=40, anybody=False)

"""LHLO: EHLO as LMTP has it, in place of EHLO and HELO (RFC 2033 section 4.1)."""

from __future__ import annotations

from mocksmtp.smtp.stage import Stage
from mocksmtp.smtp.state import ANY
from mocksmtp.smtp.verbs import Verb
from mocksmtp.smtp.verbs.helo import ehlo

LHLO = Verb("LHLO", Stage.HELO, ANY, ehlo)

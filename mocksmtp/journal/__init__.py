"""The journal: what happened, kept as flat records within bounds."""

from mocksmtp.journal.attempts import Attempt, Attempts, Outcome, Struck
from mocksmtp.journal.behind import Pages, WriteBehind
from mocksmtp.journal.keeping import Journal, Kept
from mocksmtp.journal.sessions import SessionRecord
from mocksmtp.journal.transcript import Entry, transcript

__all__ = [
    "Attempt",
    "Attempts",
    "Entry",
    "Journal",
    "Kept",
    "Outcome",
    "Pages",
    "SessionRecord",
    "Struck",
    "WriteBehind",
    "transcript",
]

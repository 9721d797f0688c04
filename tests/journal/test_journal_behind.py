"""Written behind: what a page holds, and that the pages of one process are the journal of the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal.played import DATA, EHLO, MAIL, RCPT, Sessions

from mocksmtp.journal import WriteBehind, behind, keeping, transcript
from mocksmtp.stores.pages import packed, unpacked


class Disk:
    """Keeps pages as they are written to the disk; may be slow, and may fail."""

    def __init__(self):
        self.pages, self.pending, self.slow, self.broken = [], [], False, False

    def write_page(self, at, content, octets, done):
        if not self.broken:
            self.pages.append(packed(content))
        if self.slow:
            self.pending.append(done)
        else:
            done(not self.broken)

    def forget_pages(self):
        self.pages.clear()

    def read_pages(self):
        return [unpacked(page) for page in self.pages]


class Process(Sessions):
    """A journal that is written behind."""

    id = "{:02X}"

    def __init__(self, disk, **bounds):
        super().__init__(**bounds)
        self.behind = WriteBehind(self.journal, disk)
        self.last_id = self.behind.restore()

    def flush(self, **named):
        self.now += 1
        self.behind.flush(self.now, **named)

    def seen(self):
        """All that the journal tells, but when sessions ended, and how their notes are put away."""
        sessions = {
            each.id: each._replace(chunks=tuple(transcript(each.notes)), octets=0, closed_at=0.0)
            for each in self.journal.sessions()
        }
        return sessions, list(self.journal.attempts.after(0))


@pytest.fixture
def disk():
    return Disk()


def test_sessions_and_attempts_are_there_after_a_restart(disk):
    first = Process(disk)
    first.play(EHLO + MAIL + RCPT + DATA + "C: QUIT\n")
    first.play("policy: rcpt b@y.test -> 550 5.1.1 no\n" + EHLO + MAIL + RCPT + "C: RCPT TO:<c@y.test>\n" + DATA)
    first.flush()
    second = Process(disk)
    assert second.seen() == first.seen()
    assert list(second.journal.sessions()) == [
        each._replace(chunks=mine.chunks)
        for each, mine in zip(first.journal.sessions(), second.journal.sessions(), strict=True)
    ]
    assert second.journal.usage() == first.journal.usage()
    assert second.last_id == 2


def test_without_a_place_for_pages_nothing_is_done():
    nowhere = Process(None)
    nowhere.play(EHLO + MAIL + RCPT + DATA)
    nowhere.flush()
    assert nowhere.last_id == 0


def test_what_has_not_changed_is_not_written_again(disk):
    process = Process(disk)
    process.flush()
    assert disk.pages == []
    player = process.play(EHLO, close=False)
    process.flush()
    process.flush()
    assert len(disk.pages) == 1
    player.session.connection_lost()
    process.flush()
    assert len(disk.pages) == 2


def test_an_open_session_is_written_note_by_note_and_closed_by_the_end_of_the_process(disk):
    process = Process(disk)
    process.play(EHLO, close=False)
    process.flush()
    conversation = process.journal.session("01")
    process.journal._open["01"].notes.extend([105.0, b"NOOP"])
    process.flush()
    assert [told[2] for _, _, _, [told] in disk.read_pages()] == [
        [*conversation.notes], [105.0, b"NOOP"],
    ]  # fmt: skip
    (again,) = Process(disk).journal.sessions()
    assert (again.id, again.closed_at) == ("01", process.now)
    assert list(again.notes) == [*conversation.notes, 105.0, b"NOOP"]


def test_while_a_page_is_under_way_there_is_no_other_but_the_last(disk):
    disk.slow = True
    process = Process(disk)
    for _ in range(3):
        process.play(EHLO + MAIL + RCPT + DATA)
        process.flush()
    assert len(disk.pages) == 1
    process.flush(last=True)
    assert Process(disk).seen() == process.seen()


def test_what_could_not_be_written_is_written_later(disk):
    process = Process(disk)
    process.play(EHLO + MAIL + RCPT + DATA)
    disk.broken = True
    process.flush()
    disk.broken = False
    process.play(EHLO + MAIL + RCPT + DATA)
    process.flush()
    assert Process(disk).seen() == process.seen()


def test_what_was_dropped_before_its_turn_came_is_not_written(disk):
    process = Process(disk, sessions=2)
    disk.slow = True
    process.play(EHLO + MAIL + RCPT + DATA)
    process.flush()
    for _ in range(30):
        process.play(EHLO + MAIL + RCPT + DATA)
    disk.pending[0](True)
    process.flush()
    again = Process(disk, sessions=2)
    assert again.seen() == process.seen()
    assert [each.number for each in again.journal.attempts.after(0)] == list(range(12, 32))


def test_what_was_forgotten_does_not_come_back(disk):
    process = Process(disk)
    process.play(EHLO + MAIL + RCPT + DATA)
    process.play(EHLO, close=False)
    process.flush()
    process.journal.clear()
    process.play(EHLO + MAIL + RCPT + DATA)
    process.flush()
    again = Process(disk)
    assert [(each.id, each.attempts) for each in again.journal.sessions()] == [("03", 1)]
    assert [each.number for each in again.journal.attempts.after(0)] == [2]


def test_a_page_that_fails_after_all_was_forgotten_changes_nothing(disk):
    process = Process(disk)
    disk.slow = True
    process.play(EHLO, close=False)
    process.flush()
    process.journal.clear()
    process.flush()
    disk.pending[0](False)
    (session,) = process.journal.open_sessions()
    session.notes.extend([105.0, b"NOOP"])
    process.flush()
    (again,) = Process(disk).journal.sessions()
    assert list(again.notes) == [105.0, b"NOOP"]


def test_a_page_of_another_version_is_left_out(disk):
    process = Process(disk)
    process.play(EHLO + MAIL + RCPT + DATA)
    process.flush()
    _, *content = unpacked(disk.pages[0])
    disk.pages.append(packed((("other",), *content)))
    assert Process(disk).seen() == process.seen()


def test_what_is_kept_keeps_to_the_bounds_of_the_next_process(disk):
    process = Process(disk)
    for _ in range(30):
        process.play(EHLO + MAIL + RCPT + DATA)
        process.flush()
    again = Process(disk, sessions=2)
    assert [each.id for each in again.journal.sessions()] == ["1E", "1D"]
    assert len(again.journal.attempts) == 20
    assert again.journal.usage().attempts_dropped == 0


DOES = st.lists(st.sampled_from(["message", "open", "say", "close", "flush", "tidy", "drop"]), max_size=25)


@given(DOES, st.integers(1, 3), st.integers(1, 4))
def test_however_it_came_about_the_next_process_reads_what_this_one_had(does, attempts, sessions):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(behind, "MOST_ATTEMPTS", attempts)
        patched.setattr(behind, "MOST_SESSIONS", sessions)
        patched.setattr(keeping, "LONG", 3)
        disk = Disk()
        process, players = Process(disk), []
        for what in does:
            process.now += 1
            if what == "message":
                process.play(EHLO + MAIL + RCPT + DATA)
            elif what == "open":
                players.append(process.play(EHLO, close=False))
            elif what == "say" and players:
                players[-1].session.receive_data(b"NOOP\r\n")
            elif what == "close" and players:
                players.pop(0).session.connection_lost()
            elif what == "flush":
                process.flush()
            else:
                process.journal.most_octets = 200 if what == "drop" else 1_000_000
                process.journal.tidy(process.now)
        for _ in range(40):  # Until nothing is left for another page.
            process.flush()
        again = Process(disk)
        assert again.seen()[1] == process.seen()[1]
        for session in process.journal.sessions():
            had = list(session.notes)  # Those on the disk may begin earlier.
            kept = list(again.journal.session(session.id).notes) if had else []
            assert kept[len(kept) - len(had) :] == had

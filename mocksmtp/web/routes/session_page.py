"""/sessions and /sessions/{id}: who was there, and all that was said."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mocksmtp.journal import Entry, Journal, SessionRecord, transcript
from mocksmtp.report import Finding
from mocksmtp.stores import Store, Unavailable
from mocksmtp.web.advice import findings_of
from mocksmtp.web.markup import Markup, element
from mocksmtp.web.pages.layout import facts, live, moment, page
from mocksmtp.web.routing import Answer, Problem, Query, Route

SHOWN = 100
"""Sessions of a page."""

LINES = 5_000
"""Lines of a transcript that a page shows."""

EVENTS = "event=session_opened,session_closed,transaction_ended,authenticated,missed"

WHO = {"client": "C:", "server": "S:", "data": "C:"}


def routes(journal: Journal, store: Store, clock: Any) -> list[Route]:
    """Return the routes over the journal; ``clock`` is the reactor."""

    def listed(_query: Query) -> Answer:
        found = list(islice((each for each in journal.sessions() if not each.scopes), SHOWN))
        told = _table(found) if found else element("p", "Nobody has been here yet.", class_="empty")
        return page(
            "Sessions", "/sessions", element("h1", "Sessions"), live(EVENTS, told),
            element("section", id="detail", aria_label="What was chosen", hidden=True),
        )  # fmt: skip

    async def one(query: Query) -> Answer:
        found = journal.session(query.path["id"])
        if found is None:
            raise Problem(404, "Not found", f"there is no session {query.path['id']} (any more)")
        try:
            findings = await findings_of(found, journal, store, clock)
        except Unavailable:
            findings = []
        return _page(found, findings)

    return [Route("GET", "/sessions", listed), Route("GET", "/sessions/{id}", one)]


def _table(found: list[SessionRecord]) -> Markup:
    names = ("Opened", "Client", "Listener", "Said", "Attempts", "State")
    return element(
        "table",
        element("caption", "Sessions, the one opened last first", class_="unseen"),
        element("thead", element("tr", [element("th", name, scope="col") for name in names])),
        element("tbody", [_row(each) for each in found]),
        class_="sessions",
    )


def _row(record: SessionRecord) -> Markup:
    place = f"/sessions/{record.id}"
    said = [f"HELO {record.helo}" if record.helo else "", f"as {record.auth}" if record.auth else ""]
    said.append(f"TLS {record.tls[0]}" if record.tls else "")
    return element(
        "tr",
        element("td", moment(record.opened_at), class_="at"),
        element("td", element("a", f"{record.client}:{record.port}", href=place, data_pane=True)),
        element("td", record.listener),
        element("td", " · ".join(filter(None, said))),
        element("td", f"{record.attempts}, {record.accepted} accepted"),
        element("td", _state(record)),
        data_key=record.id,
    )


def _state(record: SessionRecord) -> Markup:
    if record.closed_at is None:
        return element("span", "open", class_="tag open")
    return element("span", f"{record.closed_at - record.opened_at:.3f} s", class_="second")


def _page(record: SessionRecord, findings: list[Finding]) -> Answer:
    tls = record.tls
    lines = list(islice(transcript(record.notes), LINES))
    article = element(
        "article",
        element("h1", f"Session {record.id}", tabindex=-1),
        facts(
            ("Client", f"{record.client}:{record.port}"),
            ("Listener", record.listener),
            ("Opened", [moment(record.opened_at), " ", _state(record)]),
            ("HELO", record.helo),
            ("TLS", ", ".join(filter(None, tls)) if tls else None),
            ("Logged in", record.auth),
            ("Attempts", f"{record.attempts}, {record.accepted} accepted"),
        ),
        *_advice(findings),
        element("h2", "What was said"),
        element("p", f"{record.dropped} lines at the beginning are not kept.") if record.dropped else None,
        element("ol", [_line(entry, record.opened_at) for entry in lines], class_="transcript", tabindex=0),
        id="article",
    )
    events = f"session={record.id}&event=command_answered,session_closed,missed"
    return page(
        f"Session {record.id}", "/sessions/", live(events, article) if record.closed_at is None else article
    )


def _advice(findings: list[Finding]) -> list[Markup]:
    """Tell what the client did wrong or unwisely, if anything."""
    if not findings:
        return []
    return [
        element("h2", "What the client should do otherwise"),
        element("ul", [_finding(each) for each in findings], class_="findings"),
    ]


def _finding(finding: Finding) -> Markup:
    kind = finding.kind
    place = f" (line {finding.line})" if finding.line is not None else ""
    return element(
        "li",
        element("b", finding.name), f" {finding.did}{place}. ",
        element("span", f"Instead: {kind.instead} ({kind.rfc})."),
        data_severity=kind.severity,
    )  # fmt: skip


def _line(entry: Entry, opened: float) -> Markup:
    code = entry.text[:1] if entry.kind == "server" else None
    exactly = datetime.fromtimestamp(entry.at, UTC).strftime("%H:%M:%S.%f UTC")
    return element(
        "li",
        element("span", f"{max(0.0, entry.at - opened):.3f}", class_="at", title=exactly),
        element("b", WHO.get(entry.kind, "·")), " ",
        element("span", entry.text),
        data_kind=entry.kind, data_class=code,
    )  # fmt: skip

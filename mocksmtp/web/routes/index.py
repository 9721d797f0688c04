"""/: the list of mail, of all that was tried and what it was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from pydantic import Field

from mocksmtp.journal import Journal
from mocksmtp.smtp.profile import Profile
from mocksmtp.stores import Store
from mocksmtp.web.asking import Asked
from mocksmtp.web.markup import Markup, element, joined
from mocksmtp.web.pages import rows
from mocksmtp.web.pages.layout import live, moment, page, reply, tags
from mocksmtp.web.pages.rows import Row
from mocksmtp.web.routing import Answer, Query, Route

SHOWN = 100
"""Rows of a page."""

SEARCHED = 2_000
"""Attempts that are looked at for a filter."""

EVENTS = "event=transaction_ended,session_closed,connection_refused,missed"


class Filtered(Asked):
    """What the filter box asks."""

    q: str = Field("", max_length=1000, description="words that a row must hold")


class Door(Protocol):
    """Where mail comes in: a listener, and the port on which it accepts, 0 while it does not."""

    @property
    def profile(self) -> Profile:
        """What is spoken there."""
        ...

    @property
    def accepts_on(self) -> int:
        """The port."""
        ...


Doors = Callable[[], Sequence[Door]]


def routes(store: Store, journal: Journal, doors: Doors) -> list[Route]:
    """Return the route over store and journal; ``doors`` says where mail comes in now."""

    async def listed(query: Query) -> Answer:
        text = query.asked.q
        found = await _rows(store, journal, text.lower().split())
        usage = store.usage()
        kept = f"{usage.messages} kept" + (f", {usage.dropped} dropped to make room" if usage.dropped else "")
        told: Markup = _table(found) if found else _nothing(text, doors())
        return page(
            "Mail", "/",
            element("h1", "Mail"),
            _filter(text),
            live(EVENTS, element("p", kept, class_="count"), told),
            element("section", id="detail", aria_label="What was chosen", hidden=True),
        )  # fmt: skip

    return [Route("GET", "/", listed, query=Filtered)]


async def _rows(store: Store, journal: Journal, words: Sequence[str]) -> list[Row]:
    messages = {message.id: message for message in await store.newest(2 * SHOWN) if not message.scopes}
    attempts = [each for each in islice(journal.attempts.newest(), SEARCHED) if not each.scopes]
    found = [row for row in rows.of_attempts(attempts, messages) if row.holds(words)]
    # Of a message that the journal has forgotten, or that came before a restart, the store still knows.
    told = {attempt.transaction for attempt in attempts}
    others = map(rows.of_message, (message for message in messages.values() if message.id not in told))
    found += [row for row in others if row.holds(words)]
    return sorted(found, key=lambda row: row.at, reverse=True)[:SHOWN]


def _filter(text: str) -> Markup:
    return element(
        "form",
        element("label", "Filter", for_="q"),
        element(
            "input", id="q", name="q", type="search", value=text, placeholder="words: an address, 550, a rule …",
            autocomplete="off", spellcheck="false",
        ),
        element("button", "Filter"),
        element("span", "Keys: ", [[element("kbd", key), f" {what} "] for key, what in KEYS], class_="keys"),
        role="search", method="get", action="/",
    )  # fmt: skip


KEYS = (("/", "filter"), ("↑ ↓", "choose"), ("Enter", "open"), ("Esc", "close"))


def _table(found: Sequence[Row]) -> Markup:
    head = element("tr", [element("th", name, scope="col") for name in ("Time", "From and to", "Reply", "Why")])
    return element(
        "table",
        element("caption", "What was tried, the newest first", class_="unseen"),
        element("thead", head),
        element("tbody", [_row(row) for row in found]),
        class_="mail",
    )


def _row(row: Row) -> Markup:
    place = f"/messages/{row.message}" if row.message else f"/sessions/{row.session}"
    who = [
        element("span", "<>" if row.mail == "" else row.mail or "nobody yet", class_="from"), " ",
        element("span", "→", class_="arrow", aria_label="to"), " ",
        element("span", row.to or "nobody yet", class_="to"),
    ]  # fmt: skip
    second = row.subject or f"{row.listener} · {row.client}"
    key = f"{row.session}-{row.message or ''}-{row.at}-{row.rcpt[:1]}-{row.code}"
    return element(
        "tr",
        element("td", moment(row.at), class_="at"),
        element(
            "td",
            element("a", who, href=place, data_pane=True),
            element("div", second, class_="second"),
            class_="who",
        ),
        element("td", reply(row.reply, row.code), class_="said"),
        element("td", tags(row.rule, row.faults, row.delay), class_="why"),
        data_key=key, data_outcome=row.outcome,
    )  # fmt: skip


def _nothing(text: str, doors: Sequence[Door]) -> Markup:
    if text:
        return element("p", f"Nothing holds “{text}”.", class_="empty")
    # The way in that asks least of a first mail.
    smtp = sorted((door for door in doors if not door.profile.lmtp), key=lambda door: door.profile.implicit_tls)
    tls = " --tls-on-connect" if smtp and smtp[0].profile.implicit_tls else ""
    port = smtp[0].accepts_on if smtp else 25
    host = element("span", "localhost", data_host=True)
    return element(
        "div",
        element("h2", "No mail yet"),
        element("p", "It shows up here as it arrives, refusals too. Send the first:"),
        element("pre", element("code", joined(
            "swaks --server ", host, f" --port {port}{tls} --from me@example.com --to you@example.com"
        ))),
        element("p", "Mail comes in on ",
                ", ".join(f"{door.profile.name} {door.accepts_on}" for door in doors), ". ",
                "What is answered, and why, is said by the ", element("a", "rules", href="/rules"), "."),
        class_="empty",
    )  # fmt: skip

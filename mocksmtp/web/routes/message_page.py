"""/messages/{id}: a message for people: text, HTML in a cage, headers, attachments, octets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import Field

from mocksmtp.smtp.envelope import Message
from mocksmtp.stores import Store
from mocksmtp.web.asking import Asked
from mocksmtp.web.finding import find
from mocksmtp.web.mail import Content as Apart
from mocksmtp.web.mail import subject, take_apart
from mocksmtp.web.markup import Content, Markup, element
from mocksmtp.web.pages.layout import facts, moment, page, reply, tags
from mocksmtp.web.routing import Answer, Problem, Query, Route
from mocksmtp.web.told import reply_told
from mocksmtp.web.turns import Turns

CAGE = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""What the HTML of a mail may do: be looked at.  No script, no form, nothing fetched from anywhere."""

RAW_SHOWN = 256 * 1024
"""Octets of a message that a page shows."""


class Viewed(Asked):
    """What a tab asks."""

    view: str = Field("", max_length=100, description="text, html, headers, attachments or raw")


class Shown(NamedTuple):
    """A message with what was read from it once."""

    message: Message
    apart: Apart


def routes(store: Store, clock: Any) -> list[Route]:
    """Return the routes over this store; ``clock`` is the reactor."""

    async def shown(query: Query) -> Shown:
        message = await find(store, query.path["id"])
        return Shown(message, await Turns(clock).read(message.content, take_apart, message.content))

    async def looked_at(query: Query) -> Answer:
        return _page(await shown(query), query.asked.view)

    async def caged(query: Query) -> Answer:
        return _cage(await shown(query))

    return [
        Route("GET", "/messages/{id}", looked_at, query=Viewed),
        Route("GET", "/messages/{id}/html", caged),
    ]


def _cage(shown: Shown) -> Answer:
    part = shown.apart.html
    if part is None:
        raise Problem(404, "Not found", "this message has no HTML")
    headers = (
        ("Content-Security-Policy", CAGE),
        ("Referrer-Policy", "no-referrer"),
        ("X-DNS-Prefetch-Control", "off"),
    )
    return Answer(part.text.encode("utf-8", "replace"), "text/html; charset=utf-8", headers=headers)


def _text(shown: Shown) -> Markup:
    text = shown.apart.text
    return element("pre", text.text if text else "This message has no text.", class_="text", tabindex=0)


def _html(shown: Shown) -> Content:
    message = shown.message
    return [
        element("p", "No script runs in here, and nothing that it refers to is fetched.", class_="second"),
        element("iframe", src=f"/messages/{message.id}/html", sandbox="", title="HTML of the message"),
    ]  # fmt: skip


def _headers(shown: Shown) -> Markup:
    rows = [
        element("tr", element("th", name, scope="row"), element("td", value))
        for name, value in shown.apart.headers
    ]
    return element(
        "table", element("caption", "Headers", class_="unseen"), element("tbody", rows), class_="headers"
    )


def _attachments(shown: Shown) -> Markup:
    place = f"/v1/messages/{shown.message.id}/parts"
    return element("ul", [
        element(
            "li",
            element("a", part.name or f"part {part.number}", href=f"{place}/{part.number}"),
            f" {part.content_type}, {len(part.octets):,} octets",
        )
        for part in shown.apart.parts if part.attached
    ], class_="attachments")  # fmt: skip


def _raw(shown: Shown) -> Content:
    message = shown.message
    octets = message.content[:RAW_SHOWN]
    more = len(message.content) - len(octets)
    return [
        element("p", element("a", "Save as a file", href=f"/v1/messages/{message.id}/raw")),
        element("pre", octets.decode("utf-8", "replace"), class_="text", tabindex=0),
        element("p", f"{more:,} octets more are in the file.") if more else None,
    ]


VIEWS: dict[str, tuple[str, Callable[[Shown], Content]]] = {
    "text": ("Text", _text),
    "html": ("HTML", _html),
    "headers": ("Headers", _headers),
    "attachments": ("Attachments", _attachments),
    "raw": ("Raw", _raw),
}


def _page(shown: Shown, view: str) -> Answer:
    message, apart = shown
    attached = sum(part.attached for part in apart.parts)
    there = set(VIEWS)
    if not attached:
        there.discard("attachments")
    if apart.html is None:
        there.discard("html")
    if view not in there:
        view = "html" if "html" in there and apart.text is None else "text"
    tabs = [
        element(
            "a", title, f" ({attached})" if name == "attachments" else None,
            href=f"/messages/{message.id}?view={name}", data_pane=True,
            aria_current="true" if name == view else None,
        )
        for name, (title, _) in VIEWS.items() if name in there
    ]  # fmt: skip
    title = subject(message.content) or "(no subject)"
    return page(
        title, "/messages",
        element(
            "article",
            element("h1", title, tabindex=-1),
            _facts(message),
            element("nav", tabs, class_="tabs", aria_label="Views of the message"),
            element("div", VIEWS[view][1](shown), class_="view", data_view=view),
            id="article",
        ),
    )  # fmt: skip


def _facts(message: Message) -> Markup:
    answered = reply_told(message.reply or b"250 OK\r\n")
    tls = message.tls
    return facts(
        ("From", message.mail.text or "<>"),
        ("To", ", ".join(recipient.path.text for recipient in message.recipients)),
        ("Answered", [reply(answered, int(answered[:3])), " ", tags(message.rule, (), 0.0)]),
        ("Received", [moment(message.received), f" · {len(message.content):,} octets"]),
        ("Session", [
            element("a", message.session, href=f"/sessions/{message.session}", data_pane=True),
            f" · {message.listener} · {message.client} · {message.helo}",
        ]),
        ("TLS", f"{tls.version}, {tls.cipher}" + (f", for {tls.sni}" if tls.sni else "") if tls else None),
        ("Logged in", message.auth),
    )  # fmt: skip

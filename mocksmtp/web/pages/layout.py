"""What all pages share: head, navigation, the state of the connection, and what a browser may do with them."""

from __future__ import annotations

from datetime import UTC, datetime

from mocksmtp import __version__
from mocksmtp.web.markup import Content, Markup, element
from mocksmtp.web.routing import Answer

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""A page loads what is ours and nothing else; whatever a mail says, no script of its runs."""

HEADERS = (("Content-Security-Policy", POLICY), ("Referrer-Policy", "no-referrer"))

PLACES = (
    ("/", "Mail"),
    ("/sessions", "Sessions"),
    ("/rules", "Rules"),
    ("/v1/messages", "API"),
    ("/metrics", "Metrics"),
)
"""Where the navigation leads."""


def page(title: str, here: str, *content: Content, status: int = 200) -> Answer:
    """Return a whole page; ``here`` is the place of the navigation at which it stands."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · mocksmtp"),
        element("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href="/static/page.css"),
        element("script", src="/static/page.js", defer=True),
    )
    body = element("body", _bar(here), element("main", *content, id="main"))
    text = "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"
    return Answer(text.encode("utf-8", "replace"), "text/html; charset=utf-8", status, HEADERS)


def _bar(here: str) -> Markup:
    links = [
        element("a", name, href=place, aria_current="page" if place == here else None) for place, name in PLACES
    ]
    return element(
        "header",
        element("a", "Skip to content", class_="skip", href="#main"),
        element("a", element("b", "mocksmtp"), " ", element("small", __version__), href="/", class_="home"),
        element("nav", links, aria_label="Pages"),
        element("span", "not live: reload to see what is new", id="state", role="status", data_state="static"),
    )


def live(events: str, *content: Content) -> Markup:
    """Return a part of the page that is fetched anew when one of these events happens."""
    return element("div", *content, id="live", data_events="/v1/events?" + events)


def reply(text: str, code: int) -> Markup:
    """Return a reply, coloured by the class of its code."""
    return element("span", text, class_="reply", data_class=f"{code // 100}")


def tags(rule: str | None, faults: tuple[str, ...], delay: float) -> list[Markup]:
    """Return the rule that decided, the faults that struck, and what they took."""
    found = [element("span", "rule ", element("b", rule), class_="tag rule")] if rule else []
    found += [element("span", "fault ", element("b", fault), class_="tag fault") for fault in faults]
    if delay:
        found.append(element("span", f"{delay:.3g} s late", class_="tag delay"))
    return found


def moment(at: float) -> Markup:
    """Return a moment as people read it; a script shows it in the zone of who reads."""
    when = datetime.fromtimestamp(at, UTC)
    return element(
        "time", when.strftime("%H:%M:%S"), datetime=when.isoformat(timespec="milliseconds"),
        title=when.strftime("%Y-%m-%d %H:%M:%S.%f UTC"),
    )  # fmt: skip


def facts(*pairs: tuple[str, Content]) -> Markup:
    """Return names and what they are, without those that are nothing."""
    return element(
        "dl", [[element("dt", name), element("dd", value)] for name, value in pairs if value not in (None, "", [])]
    )

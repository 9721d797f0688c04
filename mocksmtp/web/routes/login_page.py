"""/login: where people give a token, shown in place of every page that asks for one."""

from __future__ import annotations

from mocksmtp.web.markup import element
from mocksmtp.web.pages.layout import HEADERS
from mocksmtp.web.routing import Answer, Route


def routes() -> list[Route]:
    """Return the route."""
    return [Route("GET", "/login", lambda _query: page(), open=True)]


def page(status: int = 200) -> Answer:
    """Return the page; its script gives the token away for a cookie, and comes back to where it was shown."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", "Log in · mocksmtp"),
        element("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href="/static/page.css"),
        element("script", src="/static/login.js", defer=True),
    )
    form = element(
        "form",
        element("h1", "Log in", tabindex=-1),
        element("p", element("label", "A token of ", element("code", "http.tokens"), for_="token")),
        element(
            "input", id="token", name="token", type="password", required=True, autofocus=True,
            autocomplete="current-password", spellcheck="false",
        ),
        " ",
        element("button", "Log in"),
        element("p", id="wrong", role="alert"),
        element("noscript", element("p", "This needs a script: a token is never put into an address.")),
        id="login", method="post", action="/v1/login",
    )  # fmt: skip
    body = element("body", element("main", form, id="main"))
    text = "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"
    return Answer(text.encode(), "text/html; charset=utf-8", status, HEADERS)

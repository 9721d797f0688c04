"""/v1/login: a token for a cookie, which the page needs because it can set no header on all it asks for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mocksmtp.web.asking import Body
from mocksmtp.web.guard import COOKIE, Guard
from mocksmtp.web.routing import Answer, Query, Route

ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict"


class Login(Body):
    """Who logs in."""

    token: Annotated[str, Field(max_length=255, description="one of http.tokens")]


def routes(guard: Guard) -> list[Route]:
    """Return the routes."""

    def login(query: Query) -> Answer:
        asked: Login = query.body
        cookie = guard.login(asked.token)
        return _with_cookie(f"{COOKIE}={cookie}; {ATTRIBUTES}") if cookie else Answer(b"", status=204)

    def logout(_: Query) -> Answer:
        return _with_cookie(f"{COOKIE}=; Max-Age=0; {ATTRIBUTES}")

    return [
        Route(
            "POST", "/v1/login", login, body=Login, status=204, problems=(401,), open=True,
            says="Give a token and get a cookie that stands for it.",
        ),
        Route("DELETE", "/v1/login", logout, status=204, open=True, says="Give the cookie back."),
    ]  # fmt: skip


def _with_cookie(cookie: str) -> Answer:
    return Answer(b"", status=204, headers=(("Set-Cookie", cookie),))

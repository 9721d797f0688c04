"""Who may ask: by the name of the host, by the origin of a page, by a token."""

from __future__ import annotations

import re

import pytest
from http_site import Client

from mocksmtp.web.guard import COOKIE, is_known_host, same_origin

TOKENS = ("s3cret", "0ther")


@pytest.mark.parametrize(
    "host", ["evil.example", "mail.example.test.evil.example", "localhost.evil.example:80", ":80", ""]
)
def test_another_host_is_misdirected(host):
    answer = Client().ask("/livez", host=host)
    assert (answer.status, answer.json["status"]) == (421, 421)
    assert answer.headers["content-type"] == "application/problem+json"


def test_no_host_at_all_is_misdirected():
    assert Client().raw(b"GET /livez HTTP/1.0\r\n\r\n").status == 421


KNOWN = [
    "localhost", "LOCALHOST.", "localhost:8025", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8025", "mocksmtp:80",
    "mail.example.test", "Mail.Example.Test:80", "host.docker.internal", "host.testcontainers.internal",
]  # fmt: skip


@pytest.mark.parametrize("host", KNOWN)
def test_a_known_host_is_answered(host):
    assert Client().ask("/livez", host=host).status == 200
    assert is_known_host(host, ["Mail.example.test"])


ORIGINS = [
    # The page's own.
    ("http://localhost:8025", "localhost:8025", True),
    ("HTTP://LocalHost:8025", "localhost:8025", True),
    ("http://localhost", "localhost", True),
    ("http://localhost:80", "localhost", True),
    ("https://localhost", "localhost:443", True),
    ("http://[::1]:8025", "[::1]:8025", True),
    ("http://[::1]", "[::1]:80", True),
    # Another's.
    ("http://evil.example", "localhost:8025", False),
    ("http://localhost:8026", "localhost:8025", False),
    ("http://127.0.0.1:8025", "localhost:8025", False),
    ("https://localhost:8025.evil.example", "localhost:8025", False),
    ("null", "localhost:8025", False),
    ("", "localhost:8025", False),
    ("file://", "localhost:8025", False),
    ("localhost:8025", "localhost:8025", False),
]


@pytest.mark.parametrize(("origin", "host", "same"), ORIGINS)
def test_a_page_may_ask_where_it_comes_from(origin, host, same):
    assert same_origin(origin, host) is same
    answer = Client().ask("/v1/messages", host=host, Origin=origin)
    assert answer.status == (200 if same else 403)
    assert Client().ask("/v1/messages/A1", "DELETE", host=host, Origin=origin).status == (204 if same else 403)


PAGES = ["/", "/messages/A1", "/messages/A1/html", "/sessions", "/rules"]


@pytest.mark.parametrize("path", PAGES)
def test_with_tokens_a_page_asks_people_for_one(path):
    client = Client(tokens=TOKENS)
    answer = client.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert b'id="login"' in answer.body
    assert b"A1" not in answer.body
    cookie = client.ask("/v1/login", "POST", {"token": "s3cret"}).headers["set-cookie"].partition(";")[0]
    assert b'id="login"' not in client.ask(path, Cookie=cookie).body


def test_the_page_that_asks_is_there_with_what_it_loads():
    client = Client(tokens=TOKENS)
    page = client.ask("/login")
    assert page.status == 200
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.body.decode())
    assert [client.ask(each).status for each in loaded] == [200] * 3


PATHS = ["/v1/messages", "/v1/messages/A1", "/v1/messages/A1/raw", "/docs", "/openapi.json", "/nothing"]
OPEN = ["/livez", "/readyz", "/metrics", "/ca.pem"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer ", "Bearer wrong", "Basic s3cret", "s3cret", "Bearer s3cret x"]
)
def test_with_tokens_a_stranger_is_asked_for_one(path, authorization):
    answer = Client(tokens=TOKENS).ask(path, Authorization=authorization)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="mocksmtp"'
    assert "s3cret" not in answer.body.decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("authorization", ["Bearer s3cret", "bearer 0ther"])
def test_each_of_the_tokens_opens(path, authorization):
    status = 404 if path == "/nothing" else 200
    assert Client(tokens=TOKENS).ask(path, Authorization=authorization).status == status


@pytest.mark.parametrize("path", OPEN)
def test_health_and_metrics_stay_open(path):
    assert Client(tokens=TOKENS).ask(path).status == 200


def test_a_token_in_an_address_opens_nothing():
    assert Client(tokens=TOKENS).ask("/v1/messages?token=s3cret").status == 401
    assert Client().ask("/v1/messages?token=s3cret").status == 422


def test_a_login_gives_a_cookie_that_no_script_and_no_other_page_may_use():
    client = Client(tokens=TOKENS)
    answer = client.ask("/v1/login", "POST", {"token": "s3cret"})
    assert (answer.status, answer.body) == (204, b"")
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert "s3cret" not in cookie
    assert client.ask("/v1/messages", Cookie=f"a=b; {cookie}").status == 200
    assert client.ask("/v1/messages", Cookie=cookie[:-1]).status == 401
    # A bearer that is wrong is not mended by a cookie.
    assert client.ask("/v1/messages", Cookie=cookie, Authorization="Bearer wrong").status == 401
    assert Client(tokens=TOKENS).ask("/v1/messages", Cookie=cookie).status == 401


def test_a_login_with_another_token_is_refused():
    answer = Client(tokens=TOKENS).ask("/v1/login", "POST", {"token": "wrong"})
    assert (answer.status, answer.json["field"]) == (401, "token")
    assert "set-cookie" not in answer.headers


def test_without_tokens_a_login_changes_nothing():
    answer = Client().ask("/v1/login", "POST", {"token": "any"})
    assert answer.status == 204
    assert "set-cookie" not in answer.headers


def test_a_logout_takes_the_cookie_back():
    answer = Client(tokens=TOKENS).ask("/v1/login", "DELETE")
    assert answer.status == 204
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=; Max-Age=0")

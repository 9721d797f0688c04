"""/v1/messages: what was taken in."""

from __future__ import annotations

import re

from mocksmtp.smtp.envelope import Message
from mocksmtp.stores import Store
from mocksmtp.web.finding import accepted, newest
from mocksmtp.web.mail import summary, whole
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json

ID = re.compile(r"[0-9A-F]{1,20}")
DEFAULT_LIMIT = 50
MOST = 1000


def routes(store: Store) -> list[Route]:
    """Return the routes over this store."""

    async def find(query: Query) -> Message:
        message = await store.get(query.path["id"])
        if message is None:
            raise Problem(404, "Not found", f"there is no message {query.path['id']} (any more)")
        return message

    async def listed(query: Query) -> Answer:
        for name in query.query:
            if name not in ("limit", "before"):
                raise Problem(422, "Bad query", "limit and before are known here", field=name)
        before = query.query.get("before")
        if before is not None and not ID.fullmatch(before):
            raise Problem(422, "Bad query", "before is the id of a message", field="before")
        limit = _limit(query.query.get("limit"))
        messages = await newest(store, limit, before, accepted)
        following = messages[-1].id if len(messages) == limit else None
        return as_json({"messages": [summary(message) for message in messages], "next": following})

    async def told(query: Query) -> Answer:
        return as_json(whole(await find(query)))

    async def raw(query: Query) -> Answer:
        message = await find(query)
        headers = (("Content-Disposition", f'attachment; filename="{message.id}.eml"'),)
        return Answer(message.content, "message/rfc822", headers=headers)

    return [
        Route("GET", "/v1/messages", listed),
        Route("GET", "/v1/messages/{id}", told),
        Route("GET", "/v1/messages/{id}/raw", raw),
    ]


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and 1 <= int(text) <= MOST):
        raise Problem(422, "Bad query", f"limit is a number from 1 to {MOST}", field="limit")
    return int(text)

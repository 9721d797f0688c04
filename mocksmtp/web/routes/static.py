"""/static: what the pages load, read once from beside this package."""

from __future__ import annotations

from importlib.resources import files

from mocksmtp.web.routing import Answer, Problem, Query, Route

TYPES = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "login.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def routes() -> list[Route]:
    """Return the route."""
    folder = files("mocksmtp.web") / "static"
    answers = {
        name: Answer((folder / name).read_bytes(), kind, headers=(("Cache-Control", "no-cache"),))
        for name, kind in TYPES.items()
    }

    def one(query: Query) -> Answer:
        found = answers.get(query.path["name"])
        if found is None:
            raise Problem(404, "Not found", f"there is no {query.path['name']} here")
        return found

    return [Route("GET", "/static/{name}", one, open=True)]

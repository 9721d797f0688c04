"""/livez and /readyz: is the process alive, and does every listener accept?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mocksmtp.web.routing import Answer, Problem, Route


def routes(not_accepting: Callable[[], Sequence[str]]) -> list[Route]:
    """Return the routes; ``not_accepting`` names the listeners that do not accept now."""

    def ready() -> Answer:
        missing = not_accepting()
        if missing:
            raise Problem(503, "Not ready", "not accepting: " + ", ".join(missing))
        return Answer(b"ok\n")

    return [
        Route("GET", "/livez", lambda _: Answer(b"ok\n"), answer="text/plain", open=True, says="We live."),
        Route(
            "GET", "/readyz", lambda _: ready(), answer="text/plain", problems=(503,), open=True,
            says="Say whether every listener accepts.",
        ),
    ]  # fmt: skip

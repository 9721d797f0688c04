"""/ca.pem: the certificate that clients trust to trust this server."""

from __future__ import annotations

from collections.abc import Callable

from mocksmtp.web.routing import Answer, Problem, Route


def routes(ca_pem: Callable[[], bytes | None]) -> list[Route]:
    """Return the route; ``ca_pem`` tells None where the certificates are the user's own."""

    def answer() -> Answer:
        found = ca_pem()
        if found is None:
            raise Problem(
                404, "Not found", "tls.certificate names your own certificate, so there is no CA of ours"
            )
        return Answer(found, "application/x-pem-file")

    return [
        Route(
            "GET", "/ca.pem", lambda _: answer(), answer="application/x-pem-file", problems=(404,), open=True,
            says="Return the certificate to trust.",
        )
    ]  # fmt: skip

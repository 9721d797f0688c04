"""/ca.pem: the certificate that clients trust to trust this server."""

from __future__ import annotations

from mocksmtp.web.routing import Answer, Problem, Route


def routes(ca_pem: bytes | None) -> list[Route]:
    """Return the route; None where the certificates are the user's own."""

    def answer() -> Answer:
        if ca_pem is None:
            raise Problem(
                404, "Not found", "tls.certificate names your own certificate, so there is no CA of ours"
            )
        return Answer(ca_pem, "application/x-pem-file")

    return [Route("GET", "/ca.pem", lambda _: answer())]

"""/metrics: what Prometheus scrapes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from mocksmtp.web.routing import Answer, Query, Route


def routes(registry: CollectorRegistry) -> list[Route]:
    """Return the route over this registry."""

    def scrape(query: Query) -> Answer:
        encode, content_type = choose_encoder(query.accept)
        return Answer(encode(registry), content_type)

    return [Route("GET", "/metrics", scrape, answer="text/plain", open=True, says="Tell Prometheus.")]

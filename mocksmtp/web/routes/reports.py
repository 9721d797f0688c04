"""/v1/sessions/{id}/report: what the client of a session did wrong or unwisely."""

from __future__ import annotations

from typing import Any

from mocksmtp.journal import Journal
from mocksmtp.stores import Store
from mocksmtp.web.advice import ReportTold, finding_told, findings_of
from mocksmtp.web.routing import Answer, Problem, Query, Route, as_json


def routes(journal: Journal, store: Store, clock: Any) -> list[Route]:
    """Return the route over journal and store; ``clock`` is the reactor."""

    async def told(query: Query) -> Answer:
        record = journal.session(query.path["id"])
        if record is None:
            raise Problem(404, "Not found", f"there is no session {query.path['id']} (any more)")
        found = await findings_of(record, journal, store, clock)
        return as_json(ReportTold(session=record.id, findings=[finding_told(each) for each in found]))

    says = "Tell what the client of a session did wrong or unwisely."
    return [Route("GET", "/v1/sessions/{id}/report", told, answer=ReportTold, says=says)]

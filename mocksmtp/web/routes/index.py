"""/: a page for people, without a script."""

from __future__ import annotations

from html import escape

from mocksmtp import __version__
from mocksmtp.stores import Store
from mocksmtp.web.finding import accepted, newest
from mocksmtp.web.mail import summary
from mocksmtp.web.routing import Answer, Query, Route

SHOWN = 50

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>mocksmtp</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }}
</style>
<h1>mocksmtp <small>{version}</small></h1>
<p><a href="/v1/messages">messages</a> · <a href="/metrics">metrics</a> · <a href="/ca.pem">CA certificate</a></p>
<p>{count} kept, {dropped} dropped to make room. The newest:</p>
<table><tr><th>received<th>from<th>to<th>subject<th>octets<th>rule</tr>
{rows}
</table>
"""


def routes(store: Store) -> list[Route]:
    """Return the route over this store."""

    async def page(_: Query) -> Answer:
        usage = store.usage()
        rows = "\n".join(_row(summary(message)) for message in await newest(store, SHOWN, None, accepted))
        text = PAGE.format(version=__version__, count=usage.messages, dropped=usage.dropped, rows=rows)
        return Answer(text.encode("utf-8", "replace"), "text/html; charset=utf-8")

    return [Route("GET", "/", page)]


def _row(told: dict[str, object]) -> str:
    rcpt = told["rcpt"]
    cells = [told["received_at"], told["mail"] or "<>", ", ".join(rcpt) if isinstance(rcpt, list) else ""]
    cells += [told["subject"] or "", told["size"], told["rule"] or ""]
    link = f'<a href="/v1/messages/{escape(str(told["id"]))}/raw">{escape(str(cells[0]))}</a>'
    return f"<tr><td>{link}" + "".join(f"<td>{escape(str(cell))}" for cell in cells[1:]) + "</tr>"

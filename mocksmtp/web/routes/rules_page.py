"""/rules: the rules in force in their order, and how often each acted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mocksmtp.config.writing import written_rule
from mocksmtp.config.yaml_text import rules_text
from mocksmtp.rules.steering import Standing
from mocksmtp.web.markup import Markup, element
from mocksmtp.web.pages.layout import live, moment, page
from mocksmtp.web.routing import Answer, Query, Route

EVENTS = "event=rule_matched,missed"


def routes(standing: Callable[[], Iterable[Standing]]) -> list[Route]:
    """Return the route; ``standing`` tells the rules in force."""

    def listed(_query: Query) -> Answer:
        found = list(standing())
        told = (
            _table(found) if found else element("p", "There are no rules: all is answered as the protocol has it.")
        )
        return page("Rules", "/rules", element("h1", "Rules"), live(EVENTS, told))

    return [Route("GET", "/rules", listed)]


def _table(found: list[Standing]) -> Markup:
    names = ("Rule", "What it says", "Hits", "Last")
    return element(
        "table",
        element("caption", "Rules, from the top", class_="unseen"),
        element("thead", element("tr", [element("th", name, scope="col") for name in names])),
        element("tbody", [_row(each) for each in found]),
        class_="rules",
    )


def _row(standing: Standing) -> Markup:
    rule, runtime, acted, _ = standing
    said = {key: value for key, value in written_rule(rule).items() if key != "description"}
    # Behind ``rules:`` and the name, which stand elsewhere; four spaces belong to the list.
    lines = rules_text([said]).rstrip("\n").split("\n")[2:]
    return element(
        "tr",
        element(
            "th", rule.name,
            element("span", "runtime", class_="tag") if runtime else None,
            None if rule.enabled else element("span", "switched off", class_="tag fault"),
            element("div", rule.description, class_="second") if rule.description else None,
            scope="row",
        ),
        element("td", element("pre", "\n".join(line[4:] for line in lines))),
        element("td", acted.times, class_="hits", data_never=acted.times == 0),
        element("td", moment(acted.last) if acted.last is not None else "never"),
        data_key=f"{rule.name}-{runtime}",
    )  # fmt: skip

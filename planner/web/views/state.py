"""What of a plan's page is shown: it is all in the address."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest

from planner.engine import Report
from planner.report.said.closed import name_between
from planner.report.said.filters import Filter, read_filter
from planner.web.forms.exclusions import WANTED, Wanted
from planner.web.forms.flows import PROPOSED, Proposed
from planner.web.forms.rows import read_page
from planner.web.forms.topology import CLOSED, OPENINGS, Opened, read_opened
from planner.web.views.htmx import htmx_of

PANELS = {
    "topology": "Topology",
    "decisions": "Decisions",
    "ports": "Ports",
    "caveats": "How the document was read",
    "own": "Own flows",
    "excluded": "Excluded",
    "closed": "Closed",
    "firewalls": "Firewalls",
}
TABS = {
    "topology": ("Topology", ("topology",)),
    "decisions": ("Decisions", ("decisions", "caveats")),
    "ports": ("Ports", ("ports",)),
    "exceptions": ("Exceptions", ("own", "excluded", "closed")),
    "firewalls": ("Firewalls", ("firewalls",)),
}
"""The tabs of a plan by what their ids end with: the name, and the panels under it."""
PAGED = ("own", "excluded", "closed")
"""The panels that list rows page by page."""
VIEWS = {
    "rules": "Rules",
    "zones": "Zones",
    "flows": "Flows",
    "findings": "Findings",
    "diagram": "Diagram",
    "unneeded": "Not needed",
}
READER_VIEWS = VIEWS | {"closed": "Closed", "decisions": "Decisions", "caveats": "How the document was read"}
"""For those who have no panels: what must stay closed, who decided what, and the appendix, stand among the views."""


class Asked(NamedTuple):
    """One packet that is asked about, as it was typed."""

    source: str = ""
    destination: str = ""
    service: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        """What the address says of it, by the names of the form's fields."""
        return [(name, text) for name, text in zip(ASKING, self, strict=True) if text]


ASKING = ("ask_from", "ask_to", "ask_service")
NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What of the page is shown: a panel, a view of the report, a filter, a page of flows."""

    panel: str
    view: str
    filter: Filter
    page: int
    opened: Opened = CLOSED
    """What is open in the topology panel; a link to a panel closes it."""
    own: int = 1
    """The page of the rows in one of the panels that are PAGED."""
    wanted: Wanted | None = None
    """The flow that is to be excluded, in the panel of exclusions."""
    proposed: Proposed | None = None
    """What the form of new flows is filled in with, in the panel of the plan's own flows."""
    firewall: str = ""
    """The name of the firewall that is open, in the panel of firewalls."""
    between: str = ""
    """The code of a boundary, such as DMZ-INT: of what must stay closed, only that between its zones is listed."""
    unfold: tuple[str, ...] = ()
    """Codes of the groups of zones that the diagram shows endpoint by endpoint; with a minus: as one box each."""
    asked: Asked = NOTHING_ASKED
    """The packet that is asked about, above the rules and flows."""
    adds: bool = True
    """Whether links may lead to forms for something new; not where the plan is only shown."""

    def only_shown(self) -> "State":
        """The same of a plan that isn't edited here: without a form for something new, or a link to one."""
        return replace(self, adds=False, opened=CLOSED if self.opened.kind == "add" else self.opened)

    def without_filter(self) -> "State":
        """The same with everything shown."""
        return replace(self, filter=Filter())

    def without_question(self) -> "State":
        """The same with nothing asked."""
        return replace(self, asked=NOTHING_ASKED)

    def at_panel(self, panel: str) -> "State":
        """The same with another panel, and nothing open in the topology."""
        return self if self.panel == panel else replace(self, panel=panel, opened=CLOSED)

    def query(self, **changes: str) -> str:
        """The state as a query string, with changes."""
        values = {
            "panel": self.panel if self.panel != "topology" else "",
            "view": self.view if self.view != "rules" else "",
            **dict(self.filter.pairs()),
            "unfold": ",".join(self.unfold),
            **({self.opened.kind: self.opened.name} if not {"panel", *OPENINGS} & changes.keys() else {}),
            **({"own": str(self.own)} if self.own > 1 and "panel" not in changes else {}),
            **(dict(zip(WANTED, self.wanted, strict=True)) if self.wanted and "panel" not in changes else {}),
            **(dict(zip(PROPOSED, self.proposed, strict=True)) if self.proposed and "panel" not in changes else {}),
            **({"firewall": self.firewall} if self.firewall and "panel" not in changes else {}),
            **({"between": self.between} if self._keeps_between(changes) else {}),
            **dict(self.asked.pairs()),
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value})

    def _keeps_between(self, changes: Container[str]) -> bool:
        """Whether what must stay closed is still listed when these change."""
        return bool(self.between) and ("panel" if self.panel == "closed" else "view") not in changes


def read_state(request: HttpRequest, report: Report, views: Container[str] = VIEWS) -> tuple[State, dict[str, str]]:
    """The state in the address: of the page that an htmx edit comes from, else of the request itself.

    `views` are those that the page has.
    """
    pairs = [(name, value) for name, values in request.GET.lists() for value in values]
    if request.method == "POST" and (current := read_current(request)) is not None:
        pairs = current
    values = dict(pairs)
    chosen, faults = read_filter(pairs, report)
    panel = values.get("panel", "") if values.get("panel") in PANELS else "topology"
    view = values.get("view", "") if values.get("view") in views else "rules"
    return State(
        panel=panel,
        view=view,
        filter=chosen,
        page=read_page(values.get("page", "")),
        unfold=read_unfold((value for name, value in pairs if name == "unfold"), report),
        opened=read_opened(values, report) if values.get("panel", "topology") in ("", "topology") else CLOSED,
        own=read_page(values.get("own", "")) if values.get("panel") in PAGED else 1,
        wanted=_read_wanted(values),
        firewall=values.get("firewall", "") if panel == "firewalls" else "",
        proposed=read_proposed(values),
        between=_read_between(values, report) if "closed" in (panel, view) else "",
        asked=Asked(*(values.get(name, "").strip()[:255] for name in ASKING)),
    ), faults


def _read_between(values: Mapping[str, str], report: Report) -> str:
    """The code of a boundary in an address; nothing for one between zones that the report doesn't have."""
    code = values.get("between", "")
    return code if name_between(report, code) else ""


def _read_wanted(values: Mapping[str, str]) -> Wanted | None:
    source, destination, service = (values.get(name, "") for name in WANTED)
    return (source, destination, service) if values.get("panel") == "excluded" and source and destination else None


def read_proposed(values: Mapping[str, str]) -> Proposed | None:
    """What an address fills into the form of new flows."""
    proposed = Proposed(*(values.get(name, "") for name in PROPOSED))
    return proposed if values.get("panel") == "own" and any(proposed) else None


def read_current(request: HttpRequest) -> list[tuple[str, str]] | None:
    """What the address of the page says that htmx asks from; None where nobody says so, or what is said is none."""
    address = htmx_of(request).current_url
    if not address:
        return None
    try:
        return parse_qsl(urlsplit(address).query)
    except ValueError:
        return None


def read_unfold(values: Iterable[str], report: Report) -> tuple[str, ...]:
    """The codes of groups of zones in an address, in the report's order; what the report doesn't have is left out.

    One with a minus before it is folded, though the plan is small enough to be shown endpoint by endpoint.
    """
    asked = {code for value in values for code in value.split(",")}
    return tuple(code for group in report.zone_groups for code in (group.code, f"-{group.code}") if code in asked)


def lead_to_editor(state: State, here: str) -> str:
    """Where an endpoint's editor is on the page at `here`, up to the pair that names the endpoint."""
    query = state.query(panel="")
    return f"{here}?{query}{'&' if query else ''}"

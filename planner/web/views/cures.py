"""From a finding to the field that cures it: the one table of which field that is, for each code.

The links are plain ones, with a fragment that gives the field the focus: they work without a script and by keyboard.
What a matrix's own checks are about is in the matrix, so that their fields follow from the check.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from planner.engine import Report
from planner.engine.findings import Finding
from planner.engine.flows import Flow
from planner.plan.document import Endpoint, dump_plan
from planner.plan.presets import PRESETS
from planner.web.forms.exclusions import wanted_query
from planner.web.forms.rows import PER_PAGE, key_of
from planner.web.forms.topology import MAX_MANAGERS
from planner.web.views.state import State
from ports.matrix import Check, ChoiceIs, Matrix

Place = Literal["endpoint", "zone", "adder", "choice", "exclusion", "never", "flow", "panel", "view", "page"]
"""The editor of an endpoint or of its zone, the form for another endpoint, a decision, a row of the plan, the
form or the row for a flow, a panel of the plan, a view of the report, a page below the plan's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Which field cures a finding."""

    place: Place
    words: str
    """What the link says; an endpoint's or zone's name follows."""
    field: str = ""
    """Of an editor: the key of the field. Of the form for another endpoint: the role that is ticked. Of a decision:
    its slug, if it isn’t the finding’s subject. Of a panel or the report: which panel or view. Of a page: what follows
    the plan's address."""
    seen: str = ""
    """What the link says where the plan can only be read here, if `words` ask for something to be done."""


_DECISION = "The decision"
_DECIDE = Way(place="choice", words="Decide", seen=_DECISION)
_ADDRESSES = Way(place="endpoint", field="addresses", words="Addresses of")
_ROLES = Way(place="endpoint", field="roles", words="Roles of")
_SESSIONS = Way(place="endpoint", field="sessions", words="Sessions of")
_OPERATIONS = Way(place="endpoint", field="operations", words="Operations of")
_ANOTHER = Way(place="adder", words="Add an endpoint")

WAYS: Mapping[str, tuple[Way, ...]] = {
    "address-covers-everything": (_ADDRESSES,),
    "address-in-another-zone": (_ADDRESSES, Way(place="endpoint", field="zone", words="Zone of")),
    "address-is-name": (_ADDRESSES,),
    "address-missing": (_ADDRESSES,),
    "address-outside-zone": (_ADDRESSES, Way(place="zone", field="networks", words="Networks of")),
    "address-special": (_ADDRESSES,),
    "address-twice": (_ADDRESSES,),
    "choice-undecided": (_DECIDE,),
    "exclusion-without-effect": (Way(place="exclusion", words="The exclusion"),),
    "local-flows": (Way(place="view", field="unneeded", words="What stays on one host"),),
    "never-broken": (Way(place="never", words="The row that is broken"),),
    "no-firewall": (Way(place="panel", field="firewalls", words="Add a firewall"),),
    "nobody-uses": (Way(place="adder", words="Add who uses it"), _ROLES),
    "nothing-to-reach": (_ROLES, _ANOTHER),
    "open-though-closed": (Way(place="page", field="acceptance/#forbidden", words="What answered"),),
    "operation-not-listed": (_OPERATIONS,),
    "operations-without-engine": (Way(place="endpoint", field="managed_by", words="Who manages"), _ANOTHER),
    "operations-without-platforms": (Way(place="endpoint", field="platforms", words="Platforms of"),),
    "platforms-without-operations": (_OPERATIONS,),
    "port-conflict": (Way(place="endpoint", field="own", words="Ports of"),),
    "prohibited-flow": (Way(place="flow", words="The flow that breaks it"),),
    "role-without-flow": (_ROLES,),
    "sessions-unused": (_SESSIONS,),
    "sessions-without-gateway": (_SESSIONS,),
    "site-without-agent": (Way(place="adder", words="Add an agent"),),
    "verified-blocked": (Way(place="page", field="acceptance/#blocked", words="Whom to ask, with the text for it"),),
}
"""By code of a finding: where it is cured, the likeliest first. A caveat has no way: its answers stand in the finding,
and one without answers is for information."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """A link to a field."""

    words: str
    name: str
    """Of the endpoint or zone; empty for what has none."""
    link: str
    """What follows the page's address."""


def ways_of_check(check: Check, matrix: Matrix) -> tuple[Way, ...]:
    """Where a finding of the matrix's own is cured: where the role that it is about is given, or the choice made."""
    if check.crowded:
        return (_ROLES,)
    if check.opening is not None:
        return (_way_of_service(check.opening.service, matrix) if check.opening.service else _ROLES,)
    ways = [
        Way(place="adder", field=role.slug, words=f"Add: {role.name}")
        for role in matrix.assignable_roles
        if any(role.slug in matrix.holders[needed] for needed in check.needs)
    ][:1]
    if check.subject in matrix.choices:
        ways.append(Way(place="choice", field=check.subject, words="Decide otherwise", seen=_DECISION))
    for condition in check.when:
        if isinstance(condition, ChoiceIs) and condition.choice != check.subject and not ways:
            ways.append(Way(place="choice", field=condition.choice, words="Decide otherwise", seen=_DECISION))
    return (*ways, _ROLES)


def _way_of_service(service: str, matrix: Matrix) -> Way:
    """Where an endpoint says that it is reached on a service: among its sessions, else by its role."""
    asking = [r for r in matrix.requirements if any(ask.service == service for ask in r.asks)]
    return _SESSIONS if any(r.target and r.target.session for r in asking) else _ROLES


def offer_presets(report: Report, state: State) -> dict[str, Any]:
    """What the vendor's document leaves out, if the matrix says so, and links to forms that start from presets."""
    presets = PRESETS.values() if state.adds else ()
    bearing = (item.caveat for item in report.caveats)
    return {
        "uncovered": next((caveat for caveat in bearing if not caveat.sections and not caveat.correction), None),
        "presets": [(preset, state.query(panel="own", preset=preset.slug)) for preset in presets],
    }


def point_at_row(state: State, prefix: str, row: Mapping[str, Any]) -> str:
    """The fragment that leads to a row of the plan: to the button that takes it away, where there is one."""
    return f"{prefix}-{key_of(row)}{'-delete' if state.adds else ''}"


class Cures:
    """The links for the findings of one report, from the page in one state."""

    def __init__(self, report: Report, state: State, *, view: str = "findings") -> None:
        """`view` of the report is what stands beside the field that a link opens."""
        self.report = report
        self.state = state
        self.view = view
        self._checks = {check.code: check for check in report.matrix.checks}

    @cached_property
    def _ends(self) -> Mapping[str, Endpoint]:
        return {endpoint.name: endpoint for endpoint in self.report.plan.endpoints}

    @cached_property
    def _rows(self) -> Mapping[str, Any]:
        return dump_plan(self.report.plan)

    @cached_property
    def _managers(self) -> int:
        managing = self.report.matrix.managing_roles
        return sum(1 for end in self.report.plan.endpoints if managing & set(end.roles))

    def ways(self, finding: Finding) -> tuple[Way, ...]:
        """The ways of the finding's code; none for one that nobody knows."""
        check = self._checks.get(finding.code)
        return ways_of_check(check, self.report.matrix) if check else WAYS.get(finding.code, ())

    def lead_to_addresses(self, name: str) -> str:
        """What follows the page's address where the addresses of an endpoint are typed."""
        return self._make(_ADDRESSES, {"edit": name}, self._at("addresses")[1]).link

    def lead_to_caveat(self, slug: str) -> Cure:
        """Where an open question about the document is answered, among the decisions."""
        return self._make(_DECIDE, {"panel": "decisions"}, f"decision-{slug}")

    def list(self, finding: Finding) -> list[Cure]:
        """A link for each way; of several endpoints to the first, as the others stand below it."""
        return [cure for way in self.ways(finding) if (cure := self._lead(way, finding)) is not None]

    def end_of_endpoints(self, finding: Finding) -> str:
        """How addresses end that lead to the endpoints of a finding, so that the field in question is in sight."""
        way = next((way for way in self.ways(finding) if way.place == "endpoint"), None)
        if way is None:
            return ""
        at, fragment = self._at(way.field)
        return f"{f'&at={at}' if at else ''}#{fragment}"

    def _lead(self, way: Way, finding: Finding) -> Cure | None:
        match way.place:
            case "endpoint":
                return self._lead_to_endpoint(way, finding)
            case "zone":
                return self._lead_to_zone(way, finding)
            case "adder" | "panel" if not self.state.adds:
                return None
            case "adder":
                return self._make(way, {"add": "endpoint", "at": way.field}, "endpoint-name")
            case "choice":
                return self._lead_to_choice(way, finding)
            case "exclusion":
                return self._lead_to_row(way, finding, "excluded", "exclusions", "excluded")
            case "never":
                return self._lead_to_row(way, finding, "closed", "never", "never")
            case "flow":
                return self._lead_to_flow(way, finding)
            case "panel":
                return self._make(way, {"panel": way.field}, f"{way.field.removesuffix('s')}-name")
            case "view":
                return self._make(way, {"view": way.field}, "report")
            case "page":
                return Cure(words=way.words, name="", link=way.field)

    def _make(self, way: Way, changes: Mapping[str, str], fragment: str, name: str = "") -> Cure:
        view = self.view if self.view != "rules" else ""
        query = self.state.query(**{"view": view, "panel": "", **changes})
        words = way.words if self.state.adds else way.seen or way.words
        return Cure(words=words, name=name, link=f"?{query}#{fragment}")

    def _at(self, field: str) -> tuple[str, str]:
        """The rest of an address that opens an endpoint's editor: which boxes are unfolded, and the field's id."""
        if field in ("name", "zone", "addresses"):
            return "", f"endpoint-{field}"
        if field == "managed_by" and self._managers > MAX_MANAGERS:
            return "", "endpoint-managed-by"
        return field, f"endpoint-{field}-summary"

    def _lead_to_endpoint(self, way: Way, finding: Finding) -> Cure | None:
        if not finding.endpoints:
            return None
        at, fragment = self._at(way.field)
        # Of a flow's ends the one that lists anything there.
        listing = (name for name in finding.endpoints if getattr(self._ends[name], way.field, ()))
        name = next(listing, finding.endpoints[0])
        return self._make(way, {"edit": name, "at": at}, fragment, name)

    def _lead_to_zone(self, way: Way, finding: Finding) -> Cure | None:
        zone = next((self._ends[name].zone for name in finding.endpoints), None)
        return self._make(way, {"zone": zone}, f"zone-{way.field}", zone) if zone else None

    def _lead_to_choice(self, way: Way, finding: Finding) -> Cure | None:
        choice = self.report.matrix.choices.get(way.field or finding.subject or "")
        if choice is None:
            return None
        back = not choice.many and choice.default is None
        option = "none" if back else choice.slugs[0]
        return self._make(way, {"panel": "decisions"}, f"choice-{choice.slug}-{option}")

    def _lead_to_row(self, way: Way, finding: Finding, panel: str, part: str, prefix: str) -> Cure | None:
        number = int((finding.subject or "").removeprefix(f"{part}[").removesuffix("]"))
        row = self.find_row(finding, part)
        page = str(number // PER_PAGE + 1) if number >= PER_PAGE else ""
        at = point_at_row(self.state, prefix, row)
        return self._make(way, {"panel": panel, "own": page, "between": ""}, at)

    def _lead_to_flow(self, way: Way, finding: Finding) -> Cure | None:
        """The first flow that a prohibition of the document's forbids: where it is excluded, or the plan's own row."""
        flow = next(self.list_breaking(finding), None)
        if flow is None:
            return None
        if not flow.need.own and not self.state.adds:
            return None
        if not flow.need.own:
            query = self.state.query(view=self.view if self.view != "rules" else "", panel="excluded")
            return Cure(words=way.words, name="", link=f"?{query}&{wanted_query(flow)}#exclude-reason")
        ends = flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports
        for number, row in enumerate(self._rows["additional_flows"]):
            if (row["source"], row["destination"], row["protocol"], row.get("ports")) == ends:
                page = str(number // PER_PAGE + 1) if number >= PER_PAGE else ""
                return self._make(way, {"panel": "own", "own": page}, point_at_row(self.state, "own", row))
        return None

    def list_breaking(self, finding: Finding) -> Iterator[Flow]:
        """The flows that a prohibition forbids: that of the document, or the row of the plan, which is broken."""
        for item in self.report.closed:
            if finding.subject == f"never[{item.number}]" or (
                finding.code == "prohibited-flow" and item.number is None and item.sections == finding.sections
            ):
                yield from item.breaking

    def find_row(self, finding: Finding, part: str) -> Mapping[str, Any]:
        """The row of the plan that a finding is about, as documents have it."""
        number = int((finding.subject or "").removeprefix(f"{part}[").removesuffix("]"))
        row: Mapping[str, Any] = self._rows[part][number]
        return row

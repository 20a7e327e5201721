"""OPNsense: rows for the import of *Firewall: Rules*, which sets a rule again under its own identifier.

Columns are the fields of the model (opnsense/core, models/OPNsense/Firewall/Filter.xml, `rules.rule`), as the rules'
own export writes them, with `@uuid` first. Restoring a part of a config.xml would replace the site's rules; an import
leaves rows alone that it doesn't name, also further ones of a rule that it names. A file takes no comments, so all is
said in docs/firewalls.md.
"""

import csv
import hashlib
import io
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from planner.report.errors import NotExpressible
from planner.report.firewall.devices.clouds import list_networks
from planner.report.firewall.devices.openings import Opening, Plan, Sides, make_plan
from planner.report.firewall.iptables import check_lines
from planner.report.firewall.permits import Permits
from planner.report.firewall.places import find_same
from planner.report.said.edition import Edition
from planner.report.said.text import check_addresses, list_rule_sides
from ports.text import neutralise_parts

LABEL = "OPNsense"
HEADER = (
    "@uuid", "enabled", "sequence", "action", "quick", "interface", "direction", "ipprotocol", "protocol", "icmptype",
    "source_net", "destination_net", "destination_port", "log", "description",
)  # fmt: skip
_FIRST = 1000
"""The number of the first rule, by which rules of one interface are ordered."""
_SIDES = Sides(
    pattern=re.compile(r"[A-Za-z0-9_]{1,32}"), allowed="what OPNsense calls it itself: lan, wan, opt1, or a group"
)
_DESCRIPTION = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One rule of OPNsense: an opening from one network to another, or any."""

    opening: Opening
    source: str
    destination: str


def render_opnsense(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """A row for each service of a rule, family and pair of networks, as CSV with semicolons. Raises NotExpressible.

    What is undecided is a rule that is disabled. Where no firewall is known rules have no interface and hold on all.
    """
    check_addresses(LABEL, list_rule_sides(rule for rule in permits.report.rules for _ in rule.services))
    plan = make_plan(permits, label=LABEL, sides=_SIDES, longest=80, default_deny=default_deny,
                     open_undecided=open_undecided)  # fmt: skip
    rows = dict(_list_rows(plan))
    _add_gone(rows, plan, edition)
    check_lines(LABEL, len(rows))
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER)
    for number, (key, row) in enumerate(rows.items(), _FIRST):
        writer.writerow([key, *(neutralise_parts(field) for field in _say(plan, row, number))])
    return file.getvalue().encode()


def _list_rows(plan: Plan) -> Iterator[tuple[str, _Row]]:
    """Rows with what OPNsense knows them by.

    A field takes one network there, or a list of aliases: it looks up each part of a list (NetworkAliasField), and
    refuses a row with networks in one.
    """
    sides = [(one, _list_side(plan, one, "source"), _list_side(plan, one, "destination")) for one in plan.openings]
    check_lines(LABEL, sum(len(sources) * len(destinations) for _, sources, destinations in sides))
    for opening, sources, destinations in sides:
        for place, (source, destination) in enumerate(product(sources, destinations)):
            yield _identify(plan, opening, place), _Row(opening=opening, source=source, destination=destination)


def _list_side(plan: Plan, opening: Opening, end: str) -> list[str]:
    """The networks of one side. “None of these” is for a single network there, so any is said as what is left."""
    permit = opening.permit
    members, others = (
        (permit.sources, permit.not_sources) if end == "source" else (permit.destinations, permit.not_destinations)
    )
    return ["any"] if members is None and not others else list_networks(plan, opening, end)


def _add_gone(rows: dict[str, _Row], plan: Plan, edition: Edition | None) -> None:
    """Add what earlier reports opened and the plan doesn't: an import deletes no rule, but it can disable it."""
    if edition is None or edition.selection is not None:
        return
    for report in reversed(edition.earlier):
        same = find_same(plan.permits, report)
        if plan.permits.firewall is not None and same is None:
            continue
        with suppress(NotExpressible):  # a file that couldn't be written has told the device nothing
            old = make_plan(Permits(report, same), label=LABEL, sides=_SIDES, longest=80, default_deny=False,
                            open_undecided=False)  # fmt: skip
            for key, row in list(_list_rows(old)):
                rows.setdefault(key, replace(row, opening=replace(row.opening, disabled=True)))


def _identify(plan: Plan, opening: Opening, place: int) -> str:
    """What OPNsense knows a rule by: names of a firewall and of a rule, and a place within that, always give the same.

    It takes identifiers of version 4 alone (ArrayField::importRecordSet), which are as good for a digest.
    """
    device = plan.permits.firewall
    name = f"port planner\n{device.name if device else ''}\n{opening.name}" + (f"\n{place}" if place else "")
    return str(uuid.UUID(bytes=hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:16], version=4))


def _say(plan: Plan, row: _Row, number: int) -> Iterator[str]:
    """The fields behind the identifier, as HEADER has them."""
    opening = row.opening
    permit = opening.permit
    protocol, ports = permit.service
    yield "0" if opening.disabled else "1"
    yield str(number)
    yield "pass"
    yield "1"
    yield opening.source if plan.permits.firewall else ""
    yield "in"
    yield "inet" if permit.family == 4 else "inet6"
    yield protocol.upper()
    yield "" if ports else "echoreq"
    yield row.source
    yield row.destination
    yield ports or ""
    yield "1" if plan.logs else "0"
    yield opening.fit(_DESCRIPTION)

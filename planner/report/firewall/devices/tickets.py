"""Rules as rows for the import of change requests: source, destination, service, action, comment, ticket.

In the order of a traffic line of AlgoSec FireFlow (“Change request field references”), which Tufin SecureChange's
access requests and FireMon share. IPv4 and IPv6 never stand in one row, which FireFlow refuses.
"""

import csv
import io
import re
from collections.abc import Iterator

from planner.report.firewall.devices.openings import Opening, Plan, Sides, make_plan
from planner.report.firewall.permits import Permits
from planner.report.said.edition import Edition
from planner.report.said.elsewhere import find_ranges
from planner.report.said.text import check_addresses, list_rule_sides
from ports.text import neutralise_parts, show_line

LABEL = "Rows for change requests"
HEADER = ("Source", "Destination", "Service", "Action", "Comment", "Ticket")
_SIDES = Sides(pattern=re.compile(r"[\s\S]*"), allowed="anything")


def render_rows(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """A row for each service of a rule and family, as CSV in UTF-8.

    Without a byte order mark, which other programs would take for a letter of the first head. What is undecided is
    left out unless it is asked for: a row can't be disabled. Raises NotExpressible when the addresses are too much to
    stand in each row.
    """
    check_addresses(LABEL, list_rule_sides(rule for rule in permits.report.rules for _ in rule.services))
    plan = make_plan(permits, label=LABEL, sides=_SIDES, longest=80, default_deny=default_deny,
                     open_undecided=open_undecided)  # fmt: skip
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEADER)
    tickets = _list_tickets(permits, edition)
    for opening in plan.openings:
        if not opening.disabled:
            writer.writerow([neutralise_parts(field) for field in _row(plan, opening, tickets)])
    return file.getvalue().encode()


def _list_tickets(permits: Permits, edition: Edition | None) -> dict[str, str]:
    """By number of the rule its tickets, where rules have states."""
    lives = edition.lives if edition else None
    return {
        rule.id: show_line("; ".join(life.tickets))
        for rule in permits.report.rules
        if lives is not None and (life := lives.of(rule)) is not None
    }


def _row(plan: Plan, opening: Opening, tickets: dict[str, str]) -> Iterator[str]:
    permit = opening.permit
    yield from list_sides(plan, opening)
    yield f"{permit.service.protocol}/{permit.service.ports}" if permit.service.ports else "icmp/8"
    yield "allow"
    yield opening.comment
    yield tickets.get(permit.label, "")


def list_sides(plan: Plan, opening: Opening) -> Iterator[str]:
    """The cells of an opening's sources and of its destinations."""
    permit = opening.permit
    for members, others in (
        (permit.sources, permit.not_sources), (permit.destinations, permit.not_destinations),
    ):  # fmt: skip
        if members is not None:
            addresses = plan.permits.addresses.objects
            yield "; ".join(dict.fromkeys(one for name in members for one in addresses[name]))
        elif others:
            yield "; ".join(a if a == b else f"{a}-{b}" for a, b in find_ranges(others, permit.family))
        else:
            yield "0.0.0.0/0" if permit.family == 4 else "::/0"

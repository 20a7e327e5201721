"""OPNsense: rows for the import of *Firewall: Rules*, which sets a rule again under its own identifier.

Columns are the fields of the model (opnsense/core, models/OPNsense/Firewall/Filter.xml, `rules.rule`), as the rules'
own export writes them, with `@uuid` first. Restoring a part of a config.xml would replace the site's rules; an import
leaves those alone that it doesn't name. A file takes no comments, so all is said in docs/firewalls.md.
"""

import csv
import hashlib
import io
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from planner.report.errors import NotExpressible
from planner.report.firewall.devices.openings import Opening, Plan, Sides, make_plan
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


def render_opnsense(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """A row for each service of a rule and family, as CSV with semicolons. Raises NotExpressible.

    What is undecided is a rule that is disabled. Where no firewall is known rules have no interface and hold on all.
    """
    check_addresses(LABEL, list_rule_sides(rule for rule in permits.report.rules for _ in rule.services))
    plan = make_plan(permits, label=LABEL, sides=_SIDES, longest=80, default_deny=default_deny,
                     open_undecided=open_undecided)  # fmt: skip
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER)
    number = _FIRST
    for number, opening in enumerate(plan.openings, _FIRST):
        writer.writerow([neutralise_parts(field) for field in _row(plan, opening, number)])
    for old, gone in _list_gone(plan, edition):
        number += 1
        writer.writerow([neutralise_parts(field) for field in _row(old, replace(gone, disabled=True), number)])
    return file.getvalue().encode()


def _list_gone(plan: Plan, edition: Edition | None) -> Iterator[tuple[Plan, Opening]]:
    """What earlier reports opened and the plan doesn't: an import deletes no rule, but it can disable it."""
    if edition is None or edition.selection is not None:
        return
    known = {_identify(plan, opening) for opening in plan.openings}
    for report in reversed(edition.earlier):
        same = find_same(plan.permits, report)
        if plan.permits.firewall is not None and same is None:
            continue
        with suppress(NotExpressible):  # a file that couldn't be written has told the device nothing
            old = make_plan(Permits(report, same), label=LABEL, sides=_SIDES, longest=80, default_deny=False,
                            open_undecided=False)  # fmt: skip
            gone = {_identify(old, opening): opening for opening in old.openings}
            yield from ((old, opening) for key, opening in gone.items() if key not in known)
            known.update(gone)


def _identify(plan: Plan, opening: Opening) -> str:
    """What OPNsense knows a rule by: a name of a firewall and one of a rule always give the same.

    It takes identifiers of version 4 alone (ArrayField::importRecordSet), which are as good for a digest.
    """
    device = plan.permits.firewall
    name = f"port planner\n{device.name if device else ''}\n{opening.name}"
    return str(uuid.UUID(bytes=hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:16], version=4))


def _row(plan: Plan, opening: Opening, number: int) -> Iterator[str]:
    permit = opening.permit
    protocol, ports = permit.service
    device = plan.permits.firewall
    yield _identify(plan, opening)
    yield "0" if opening.disabled else "1"
    yield str(number)
    yield "pass"
    yield "1"
    yield opening.source if device else ""
    yield "in"
    yield "inet" if permit.family == 4 else "inet6"
    yield protocol.upper()
    yield "" if ports else "echoreq"
    for members, others in (
        (permit.sources, permit.not_sources), (permit.destinations, permit.not_destinations),
    ):  # fmt: skip
        # “None of these” is for a single network there, so any is said as what is left.
        addresses = plan.permits.addresses
        found = (
            addresses.find_rest(permit.family, others)
            if members is None
            else [one for name in members for one in addresses.objects[name]]
        )
        everybody = members is None and not others
        yield "any" if everybody else ",".join(dict.fromkeys(found))
    yield ports or ""
    yield "1" if plan.logs else "0"
    yield opening.fit(_DESCRIPTION)

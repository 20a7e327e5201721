"""VMware NSX as Terraform JSON: groups, services, and security policies of the distributed firewall.

Syntax: the documented arguments of `nsxt_policy_group`, `nsxt_policy_service` and `nsxt_policy_security_policy`
(Terraform provider vmware/nsxt).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.report.firewall.devices.clouds import Resources, name_resource, render_terraform
from planner.report.firewall.devices.openings import Opening, Plan, find_groups
from planner.report.firewall.permits import Permit, Permits
from planner.report.said.edition import Edition

_NOTES = 2000
_MOST = 1000
"""Rules in one policy: the provider's schema has MaxItems (policy_common.go)."""
_LIFECYCLE = {"create_before_destroy": True}
"""Without it Terraform deletes a group before it updates the policy that names it, which NSX refuses (guide
“FAQ” of the provider vmware/nsxt)."""


def _write(plan: Plan) -> tuple[dict[str, Any], Resources]:
    large = find_groups(plan)
    addresses = plan.permits.addresses.objects
    groups = {name: list(addresses[name]) for name in plan.objects}
    groups |= {name: [one for member in members for one in addresses[member]] for members, name in large.items()}
    services = {str(one.permit.service): one.permit for one in plan.openings}
    policies = {
        f"port-planner{f'-{number}' if number > 1 else ''}": {
            "display_name": f"Port planner{f' {number}' if number > 1 else ''}",
            "category": "${var.category}",
            "scope": "${var.scope}",
            "stateful": True,
            "rule": [_rule(plan, one, large) for one in openings],
            "lifecycle": _LIFECYCLE,
        }
        for number, openings in enumerate(_divide(plan.openings), 1)
    }
    variables = {
        "category": {"type": "string", "default": "Application", "description": "Category of the security policy"},
        "scope": {
            "type": "list(string)",
            "default": [],
            "description": "Paths of the groups that the policy is applied to",
        },
    }
    if not plan.openings:
        return variables, {}
    return variables, {
        "nsxt_policy_group": {
            name_resource(name): {
                "display_name": name,
                "criteria": [{"ipaddress_expression": [{"ip_addresses": networks}]}],
                "lifecycle": _LIFECYCLE,
            }
            for name, networks in sorted(groups.items())
        },
        "nsxt_policy_service": {
            name_resource(_name(permit)): _service(permit) for _, permit in sorted(services.items())
        },
        "nsxt_policy_security_policy": policies,
    }


def _divide(openings: Sequence[Opening]) -> list[list[Opening]]:
    """Parts that a policy can hold. A rule is in one by its name, so that it stays there when others come."""
    places = [int.from_bytes(hashlib.sha256(one.name.encode()).digest()[:8]) for one in openings]
    number = -(-len(openings) // _MOST)
    while True:
        parts: list[list[Opening]] = [[] for _ in range(number)]
        for place, one in zip(places, openings, strict=True):
            parts[place % number].append(one)
        if all(len(part) <= _MOST for part in parts):
            return parts
        number += 1


def _say(plan: Plan) -> Iterator[str]:
    parts = len(_divide(plan.openings))
    policies, are = (f"{parts:,} security policies", "they are") if parts > 1 else ("one security policy", "it is")
    yield (
        f"Groups, services, and {policies} of the distributed firewall. The variable scope names the groups whose "
        f"members {are} applied to; empty, {are} applied to all. What is undecided is disabled."
    )
    if parts > 1:
        yield (
            f"The provider takes {_MOST:,} rules in a policy. In which one a rule is follows from its name; where the "
            "number of policies changes, some rules go to another one."
        )


def _name(permit: Permit) -> str:
    """PP-tcp-443: ours, and no service of NSX is called so."""
    return f"PP-{re.sub(' ', '-', str(permit.service))}"


def _service(permit: Permit) -> dict[str, Any]:
    protocol, ports = permit.service
    entry: dict[str, Any] = {"display_name": _name(permit), "lifecycle": _LIFECYCLE}
    if not ports:
        return {**entry, "icmp_entry": [{"protocol": "ICMPv4", "icmp_type": "8"}]}
    return {**entry, "l4_port_set_entry": [{"protocol": protocol.upper(), "destination_ports": [ports]}]}


def _rule(plan: Plan, opening: Opening, large: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    """A rule; a side that is any and leaves nothing out is not said."""
    permit = opening.permit
    rule: dict[str, Any] = {"display_name": opening.name, "action": "ALLOW", "ip_version": f"IPV{permit.family}"}
    for key, members, others in (
        ("source", permit.sources, permit.other_sources),
        ("destination", permit.destinations, permit.other_destinations),
    ):
        names = others if members is None else (large[members],) if members in large else members
        if names:
            rule[f"{key}_groups"] = [f"${{nsxt_policy_group.{name_resource(name)}.path}}" for name in names]
            rule[f"{key}s_excluded"] = members is None
    return rule | {
        "services": [f"${{nsxt_policy_service.{name_resource(_name(permit))}.path}}"],
        "disabled": opening.disabled,
        "logged": plan.logs,
        "notes": opening.fit(_NOTES),
    }


def render_nsx(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """Security policies of the distributed firewall; what they don't name is its last rule's matter.

    Raises NotExpressible.
    """
    return render_terraform("VMware NSX", _say, _write, permits, edition, default_deny, open_undecided)

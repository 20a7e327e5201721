"""Firewall rules of clouds as Terraform JSON (`.tf.json`): Azure, AWS, Google Cloud.

Syntax: Terraform, “JSON Configuration Syntax” (comments are the property `//`), and the documented arguments of
`azurerm_network_security_rule`, `aws_vpc_security_group_ingress_rule` (and `egress`) and `google_compute_firewall`.
Terraform keeps a state: applied again a file changes nothing, and that of the next revision takes away what the plan
no longer asks for.
"""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from planner.engine.renames import find_renames
from planner.engine.report import Report
from planner.report.errors import NotExpressible
from planner.report.firewall.devices.openings import Opening, Plan, Sides, make_plan, say_head
from planner.report.firewall.entries import drop_covered
from planner.report.firewall.permits import Permits
from planner.report.firewall.words import name_endpoints
from planner.report.said.edition import Edition

EVERYBODY = {4: "0.0.0.0/0", 6: "::/0"}
_SIDES = Sides(pattern=re.compile(r"[\w .:/@+-]{1,63}"), allowed="1 to 63 letters, digits, spaces and . _ : / @ + -")
_PRIORITIES = range(1000, 4001)
_MOST = {"rules": 1000, "addresses and networks as sources": 4000, "addresses and networks as destinations": 4000}
"""What a network security group takes, all its rules together (Microsoft, “Azure subscription and service limits”)."""
_FEWER = "give zones and groups networks instead of single addresses"
_MOST_RANGES = 5000
"""What a rule of a VPC network takes on each side (Google, “Quotas and limits” of VPC firewall rules)."""
Resources = dict[str, dict[str, Any]]


def list_networks(plan: Plan, opening: Opening, end: str) -> list[str]:
    """The networks of one side, with their prefix; any without what is in other zones.

    None is within another one: Azure refuses such a rule (OverlappingSubnetsNotPermittedInSecurityRule), and for a
    security group of AWS each is a rule.
    """
    permit, addresses = opening.permit, plan.permits.addresses
    source = end == "source"
    members = permit.sources if source else permit.destinations
    if members is None:
        others = permit.not_sources if source else permit.not_destinations
        return [_prefix(one) for one in addresses.find_rest(permit.family, others)]
    networks = (network for name in members for network in addresses.read_networks(name))
    return [_prefix(one) for one in drop_covered(networks)]


def _prefix(network: str) -> str:
    return network if "/" in network else f"{network}/{128 if ':' in network else 32}"


def name_resource(name: str) -> str:
    """A name of a resource: letters, digits, _ and -, and no digit at the beginning. No two become the same."""
    small = name.lower()
    return f"r-{small}" if small[0].isdigit() or small.startswith("r-") else small


# ---- Google Cloud ----


def _google(plan: Plan) -> tuple[dict[str, Any], Resources]:
    """https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_firewall"""
    rules = {}
    for opening in plan.openings:
        protocol, ports = opening.permit.service
        sources, destinations = (list_networks(plan, opening, end) for end in ("source", "destination"))
        for networks in (sources, destinations):
            _check("Google Cloud", f"the rule {opening.name}", len(networks), "ranges on one side", _MOST_RANGES,
                   ", or choose a part without it by a filter")  # fmt: skip
        rules[name_resource(opening.name)] = {
            "name": name_resource(opening.name).replace("_", "-"),
            "network": "${var.network}",
            "direction": "INGRESS",
            "priority": 1000,
            "description": opening.fit(2000),
            "disabled": opening.disabled,
            "source_ranges": sources,
            "destination_ranges": destinations,
            "allow": [{"protocol": protocol, **({"ports": [ports]} if ports else {})}],
            **({"log_config": {"metadata": "INCLUDE_ALL_METADATA"}} if plan.logs else {}),
        }
    # A rule has ranges of one family alone (Google, “Use VPC firewall rules”).
    for name, everybody in {"default-deny": EVERYBODY[4], "default-deny-v6": EVERYBODY[6]}.items():
        if plan.default_deny:
            rules[name] = {
                "name": f"port-planner-{name}",
                "network": "${var.network}",
                "direction": "INGRESS",
                "priority": 65000,
                "source_ranges": [everybody],
                "deny": [{"protocol": "all"}],
            }
    variables = {"network": {"type": "string", "description": "Name or self link of the VPC network"}}
    return variables, {"google_compute_firewall": rules}


# ---- Azure ----


def _azure(plan: Plan) -> tuple[dict[str, Any], Resources]:
    """https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/network_security_rule"""
    rules = {}
    priorities = _number(plan)
    for opening in plan.openings:
        protocol, ports = opening.permit.service
        rules[name_resource(opening.name)] = {
            "count": 0 if opening.disabled else _count(opening.destination),
            "name": opening.name,
            "resource_group_name": "${var.resource_group_name}",
            "network_security_group_name": f'${{var.network_security_groups["{opening.destination}"]}}',
            "priority": priorities[opening.name],
            "direction": "Inbound",
            "access": "Allow",
            "protocol": protocol.capitalize(),
            "source_port_range": "*",
            "destination_port_range": ports or "*",
            "source_address_prefixes": list_networks(plan, opening, "source"),
            "destination_address_prefixes": list_networks(plan, opening, "destination"),
            "description": opening.fit(140),
        }
    for side in _list_denied(plan):
        rules[name_resource(f"default-deny-{_plain(side)}")] = {
            "count": _count(side),
            "name": f"default-deny-{_plain(side)}",
            "resource_group_name": "${var.resource_group_name}",
            "network_security_group_name": f'${{var.network_security_groups["{side}"]}}',
            "priority": 4096,
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "*",
            "source_port_range": "*",
            "destination_port_range": "*",
            "source_address_prefix": "*",
            "destination_address_prefix": "*",
        }
    variables = {
        "resource_group_name": {"type": "string", "description": "Resource group of the network security groups"},
        "network_security_groups": {
            "type": "map(string)",
            "description": "By zone a network security group of its own; a zone that isn't here isn't in Azure: "
            + ", ".join(sorted({one.destination for one in plan.openings})),
        },
    }
    return variables, {"azurerm_network_security_rule": rules}


def _say_azure(plan: Plan) -> Iterator[str]:
    """How it is applied, and which groups would have more than they take: Terraform alone knows which there are."""
    yield _AZURE
    yield _AZURE_AGAIN
    denied = _list_denied(plan)
    counts = {side: Counter(rules=int(side in denied)) for _, side in plan.sides}
    for opening in plan.openings:
        counts[opening.destination] += weigh(plan, opening)
    for side, count in counts.items():
        over = {what: most for what, most in _MOST.items() if count[what] > most}
        if over:
            said = "; ".join(f"{count[what]:,} {what}, and {most:,} are allowed" for what, most in over.items())
            fewer = "" if {*over} == {"rules"} else f", or {_FEWER}"
            yield (
                f"Where {side} is in Azure, no apply goes through: its network security group would have {said}. "
                f"Choose a part by a filter{fewer}."
            )


def weigh(plan: Plan, opening: Opening) -> Counter[str]:
    """How much of what its network security group takes a rule is; nothing where it is disabled."""
    if opening.disabled:
        return Counter()
    networks = {end: len(list_networks(plan, opening, end)) for end in ("source", "destination")}
    return Counter({"rules": 1, **{f"addresses and networks as {end}s": count for end, count in networks.items()}})


def check_group(label: str, name: str, counts: Counter[str]) -> None:
    """Raise NotExpressible where a network security group would have more than it takes."""
    for what, most in _MOST.items():
        _check(label, f"the network security group {name}", counts[what], what, most)


def _list_denied(plan: Plan) -> list[str]:
    """The zones whose group denies what isn't named."""
    return sorted({destination for _, destination in plan.sides}) if plan.default_deny else []


def _check(label: str, who: str, count: int, what: str, most: int, way_out: str = "") -> None:
    if count > most:
        advice = "" if what == "rules" else f"; {_FEWER}{way_out}"
        raise NotExpressible(label, f"{who} would have {count:,} {what}, and {most:,} are allowed{advice}")


def _count(side: str) -> str:
    """One where the group of a zone is named, else none: of other zones Terraform doesn't look for a group then."""
    return f'${{contains(keys(var.network_security_groups), "{side}") ? 1 : 0}}'


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-") or "zone"


def _number(plan: Plan) -> dict[str, int]:
    """A priority for each rule: no two of a zone have the same. It follows from the name, and is the next one where
    another rule has that; so a rule may get another one because another rule comes or goes.

    The first by name has the first choice. So what rules change among themselves is never a circle, in which no apply
    could be the first to get a free priority. Where there are more rules than priorities some have the same one: no
    group takes so many, and the head says so.
    """
    taken: dict[str, set[int]] = {}
    numbers = {}
    for opening in sorted(plan.openings, key=lambda one: one.name):
        used = taken.setdefault(opening.destination, set())
        if len(used) == len(_PRIORITIES):
            used.clear()
        number = int(hashlib.sha256(opening.name.encode()).hexdigest()[:8], 16) % len(_PRIORITIES)
        while number in used:
            number = (number + 1) % len(_PRIORITIES)
        used.add(number)
        numbers[opening.name] = _PRIORITIES[number]
    return numbers


# ---- AWS ----


class _Group(NamedTuple):
    """What a security group has one service of, one way and in one family. AWS tells its rules apart by this and their
    network; so does Terraform, whatever rules of the report ask for them."""

    way: str
    """`ingress` or `egress`."""
    name: str
    """The endpoint's, for which it stands."""
    protocol: str
    ports: str | None
    family: int

    @property
    def kind(self) -> str:
        return f"aws_vpc_security_group_{self.way}_rule"

    @property
    def resource(self) -> str:
        return name_resource("-".join(filter(None, (self.name, self.protocol, self.ports, f"v{self.family}"))))


def _aws(plan: Plan) -> tuple[dict[str, Any], Resources]:
    """https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_security_group_ingress_rule

    A group stands for an endpoint. Those that `security_groups` doesn't name aren't in AWS and get no rule.
    """
    resources: Resources = {}
    groups = _gather(plan)
    for group, networks in groups.items():
        resources.setdefault(group.kind, {})[group.resource] = {
            "for_each": f'${{contains(keys(var.security_groups), "{group.name}") ? toset({json.dumps([*networks])}) '
            ": toset([])}",
            **_say_rule(group, networks),
        }
    disabled = [(opening, group) for opening in plan.openings if opening.disabled for group in _list_groups(opening)]
    for opening, group in disabled:
        resources.setdefault(group.kind, {})[name_resource(f"{opening.name}-{group.name}-undecided")] = {
            "for_each": "${toset([])}",
            **_say_rule(group, {"": opening}),
        }
    names = {group.name for group in (*groups, *(group for _, group in disabled))}
    variables = {
        "security_groups": {
            "type": "map(string)",
            "description": "By endpoint the id of a security group of its own; who isn't here isn't in AWS: "
            + ", ".join(sorted(names)),
        }
    }
    return variables, resources


def _gather(plan: Plan) -> dict[_Group, dict[str, Opening]]:
    """By group the networks that it has a rule for, each with the first opening that asks for it.

    What several openings ask for stands there once: twice is an error (InvalidPermission.Duplicate).
    """
    found: dict[_Group, dict[str, Opening]] = {}
    for opening in plan.openings:
        if opening.disabled:
            continue
        for group in _list_groups(opening):
            peers = _peers(plan, opening, "source" if group.way == "ingress" else "destination")
            networks = found.setdefault(group, {})
            for one in peers:
                networks.setdefault(one, opening)
    return found


def _list_groups(opening: Opening) -> Iterator[_Group]:
    """Those of the endpoints that an opening leads to, and of those that it comes from."""
    permit = opening.permit
    for way, own in (("ingress", permit.destinations), ("egress", permit.sources)):
        names = dict.fromkeys(member.partition("-")[2].partition("_")[0] for member in own or ())
        for name in names:
            yield _Group(way, name, permit.service.protocol, permit.service.ports, permit.family)


def _say_rule(group: _Group, networks: Mapping[str, Opening]) -> dict[str, Any]:
    first, _, last = (group.ports or "8-0").partition("-")
    return {
        "security_group_id": f'${{var.security_groups["{group.name}"]}}',
        "description": _say_each({network: opening.fit(255) for network, opening in networks.items()}),
        f"cidr_ipv{group.family}": "${each.value}",
        "ip_protocol": group.protocol,
        "from_port": int(first),
        "to_port": int(last or first),
        "tags": {"Name": _say_each({network: opening.name for network, opening in networks.items()})},
    }


def _say_each(texts: Mapping[str, str]) -> str:
    """The text of each network: itself where all have the same one, else looked up by the networks that haven't the
    commonest, each text once: thousands of networks with the same one would repeat it."""
    places = {text: place for place, (text, _) in enumerate(Counter(texts.values()).most_common())}
    first, *others = places
    if not others:
        return first
    rare = {network: places[text] for network, text in texts.items() if text != first}
    said = json.dumps([*places], ensure_ascii=False)
    return f"${{{said}[lookup({json.dumps(rare)}, each.value, 0)]}}"


def _list_moved(plan: Plan, edition: Edition | None) -> Iterator[dict[str, str]]:
    """What Terraform may know under names that endpoints had in earlier revisions, each moved to the next name.

    Without it Terraform makes such a rule while it takes the same one away, which AWS refuses.
    """
    called = [*_list_called(plan, edition.earlier if edition else ())]
    groups = defaultdict(list)
    for group in _gather(plan) if called else ():
        groups[group.name].append(group)
    for old, new, now in called:
        for group in groups[now]:
            source, target = (group._replace(name=name).resource for name in (old, new))
            yield {"from": f"{group.kind}.{source}", "to": f"{group.kind}.{target}"}


def _list_called(plan: Plan, earlier: Sequence[Report]) -> Iterator[tuple[str, str, str]]:
    """What groups were called before, what they were called next, and what they are called now.

    Terraform takes no name as old twice, and none that is there: what is another endpoint's now moves nowhere.
    """
    after = plan.permits.report
    now = plan.permits.addresses.names
    ends = {name: name for name in now}
    """By what an endpoint is called in the later revision: what it is called in the plan."""
    called = dict(now)
    taken = {one.lower() for one in now.values()}
    for before in reversed(earlier):
        renamed = {one.old: one.new for one in find_renames(before.plan, after.plan) if one.kind == "endpoint"}
        names = name_endpoints(before.plan.endpoints)
        ends = {name: ends[renamed.get(name, name)] for name in names if renamed.get(name, name) in ends}
        for name, end in ends.items():
            old = names[name]
            if old.lower() not in taken:
                yield old, called[end], now[end]
                called[end] = old
                taken.add(old.lower())
        after = before


def _peers(plan: Plan, opening: Opening, end: str) -> list[str]:
    permit = opening.permit
    any_ = permit.sources is None if end == "source" else permit.destinations is None
    return [EVERYBODY[permit.family]] if any_ else list_networks(plan, opening, end)


# ---- all of them ----

_APPLY = (
    "Put it beside your own .tf files: terraform plan, then terraform apply. Applied again it changes nothing, and "
    "the file of another revision replaces it; without the file, applying takes all of it back."
)
_GOOGLE = (
    "A rule for what comes to the network, with ranges on both sides. ICMP has no type there: a rule lets all of "
    "it through. What is undecided is disabled."
)
_AZURE = (
    "A rule in the network security group of the zone that connections go to; a zone that the variable "
    "network_security_groups doesn't name isn't in Azure and gets none. Each zone has a group of its own: in one "
    "group rules of two zones may have the same priority, and Azure refuses that. Azure's own rules let everything "
    "through within a virtual network, after these. ICMP has no type there: a rule for an echo lets all of ICMP "
    "through. What is undecided has the count 0."
)
_AZURE_AGAIN = (
    "Priorities follow from names, and a rule has the next one where another has its own. So it may change because "
    "another rule comes or goes. Azure refuses it as long as both have it (SecurityRuleConflict): apply again. A rule "
    "that keeps its name stays open meanwhile. What is opened under a new name may be closed until then, as where a "
    "zone is renamed."
)
_AWS = (
    "For each endpoint in AWS what comes to its security group and what leaves it; what several rules ask for stands "
    "there once, under the first. A security group can't say that any isn't the plan's other zones, nor log or be "
    "disabled: what is undecided is for no network. A group takes 60 rules unless AWS allows more."
)
_AWS_RENAMED = (
    "An endpoint that is renamed is renamed in security_groups, too. Where the file knows of the revision that was "
    "applied (--since, or as handed over) its rules are moved, unless its old name is another endpoint's now. Where "
    "terraform plan destroys a rule and creates the same one under another name, as it does over every file that "
    "called resources after rules of the report, apply twice: AWS refuses a rule while the same one is there "
    "(InvalidPermission.Duplicate), so it is closed until the second apply."
)


def render_terraform(
    label: str,
    load: Callable[[Plan], Iterable[str]],
    write: Callable[[Plan], tuple[dict[str, Any], Resources]],
    permits: Permits,
    edition: Edition | None,
    default_deny: bool,
    open_undecided: bool,
    list_moved: Callable[[Plan, Edition | None], Iterable[dict[str, str]]] = lambda _plan, _edition: (),
) -> bytes:
    """What `write` makes of a plan, variables and resources, as a file of Terraform. Raises NotExpressible.

    `load` says what has to be heeded, `list_moved` which resources had other names.
    """
    plan = make_plan(permits, label=label, sides=_SIDES, longest=56, default_deny=default_deny,
                     open_undecided=open_undecided)  # fmt: skip
    variables, resources = write(plan)
    moved = list(list_moved(plan, edition))
    document = {
        "//": [str(line) for line in say_head(f"{label} (Terraform)", plan, edition, (_APPLY, *load(plan)))],
        "variable": variables,
        **({"resource": resources} if any(resources.values()) else {}),
        **({"moved": moved} if moved else {}),
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def render_google(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """Firewall rules of a VPC network. Raises NotExpressible."""
    return render_terraform(
        "Google Cloud", lambda _: (_GOOGLE,), _google, permits, edition, default_deny, open_undecided
    )


def render_azure(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """Rules of network security groups. Raises NotExpressible."""
    return render_terraform("Azure", _say_azure, _azure, permits, edition, default_deny, open_undecided)


def render_aws(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """Rules of security groups, which deny by themselves. Raises NotExpressible."""
    return render_terraform(
        "AWS", lambda _: (_AWS, _AWS_RENAMED), _aws, permits, edition, default_deny, open_undecided, _list_moved
    )

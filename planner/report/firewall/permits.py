"""What firewalls have to let through, worked out of the report: pure values that no target has touched yet.

A permit is one service between members of one address family. Who has no IP address is left out and said so; nobody
becomes "any" by being left out.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.engine.compare import flow_key
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.engine.terms import Alternative
from planner.plan.document import ANY, Endpoint
from planner.plan.fields import Firewall
from planner.report.firewall.addresses import FAMILIES, Addresses
from planner.report.firewall.crossings import Part, list_crossings
from planner.report.firewall.omissions import (
    ALSO_NAMES,
    LESS_DESTINATIONS,
    LESS_SOURCES,
    NO_COMMON_FAMILY,
    NO_DESTINATION,
    NO_SOURCE,
    ONLY_IPV6_ECHO,
    ONLY_NAMES,
    SPECIAL,
    LeftOut,
    Names,
    Omissions,
    say_names,
)
from planner.report.firewall.words import clean, join_short
from planner.report.said.elsewhere import Elsewhere
from planner.report.said.forbidden import Breaches, list_openings
from planner.report.said.outline import describe_marks, describe_reasons
from planner.report.said.text import index_rules
from planner.report.said.within import index_within, number_within
from ports.matrix import Reason
from ports.text import several

MOST_REMOTE = 20
"""Networks that a command for Windows' own rules names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """One service from members to members. None for members means any, as the plan says it of a group."""

    label: str
    """The number of the rule, or of what stays within a zone."""
    number: int
    """Counts the services of one rule, or the permits of one host."""
    family: int
    sources: tuple[str, ...] | None
    destinations: tuple[str, ...] | None
    service: Ports
    title: str
    """The rule and its service, as all three in harmless text."""
    condition: str
    """The options of open choices that it depends on; empty when it is needed outright."""
    reason: str
    """Why this service is needed; may be empty."""
    forbidden: str = ""
    """What the plan says against it, where it breaks what must stay closed; empty where nothing does."""
    not_sources: tuple[str, ...] = ()
    """Where the sources are any: the networks of other zones, which aren't meant."""
    not_destinations: tuple[str, ...] = ()
    own_sources: tuple[str, ...] = ()
    """Where the sources are any, and the any of another zone leaves some of them out: the networks of their zones."""
    own_destinations: tuple[str, ...] = ()
    other_sources: tuple[str, ...] = ()
    """What isn't meant as objects, for devices that can say “none of these”."""
    other_destinations: tuple[str, ...] = ()
    own_rules: tuple[tuple[str, str], ...] = ()
    """Of what a host accepts: what Windows has rules of its own for, and the command that enables them for the same
    sources."""

    @property
    def comment(self) -> tuple[str, ...]:
        """All of it, a line for each."""
        return tuple(filter(None, (self.title, self.forbidden, self.condition, self.reason)))

    def fit(self, limit: int) -> str:
        """All of it on one line of at most so many characters; what forbids it gives way to why it is there."""
        return join_short(self.comment, self.forbidden, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryPermits:
    """The permits from one group of zones to another, or from one side of a firewall to another."""

    source: str
    destination: str
    label: str
    permits: tuple[Permit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The permits of one endpoint's own firewall."""

    name: str
    endpoint: Endpoint
    inbound: tuple[Permit, ...]
    outbound: tuple[Permit, ...]
    left_out: tuple[LeftOut, ...]
    seen: tuple[str, ...] = ()
    """Of those to whom it opens: who is led to under another address than its own, a sentence for each."""

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Those of its rules of which the plan itself says that something must stay closed."""
        return tuple(dict.fromkeys(one.label for one in (*self.inbound, *self.outbound) if one.forbidden))


class Permits:
    """The permits of a report: at its boundaries or at one firewall of its plan, and for single hosts."""

    def __init__(self, report: Report, firewall: Firewall | None = None, *, names: Names | None = None,
                 suffix: str = "", like: "Permits | None" = None) -> None:  # fmt: skip
        """`names`: for a device that has objects of such DNS names. `suffix` ends names of objects and entries, where
        those of other files may stand beside them. `like`: others of the report, with the same of both."""
        self.report = report
        self.suffix = suffix
        self.firewall = firewall
        """The firewall that they are for; None: all boundaries."""
        self.addresses: Addresses = (
            like.addresses.renew() if like else Addresses(report.plan.endpoints, names=names, suffix=suffix)
        )
        self._elsewhere: Elsewhere = like._elsewhere if like else Elsewhere(report.plan)
        self._breaches: Breaches = like._breaches if like else Breaches(report)
        if report.whole is not None:
            self._number_anys(report.whole)
        omissions, bare = Omissions(), list[Part]()
        self.boundaries = tuple(
            BoundaryPermits(
                source=crossing.source,
                destination=crossing.destination,
                label=crossing.label,
                permits=tuple(
                    permit for part in crossing.parts for permit in self._permit_part(part, bare, omissions)
                ),
            )
            for crossing in list_crossings(report, firewall)
        )
        self._note_bare(bare, omissions)
        self.left_out = omissions.freeze()

    @property
    def rules(self) -> int:
        """How many rules of the report it has something of."""
        return len({permit.label for one in self.boundaries for permit in one.permits})

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The rules of which it has something that must stay closed, by what the plan says itself."""
        permits = (permit for one in self.boundaries for permit in one.permits)
        return tuple(dict.fromkeys(permit.label for permit in permits if permit.forbidden))

    def without_undecided(self) -> "Permits":
        """The same without what depends on open choices."""
        decided = copy.copy(self)
        decided.boundaries = tuple(
            replace(one, permits=tuple(permit for permit in one.permits if not permit.condition))
            for one in self.boundaries
        )
        return decided

    def of_family(self, family: int, why: str) -> "Permits":
        """The same with what is of one family alone; `why` the rest is left out."""
        kept = copy.copy(self)
        kept.boundaries = tuple(
            replace(one, permits=tuple(permit for permit in one.permits if permit.family == family))
            for one in self.boundaries
        )
        others = {one.label: None for side in self.boundaries for one in side.permits if one.family != family}
        kept.left_out = (*self.left_out, *([LeftOut(why=why, items=tuple(others))] if others else ()))
        return kept

    def _number_anys(self, whole: Report) -> None:
        """Number what anys leave out as in the files of the whole report, of which this is a part.

        Those of a part are loaded beside them: an object of theirs by another any's name would be of other networks.
        """
        for crossing in list_crossings(whole, self.firewall):
            for part in crossing.parts:
                if _find_open((*part.sources, *part.destinations)):
                    for _ in self._permit_part(part, [], Omissions()):
                        pass

    def _note_bare(self, bare: Iterable[Part], omissions: Omissions) -> None:
        """Note the parts of rules of which one side has no IP address; other parts of a rule may be there."""
        there = {permit.label for one in self.boundaries for permit in one.permits}
        without = self.addresses.without
        for part in bare:
            of_sources = all(end.name in without for end in part.sources)
            if part.rule.id in there:
                why, ends = (LESS_SOURCES, part.sources) if of_sources else (LESS_DESTINATIONS, part.destinations)
                named = several([self.addresses.labels[end.name] for end in ends])
                omissions.add(why, f"{part.rule.id} ({named})")
            else:
                omissions.add(NO_SOURCE if of_sources else NO_DESTINATION, part.rule.id)

    def _permit_part(self, part: Part, bare: list[Part], omissions: Omissions) -> Iterator[Permit]:
        rule = part.rule
        sources, destinations = self._usable(part.sources, omissions), self._usable(part.destinations, omissions)
        if not sources or not destinations:
            bare.append(part)
            return
        self._note_strangers(rule.id, sources, destinations, omissions)
        for number, (service, reasons) in enumerate(zip(rule.services, rule.service_reasons, strict=True), 1):
            forbidden = self._breaches.say(list_openings(sources, destinations, (service,)))
            about = _Origin(rule.id, rule.any_of, reasons, forbidden=forbidden)
            yield from self._permit(about, number, service, sources, destinations, omissions)

    def _usable(self, endpoints: Iterable[Endpoint], omissions: Omissions) -> list[Endpoint]:
        """The endpoints that have an IP address, or are any; the others are noted."""
        usable = []
        for endpoint in endpoints:
            label, why = self.addresses.labels[endpoint.name], self.addresses.without.get(endpoint.name)
            if endpoint.name in self.addresses.special:
                omissions.add(SPECIAL, f"{label} ({', '.join(self.addresses.special[endpoint.name])})")
            if why is None:
                usable.append(endpoint)
                if endpoint.name in self.addresses.named:
                    omissions.add(ALSO_NAMES, f"{label} ({say_names(endpoint)})")
            elif why != SPECIAL:
                omissions.add(why, f"{label} ({say_names(endpoint)})" if why == ONLY_NAMES else label)
        return usable

    def _note_strangers(
        self, label: str, sources: list[Endpoint], destinations: list[Endpoint], omissions: Omissions
    ) -> None:
        """Note sources of one family alone that meet destinations of the other alone."""
        for family, other in ((4, 6), (6, 4)):
            here = [e for e in sources if set(self.addresses.members[e.name]) == {family}]
            there = [e for e in destinations if set(self.addresses.members[e.name]) == {other}]
            if here and there:
                ends = " to ".join(
                    f"{', '.join(self.addresses.labels[e.name] for e in side)} (IPv{version} only)"
                    for side, version in ((here, family), (there, other))
                )
                omissions.add(NO_COMMON_FAMILY, f"{label}: {ends}")

    def _permit(
        self,
        about: "_Origin",
        number: int,
        service: Ports,
        sources: Sequence[Endpoint],
        destinations: Sequence[Endpoint],
        omissions: Omissions,
    ) -> Iterator[Permit]:
        """A permit for each family that both sides have."""
        for family in FAMILIES:
            here, there = self._side(sources, family), self._side(destinations, family)
            if here == () or there == ():
                continue
            if service.protocol == "icmp" and family == 6:
                # Any to IPv4 needs no word about IPv6; addresses that were typed do.
                if all(side is not None and not self.addresses.dns_names.issuperset(side) for side in (here, there)):
                    omissions.add(ONLY_IPV6_ECHO, about.label)
                continue
            not_sources, not_destinations = self._leave_out(sources, family), self._leave_out(destinations, family)
            yield Permit(
                label=about.label,
                number=number,
                family=family,
                sources=here,
                destinations=there,
                not_sources=not_sources,
                not_destinations=not_destinations,
                own_sources=self._keep(sources, family),
                own_destinations=self._keep(destinations, family),
                other_sources=self.addresses.name_others(family, not_sources),
                other_destinations=self.addresses.name_others(family, not_destinations),
                service=service,
                title=f"{about.label}, {service}" + (" echo request" if service.protocol == "icmp" else ""),
                condition=about.condition(self.report),
                forbidden=clean(f"forbidden, {about.forbidden}", 200) if about.forbidden else "",
                reason=clean(describe_reasons(about.reasons), 200),
                own_rules=tuple(self._say_own_rules(slug, here) for slug in about.rule_groups),
            )

    def _say_own_rules(self, slug: str, sources: tuple[str, ...] | None) -> tuple[str, str]:
        """What Windows has rules of its own for, in harmless words, and how they are enabled in any language."""
        group = self.report.matrix.rule_groups[slug]
        networks = [network for source in sources or () for network in self.addresses.objects[source]]
        too_many = len(networks) > MOST_REMOTE
        addresses = "ADDRESSES" if too_many else ",".join(networks)
        which = " ADDRESSES are those of the rule." if too_many else ""
        words = f"Windows has rules of its own for this, {group.name}. {group.text}{which} In PowerShell:"
        only = f" -RemoteAddress {addresses}" if networks else ""
        return clean(words, 400), f"Set-NetFirewallRule {group.chosen} -Enabled True{only}"

    def _side(self, endpoints: Iterable[Endpoint], family: int) -> tuple[str, ...] | None:
        """The objects of one side in a family; None for any, empty when there are none."""
        members: dict[str, None] = {}
        for endpoint in endpoints:
            if endpoint.addresses == (ANY,):
                return None
            members.update(dict.fromkeys(self.addresses.members[endpoint.name].get(family, ())))
        return tuple(members)

    def _leave_out(self, endpoints: Sequence[Endpoint], family: int) -> tuple[str, ...]:
        """What isn't meant where one side is any; nothing where it isn't."""
        zones = _find_open(endpoints)
        return self._elsewhere.leave_out(zones, family, endpoints) if zones else ()

    def _keep(self, endpoints: Sequence[Endpoint], family: int) -> tuple[str, ...]:
        zones = _find_open(endpoints)
        return self._elsewhere.keep(zones, family) if zones else ()

    def hosts(self, wanted: Iterable[Endpoint]) -> tuple[tuple[Host, ...], tuple[LeftOut, ...]]:
        """The hosts that flows begin or end at, and which of those wanted have no IP address to make a file for.

        Within a zone too, since a host's own firewall stands in the way of its neighbours as well.
        """
        inbound: dict[str, list[Flow]] = defaultdict(list)
        outbound: dict[str, list[Flow]] = defaultdict(list)
        for flow in self.report.flows:
            if flow.scope != "same-host":
                inbound[flow.destination.name].append(flow)
                outbound[flow.source.name].append(flow)
        rules = {**index_rules(self.report), **index_within(number_within(self.report))}
        missing, hosts = Omissions(), []
        for endpoint in wanted:
            if endpoint.name not in inbound and endpoint.name not in outbound:
                continue
            if endpoint.addresses == (ANY,) or not self._usable([endpoint], missing):
                continue
            left_out = Omissions()
            hosts.append(
                Host(
                    name=self.addresses.names[endpoint.name],
                    endpoint=endpoint,
                    inbound=tuple(self._permit_host(endpoint, inbound[endpoint.name], rules, left_out, True)),
                    outbound=tuple(self._permit_host(endpoint, outbound[endpoint.name], rules, left_out, False)),
                    left_out=left_out.freeze(),
                )
            )
        return tuple(hosts), missing.freeze()

    def _permit_host(
        self,
        endpoint: Endpoint,
        flows: Iterable[Flow],
        rules: Mapping[tuple[str, str, Ports], str],
        omissions: Omissions,
        inbound: bool,
    ) -> Iterator[Permit]:
        parts: dict[tuple[str, Ports, tuple[Alternative, ...]], list[Flow]] = defaultdict(list)
        for flow in flows:
            service = Ports(flow.need.protocol, flow.need.ports)
            label = rules[flow.source.name, flow.destination.name, service]
            parts[label, service, flow.need.any_of].append(flow)
        order = sorted(parts, key=lambda part: (part[0], part[1].order, part[2]))
        for number, part in enumerate(order, 1):
            label, service, marks = part
            peers = self._usable([flow.source if inbound else flow.destination for flow in parts[part]], omissions)
            if not peers:
                continue
            ends = ([endpoint], peers)
            sources, destinations = (peers, [endpoint]) if inbound else ends
            self._note_strangers(label, sources, destinations, omissions)
            reasons = tuple(dict.fromkeys(reason for flow in parts[part] for reason in flow.need.reasons))
            groups = sorted({slug for flow in parts[part] for slug in flow.need.rule_groups}) if inbound else ()
            forbidden = self._breaches.say(map(flow_key, parts[part]))
            why = _Origin(label, marks, reasons, tuple(groups), forbidden)
            yield from self._permit(why, number, service, sources, destinations, omissions)


def _find_open(endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """The zones in which one of them is any."""
    return frozenset(endpoint.zone for endpoint in endpoints if endpoint.addresses == (ANY,))


@dataclass(frozen=True, slots=True)
class _Origin:
    """What permits come from, for their comments: the number of the rule, open options, reasons."""

    label: str
    marks: tuple[Alternative, ...]
    reasons: tuple[Reason, ...]
    rule_groups: tuple[str, ...] = ()
    forbidden: str = ""

    def condition(self, report: Report) -> str:
        """The options that it depends on, in words that are safe in a comment; empty for none."""
        if not self.marks:
            return ""
        return clean(f"undecided, only with {describe_marks(self.marks, report.matrix)}", 100)

"""What of a plan the rules that are there admit: the state of each flow between zones, and what is missing. Pure.

docs/existing-rules.md says the same to people.
"""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from typing import Literal

from planner.engine.existing.asked import SeenAs
from planner.engine.existing.forbidden import Breaches, find_forbidden
from planner.engine.existing.model import SHARED_FAMILIES, WHOLE_ICMP, Entry, Ruleset
from planner.engine.existing.outcomes import Doubt, Outcome
from planner.engine.existing.packets import NO_ADDRESS, Ends, Packets, families_of, find_service
from planner.engine.existing.policies import find_open_policies
from planner.engine.existing.sent import Translations, say_unsent, send
from planner.engine.existing.sides import Ways, find_ways
from planner.engine.existing.stale import Stale, find_stale
from planner.engine.existing.walk import Walker
from planner.engine.existing.wider import Search, Wider, find_wider
from planner.engine.existing.words import list_services, say_addresses, say_ports
from planner.engine.flows import Flow
from planner.engine.options import Options
from planner.engine.published import Published, find_published
from planner.engine.report import Report
from planner.engine.rules import Boundary, Rule, narrow_boundaries
from planner.engine.spans import PORTS
from planner.plan.fields import Firewall

State = Literal["open", "partly", "closed", "unknown"]
Also = Literal["stale", "forbidden"]
Part = Literal["flows", "wider", "also"]
"""What is being done: the state of each flow, whether each entry is too wide, what else is looked for."""
Listener = Callable[[Part, int, int], None]
"""Told what is done from now on: which flow or entry of how many, counted from 1; 0 of 0 where nothing is counted."""
STATES: tuple[State, ...] = ("open", "partly", "closed", "unknown")
SEES_PUBLISHED = frozenset({"asa", "fortigate", "paloalto", "srx"})
"""The formats whose entries are for packets to the address that the other side sees, where an endpoint is published;
of some of them the reader has put the translation back."""
FOLLOWS = frozenset({"iptables", "nftables"})
"""The formats whose chains see the address that the other side sees before a translation, and the own one after it."""
MOST_NAMED = 20
"""Most entries that a state names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """A flow with what becomes of it."""

    flow: Flow
    state: State
    by: tuple[str, ...]
    """The entries that decide, as the device names them: what admits, what refuses, what isn't understood."""
    doubts: tuple[Doubt, ...] = ()
    """Of unknown: what isn't understood, or isn't known, and where it stands."""
    lacking: str = ""
    """Of partly: some of what is refused."""
    refusing: tuple[str, ...] = ()
    """Of partly: the entries that refuse."""
    shadowed: str = ""
    """Of closed and partly: an entry that would admit it and comes too late."""
    needed: bool = True
    """Whether it has to be opened unless it is: not where another option of its choice is open."""
    whole_icmp: bool = False
    """Whether it is an echo that nothing there can let through without all of ICMP."""

    @property
    def constructs(self) -> tuple[str, ...]:
        """What isn't understood or known, each once."""
        return tuple(dict.fromkeys(one.construct for one in self.doubts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something that isn't understood, and the flows that it decides about."""

    construct: str
    entries: tuple[str, ...]
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What the rules that are there lack of a plan, and what they admit beyond it."""

    report: Report
    ruleset: Ruleset
    flows: tuple[FlowState, ...]
    """Those between zones, in the order of the report; of a firewall that was named those that pass it."""
    boundaries: tuple[Boundary, ...]
    """The plan's rules narrowed to what is not open."""
    wider: tuple[Wider, ...]
    """The widest first."""
    unknown: tuple[Unknown, ...]
    steps: int
    """How many times an entry met packets: what the work grows with."""
    firewall: str = ""
    """The firewall of the plan that was named, where two of its sides or more are known."""
    elsewhere: int = 0
    """How many flows between zones don't pass that firewall: nothing is said of them."""
    untried: int = 0
    """How many entries that admit weren't looked at for whether they are too wide, after too many others."""
    open_policies: tuple[str, ...] = ()
    """What lets through, between zones, what no entry decides about: these are no entries, and in nothing else."""
    stale: tuple[Stale, ...] | None = None
    """Entries of ours that nothing asks for any more; None where it wasn't asked for."""
    forbidden: Breaches | None = None
    """What must stay closed and isn't; None where it wasn't asked for."""

    @property
    def missing(self) -> tuple[Rule, ...]:
        """The rules that have to be made, or to be looked at."""
        return tuple(rule for boundary in self.boundaries for rule in boundary.rules)

    @property
    def counts(self) -> dict[State, int]:
        """How many flows have each state."""
        counted = Counter(one.state for one in self.flows)
        return {state: counted[state] for state in STATES}


def compare_with(
    report: Report,
    ruleset: Ruleset,
    mapping: Mapping[str, str] | None = None,
    firewall: Firewall | None = None,
    *,
    only_passing: bool = False,
    also: Collection[Also] = (),
    earlier: Collection[str] | None = None,
    tell: Listener = lambda part, number, of: None,
    pause: Callable[[], None] = lambda: None,
) -> Gap:
    """What a ruleset admits of the plan of a report, and beyond it.

    `mapping`: the device's interface or zone -> zone of the plan; what it doesn't name is as `firewall`, one of the
    plan's own, has it. Raises BadMap where the plan has no such zone. `only_passing`: whether flows are left out that
    don't pass `firewall`, as its own file leaves them out; none is where fewer than two of its sides are known.
    `also`: what else is looked for; `earlier`: the numbers of the rules that earlier revisions had, by which it is
    told which entries are ours; None where these aren't known: then the form of their names tells it. `tell` is told
    how far it is, once for each flow and entry. `pause` is called all the time, between pieces of work; what it raises
    ends the comparison.
    """
    ways = find_ways(report.plan, mapping or {}, firewall, ruleset.members, ruleset.apart_sides)
    decider = Decider(report, ruleset, ways, firewall, pause)
    named = firewall if only_passing and len(ways.mapped) > 1 else None
    asked = [flow for flow in report.flows if flow.scope == "cross-zone"]
    passing = [flow for flow in asked if not named or ways.passes(flow.source.zone, flow.destination.zone)]
    states = tuple(decider.list_states(passing, partial(tell, "flows")))
    published = tuple(decider.list_published())
    search = Search(report, decider.walker, decider.ends, published, decider.named)
    boundaries = narrow_boundaries(
        report.boundaries, (one.flow for one in states if one.state != "open" and one.needed)
    )
    wider = find_wider(search, partial(tell, "wider"))
    if also:
        tell("also", 0, 0)
    return Gap(
        report=report,
        ruleset=ruleset,
        flows=states,
        boundaries=boundaries,
        wider=wider,
        untried=len(search.untried),
        open_policies=find_open_policies(
            report, decider.walker, decider.ends, decider.seen_from, published, only_passing=named is not None
        ),
        unknown=tuple(_list_unknown(states, search.unsent)),
        stale=find_stale(report, search, partial(_list_harmed, decider, states), earlier) if "stale" in also else None,
        forbidden=find_forbidden(report, decider.walker, decider.ends, decider.seen_from, published)
        if "forbidden" in also
        else None,
        steps=decider.walker.steps,
        firewall=named.name if named else "",
        elsewhere=len(asked) - len(passing),
    )


def _list_harmed(
    decider: "Decider", states: Iterable[FlowState], names: Collection[str], flows: Iterable[Flow]
) -> Iterator[tuple[Flow, tuple[str, ...]]]:
    """Which of some flows fare worse without the entries of these names, and what decides about each now."""
    now = {id(one.flow): one for one in states}
    without = decider.without(names)
    for flow in flows:
        before, after = now.get(id(flow)) or decider.decide(flow), without.decide(flow)
        if after.state != "open" and (after.state, after.by) != (before.state, before.by):
            yield flow, before.by


def _list_unknown(states: Iterable[FlowState], unsent: Mapping[str, Iterable[str]]) -> Iterator[Unknown]:
    """Constructs, those first that decide about most flows.

    `unsent`: by name of a translation that isn't understood, the entries that admit what it takes.
    """
    flows: dict[str, list[Flow]] = defaultdict(list)
    entries: dict[str, dict[str, None]] = defaultdict(dict)
    for one in states:
        for construct in one.constructs:
            flows[construct].append(one.flow)
        for doubt in one.doubts:
            if doubt.entry:
                entries[doubt.construct][doubt.entry] = None
    for construct, names in unsent.items():
        flows.setdefault(construct, [])
        entries[construct].update(dict.fromkeys(names))
    for construct in sorted(flows, key=lambda construct: (-len(flows[construct]), construct)):
        yield Unknown(construct=construct, entries=tuple(entries[construct]), flows=tuple(flows[construct]))


class Decider:
    """One ruleset beside one report."""

    def __init__(
        self,
        report: Report,
        ruleset: Ruleset,
        ways: Ways,
        firewall: Firewall | None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """`pause` is called before packets go each way."""
        self._report = report
        self._ways = ways
        self._firewall = firewall
        self.walker = Walker(ruleset, ways, pause)
        make_ends = partial(Ends, report.plan, shared=ruleset.format in SHARED_FAMILIES)
        self.ends = make_ends()
        self.named: dict[str, list[Flow]] = defaultdict(list)
        """By name of an entry, flows of which it was found to admit what is known by DNS name or not at all."""
        self._seen: dict[str, Ends] = {}
        """By side of the firewall, the endpoints as they are seen from there."""
        self._behind = firewall.zones if firewall else {}
        self._shown: dict[str, Published] = {}
        """What is published on a device that says packets as they come in: its translations have to be there."""
        self._translated: Mapping[str, Published] = {}
        """What is published on a device whose rules come before and after the translation: it is followed."""
        found, _ = find_published(report.plan, firewall) if firewall else ({}, ())
        if firewall is not None and ruleset.format in FOLLOWS:
            self._translated = found
        if firewall is not None and ruleset.format in SEES_PUBLISHED:
            self._shown = dict(found)
            for side in set(firewall.zones.values()):
                seen = {one.endpoint: one.seen for one in found.values() if side in one.sides}
                self._seen[side] = make_ends(seen) if seen else self.ends

    def without(self, names: Collection[str]) -> "Decider":
        """The same beside a ruleset that lacks the entries of these names."""
        ruleset = self.walker.ruleset

        def keep(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
            return tuple(entry for entry in entries if entry.name not in names)

        stages = tuple(replace(stage, entries=keep(stage.entries)) for stage in ruleset.stages)
        chains = {name: keep(entries) for name, entries in ruleset.chains.items()}
        ruleset = replace(ruleset, stages=stages, chains=chains)
        return Decider(self._report, ruleset, self._ways, self._firewall, self.walker.pause)

    def seen_from(self, zone: str) -> Ends:
        """The endpoints as they are seen from a zone."""
        return self._seen.get(self._behind.get(zone, ""), self.ends)

    def list_published(self) -> Iterator[SeenAs]:
        """What is published on the device, and from which zones it is seen."""
        for one in (*self._shown.values(), *self._translated.values()):
            zones = frozenset(zone for zone, side in self._behind.items() if side in one.sides)
            real, seen = (int(ipaddress.ip_address(address)) for address in (one.real, one.seen))
            yield SeenAs(one, seen, real, zones, follows=one.endpoint in self._translated)

    def list_states(
        self, asked: Collection[Flow], tell: Callable[[int, int], None] = lambda number, of: None
    ) -> Iterator[FlowState]:
        """The state of each of these flows between zones; `tell` is told which of how many it is, before each.

        All flows between two zones have to be among them: then every option of a choice is.
        """
        found = []
        for number, flow in enumerate(asked, 1):
            tell(number, len(asked))
            found.append((flow, self.decide(flow)))
        open_ones = [(flow, one.state == "open") for flow, one in found]
        options = None
        if any(flow.need.any_of and not is_open for flow, is_open in open_ones):
            options = Options(self._report, open_ones)
        for flow, one in found:
            needed = not (options and flow.need.any_of and one.state != "open" and options.excuse(flow))
            whole = flow.need.protocol == "icmp" and self.walker.ruleset.format in WHOLE_ICMP
            yield one if needed and not whole else replace(one, needed=needed, whole_icmp=whole)

    def decide(self, flow: Flow) -> FlowState:
        """The state of one flow, as if no other option of its choice were open."""
        if not flow.source.addresses and not flow.destination.addresses:
            ends = dict.fromkeys(f"{NO_ADDRESS}: {end.name}" for end in (flow.source, flow.destination))
            return FlowState(flow=flow, state="unknown", by=(), doubts=tuple(map(Doubt, ends)))
        outcomes: list[Outcome] = []
        walk: Callable[[Packets], list[Outcome]] = self.walker.walk
        if published := self._find_translated(flow):
            walk = partial(self._follow, published)
        elif (published := self._shown.get(flow.destination.name)) and self._is_seen(published, flow):
            walk = partial(self._ask_translations, published)
        for several in self.list_packets(flow):
            by_family = [list(chain.from_iterable(map(walk, ways))) for ways in several]
            outcomes += chain.from_iterable(by_family)
            if _is_named(several[0][0]):
                for name in {name for one in chain.from_iterable(by_family) if one.state == "open" for name in one.by}:
                    self.named[name].append(flow)
            states = {one.state for one in chain.from_iterable(by_family)}
            if len(by_family) > 1 and len(states) > 1:
                # Nobody knows in which of the families the name has addresses.
                outcomes.append(Outcome(by_family[0][0].box, "unknown", (), (Doubt(_doubt(several[0][0])),)))
        if not outcomes:
            return FlowState(flow=flow, state="unknown", by=(), doubts=(Doubt(self._say_nothing(flow)),))
        return _summarise(flow, outcomes)

    @cached_property
    def _translations(self) -> Translations:
        return Translations(self.walker.ruleset.translations, self._ways)

    def _find_translated(self, flow: Flow) -> Published | None:
        """How the destination of a flow is published where its packets come from, on a device that is followed."""
        found = self._translated.get(flow.destination.name)
        return found if found and self._is_seen(found, flow) else None

    def _is_seen(self, published: Published, flow: Flow) -> bool:
        return self._behind.get(flow.source.zone) in published.sides

    def _ask_translations(self, published: Published, packets: Packets) -> list[Outcome]:
        """What becomes of packets to the address that is seen: nothing is open that isn't sent on to the endpoint."""
        found = self.walker.walk(packets)
        if packets.family != published.family or packets.destination.name is not None:
            return found
        seen = int(ipaddress.ip_address(published.seen))
        bearing = self._translations.list_bearing(packets.family, seen, packets.service)
        why = say_unsent(bearing, self._ways, packets, published)
        if not why:
            return found
        return [
            one._replace(state="unknown", by=(), doubts=(Doubt(why),)) if one.state == "open" else one for one in found
        ]

    def _follow(self, published: Published, packets: Packets) -> list[Outcome]:
        """What becomes of packets to a published endpoint, which are sent to the address that is seen.

        Where the ruleset has no chain for translations somebody else is taken to do it: the chains that would come
        before it have to admit both addresses then.
        """
        if packets.family != published.family or packets.destination.name is not None:
            return self.walker.walk(packets)
        found = []
        for one in self.walker.walk(send(published, packets)):
            if not one.untranslated or one.state == "unknown":
                found.append(one)
            elif self.walker.translates:
                doubt = Doubt(f"{published.seen}: nothing here translates it into {published.real}")
                found.append(one._replace(state="unknown", by=(), doubts=(doubt,)))
            else:
                found += self.walker.walk(packets, [one.box._replace(destinations=packets.destination.addresses)])
        return found

    def list_packets(self, flow: Flow) -> Iterator[list[list[Packets]]]:
        """All packets of a flow: of each two units, by family, by way.

        Families stand together where it isn't known in which of them packets will be.
        """
        seen = self.seen_from(flow.source.zone)
        service = find_service(flow.need.protocol, flow.need.ports)
        ways: tuple[tuple[str | None, str | None], ...] = ((None, None),)
        if self.walker.has_sides:
            ways = self._ways.between(flow.source.zone, flow.destination.zone)
        together: dict[tuple[str, str], list[list[Packets]]] = defaultdict(list)
        for family in families_of(flow.need.protocol):
            for source in self.ends.find_needed(flow.source, family):
                for destination in seen.find_needed(flow.destination, family):
                    make = partial(
                        Packets,
                        family=family,
                        source=source,
                        destination=destination,
                        service=service,
                        keys=((flow.source.name, source.name), (flow.destination.name, destination.name, id(seen))),
                    )
                    made = [make(enters=enters, leaves=leaves) for enters, leaves in ways]
                    if source.name is None and destination.name is None:
                        yield [made]
                    else:
                        together[source.name or "", destination.name or ""].append(made)
        yield from together.values()

    def _say_nothing(self, flow: Flow) -> str:
        """Why a flow has no packets."""
        ends = flow.source, flow.destination
        for end in ends:
            if not any(self.ends.find(end, family) for family in (4, 6)):
                return f"no address that a firewall forwards: {end.name}"
        if all(self.ends.find(end, 6) for end in ends):
            return "echo requests between IPv6 addresses, which the document does not speak of"
        return f"no address family in common: {flow.source.name} and {flow.destination.name}"


def _is_named(packets: Packets) -> bool:
    return packets.source.name is not None or packets.destination.name is not None


def _doubt(packets: Packets) -> str:
    return next(unit.doubt for unit in (packets.source, packets.destination) if unit.name is not None)


def _summarise(flow: Flow, outcomes: list[Outcome]) -> FlowState:
    """The state of a flow: open only if all of it is."""
    by: dict[str, dict[str, None]] = {"open": {}, "closed": {}, "unknown": {}}
    for one in outcomes:
        by[one.state].update(dict.fromkeys(one.by))
    states = {one.state for one in outcomes}
    shadowed = next((one.later for one in outcomes if one.later), "")
    made = partial(FlowState, flow=flow)
    if "unknown" in states:
        doubts = dict.fromkeys(doubt for one in outcomes for doubt in one.doubts)
        return made(state="unknown", by=_most(by["unknown"]), doubts=tuple(doubts))
    if states == {"open"}:
        return made(state="open", by=_most(by["open"]))
    if states == {"closed"}:
        return made(state="closed", by=_most(by["closed"]), shadowed=shadowed)
    refused = next(one for one in outcomes if one.state == "closed")
    return made(
        state="partly",
        by=_most(by["open"] | by["closed"]),
        refusing=_most(by["closed"]),
        lacking=_say_refused(refused),
        shadowed=shadowed,
    )


def _most(names: Mapping[str, None]) -> tuple[str, ...]:
    return tuple(names)[:MOST_NAMED]


def _say_refused(one: Outcome) -> str:
    """Some packets that are refused: from where, to where, on what."""
    box, family = one.box, one.family
    service = ", ".join(list_services(box.protocols, box.ports))
    said = f"{say_addresses(box.sources, family)} to {say_addresses(box.destinations, family)}, {service}"
    return said if box.source_ports == PORTS else f"{said}, from source ports {say_ports(box.source_ports)}"

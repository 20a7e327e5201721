"""What a device has to let through, with names that stay: permits, the objects they name, who is called otherwise.

Pure; knows no syntax.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from planner.engine.published import find_published
from planner.report.errors import NotExpressible
from planner.report.firewall.entries import OPEN_THEM
from planner.report.firewall.head import count_rules, explain_codes, introduce
from planner.report.firewall.permits import Permit, Permits
from planner.report.firewall.words import clean, name_joined, shorten, show_names
from planner.report.said.edition import Edition

ELSEWHERE = re.compile(r"V[46]-elsewhere_\d")
"""What objects are called that an any leaves out."""
_LONGEST = 60
"""Of the name of a single address; groups of it are called by other names."""
FEW = 12
"""So many names stand in an entry itself; more become a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What a device may call its zones or interfaces."""

    pattern: re.Pattern[str]
    allowed: str
    """The same in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One service from members to members of one family, from one side of the device to another."""

    name: str
    """The rule's number and the service: it stays while the rule does, and no other opening has it."""
    source: str
    """The side: a code, or the device's own name for it."""
    destination: str
    permit: Permit
    disabled: bool
    """Whether it depends on an open choice and nobody asked for it all the same."""

    @property
    def comment(self) -> str:
        """Rule, service, condition and reason on one line of harmless text."""
        return " - ".join(self.permit.comment)

    def fit(self, limit: int) -> str:
        """The same of at most so many characters."""
        return self.permit.fit(limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """An endpoint that one side of the device sees under another address, in connections to one other side."""

    name: str
    """The object of the endpoint's own address."""
    family: int
    real: str
    seen: str
    source: str
    """The side that sees it."""
    destination: str
    """The side that it is behind."""

    @property
    def seen_name(self) -> str:
        """The object of the address that is seen; no endpoint's own is called so."""
        return _name_seen(self.name)


def _name_seen(name: str) -> str:
    return f"{name}_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a device is told."""

    permits: Permits
    openings: tuple[Opening, ...]
    default_deny: bool
    logs: bool
    translations: tuple[Translation, ...] = ()
    """What the device publishes to whom, of what openings are for."""
    untranslated: tuple[str, ...] = ()
    """Labels of endpoints that are published and have no single address of that family to be translated into."""

    @property
    def objects(self) -> Mapping[str, tuple[str, ...]]:
        """The objects that openings name, by name: networks or DNS names."""
        used = {name: None for opening in self.openings for name in list_names(opening.permit)}
        return {name: self.permits.addresses.objects[name] for name in sorted(used)}

    @property
    def sides(self) -> tuple[tuple[str, str], ...]:
        """Which sides meet, in the order of the boundaries."""
        return tuple((one.source, one.destination) for one in self.permits.boundaries)

    @property
    def all_sides(self) -> frozenset[str]:
        """All sides that there are, those among them that nothing passes between."""
        firewall, groups = self.permits.firewall, self.permits.report.zone_groups
        return frozenset(firewall.zones.values() if firewall else (one.code for one in groups))

    @property
    def options(self) -> Mapping[str, str]:
        """Those of the firewall of the plan."""
        return self.permits.firewall.options if self.permits.firewall else {}

    def name_list(self, side: str) -> str:
        """What the access list for what comes from a side is called: FROM-wan1, or what the plan says."""
        said = dict(one.strip().split("=") for one in self.options.get("lists", "").split(",") if one)
        return said.get(side, f"FROM-{side}")

    def call(self, name: str) -> str:
        """What an object is called on a device: one of several members is a group, which no address is called like."""
        return f"{name}_all" if len(self.permits.addresses.objects[name]) > 1 else name

    def is_name(self, name: str) -> bool:
        """Whether an object is of DNS names."""
        return name in self.permits.addresses.dns_names


def make_plan(permits: Permits, *, label: str, sides: Sides, longest: int, default_deny: bool,
              open_undecided: bool, names_seen: Sequence[int] = (),
              most: Mapping[int, int] | None = None) -> Plan:  # fmt: skip
    """What a device is told. `sides` is what it may call its zones or interfaces, `longest` how long names are.

    `names_seen` are the families of which its rules name the address that is seen, where an endpoint is published.
    `most` is how many addresses a side of a rule holds, by family, where that is said.

    Raises NotExpressible where a side can't be called what the plan calls it.
    """
    openings: list[Opening] = []
    boundaries = permits.boundaries
    for side in sorted({name for one in boundaries for name in (one.source, one.destination)}):
        if not sides.pattern.fullmatch(side):
            device = permits.firewall.name if permits.firewall else ""
            raise NotExpressible(
                label,
                f"the firewall {clean(device, 60) or 'without letters'} has a side "
                f"{clean(side, 60, slashes=True) or 'without letters'}, and no zone or interface can be called so: "
                f"give {sides.allowed}",
            )
    translations, untranslated = _list_translations(permits)
    seen = [one for found in translations.values() for one in found.values()]
    permits.addresses.objects.update({one.seen_name: (one.seen,) for one in seen})
    told = [
        (one, part, _name(permit) + suffix + number + permits.suffix)
        for one in boundaries
        for permit in one.permits
        for whole, suffix in _part_seen(permit, translations.get((one.source, one.destination), {}), names_seen)
        for part, number in _part_large(whole, permits.addresses.objects, most)
    ]
    often = Counter(name for _, _, name in told)
    for boundary, permit, name in told:
        # A rule that is parted between several sides: each part says between which.
        part = f"-{_digest(f'{boundary.source} {boundary.destination}')}" if often[name] > 1 else ""
        openings.append(
            Opening(
                name=shorten(name + part, longest),
                source=boundary.source,
                destination=boundary.destination,
                permit=permit,
                disabled=bool(permit.condition) and not open_undecided,
            )
        )
    return Plan(
        permits=permits,
        openings=tuple(openings),
        default_deny=default_deny,
        logs=permits.firewall is None or permits.firewall.log,
        translations=tuple(sorted(seen, key=lambda one: (one.name, one.source, one.destination))),
        untranslated=untranslated,
    )


def _list_translations(permits: Permits) -> tuple[dict[tuple[str, str], dict[str, Translation]], tuple[str, ...]]:
    """What is published, by source and destination side and by object, of what permits are for; and who can't be."""
    if permits.firewall is None:
        return {}, ()
    published, unclear = find_published(permits.report.plan, permits.firewall)
    addresses = permits.addresses
    objects = {
        addresses.members[one.endpoint][one.family][0]: one
        for one in published.values()
        if one.family in addresses.members[one.endpoint]
    }
    found: dict[tuple[str, str], dict[str, Translation]] = {}
    for boundary in permits.boundaries:
        for name in dict.fromkeys(name for permit in boundary.permits for name in permit.destinations or ()):
            one = objects.get(name)
            if one and boundary.source in one.sides:
                found.setdefault((boundary.source, boundary.destination), {})[name] = Translation(
                    name=name, family=one.family, real=one.real, seen=one.seen, source=boundary.source,
                    destination=boundary.destination,
                )  # fmt: skip
    return found, tuple(addresses.labels[name] for name in unclear)


def _part_seen(
    permit: Permit, translations: Mapping[str, Translation], names_seen: Sequence[int]
) -> Iterator[tuple[Permit, str]]:
    """The permit, or where some of its destinations are named by the address that is seen: the others, and these."""
    members = permit.destinations or ()
    seen = tuple(name for name in members if name in translations) if permit.family in names_seen else ()
    if not seen:
        yield permit, ""
        return
    rest = tuple(name for name in members if name not in seen)
    if rest:
        yield replace(permit, destinations=rest), ""
    yield replace(permit, destinations=tuple(map(_name_seen, seen))), "-nat"


def _part_large(
    permit: Permit, objects: Mapping[str, Sequence[str]], most: Mapping[int, int] | None
) -> Iterator[tuple[Permit, str]]:
    """The permit, or the parts of one that names more addresses at a side than a rule holds."""
    if most is None:
        yield permit, ""
        return
    sides = [
        [None] if members is None else [*_pack(members, objects, most[permit.family])]
        for members in (permit.sources, permit.destinations)
    ]
    for number, (sources, destinations) in enumerate(product(*sides), 1):
        yield replace(permit, sources=sources, destinations=destinations), f"-p{number}" if number > 1 else ""


def _pack(members: Iterable[str], objects: Mapping[str, Sequence[str]], most: int) -> Iterator[tuple[str, ...]]:
    """The members in their order, in parts of at most so many addresses."""
    part: list[str] = []
    weight = 0
    for member in members:
        weight += len(objects[member])
        if part and weight > most:
            yield tuple(part)
            part, weight = [], len(objects[member])
        part.append(member)
    yield tuple(part)


def _name(permit: Permit) -> str:
    """INT-DMZ-150-tcp-443, with -v6 for IPv6."""
    service = str(permit.service).replace(" ", "-")
    return f"{permit.label}-{service}" + ("-v6" if permit.family == 6 else "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:4]


def list_names(permit: Permit) -> Iterator[str]:
    """The objects that a permit names, those that an any leaves out among them."""
    yield from permit.sources if permit.sources is not None else permit.other_sources
    yield from permit.destinations if permit.destinations is not None else permit.other_destinations


def list_anys(plan: Plan) -> Mapping[tuple[str, ...], tuple[int, tuple[str, ...]]]:
    """The objects that an any leaves out -> their family and all networks of them, as the plan says them."""
    found = {}
    for opening in plan.openings:
        permit = opening.permit
        for others, networks in (
            (permit.other_sources, permit.not_sources), (permit.other_destinations, permit.not_destinations),
        ):  # fmt: skip
            if others:
                found[others] = permit.family, networks
    return found


def find_groups(plan: Plan, *, most: int = FEW) -> dict[tuple[str, ...], str]:
    """Members that are too many to stand in an entry -> the name of a group of them.

    It is called after the first rule that needs it, and used by all others.
    """
    groups: dict[tuple[str, ...], str] = {}
    taken: set[str] = set()
    for opening in plan.openings:
        permit = opening.permit
        for end, members in (("src", permit.sources), ("dst", permit.destinations)):
            if members is not None and len(members) > most and members not in groups:
                name = f"V{permit.family}-{permit.label}{plan.permits.suffix}_{end}"
                if name in taken:
                    name += f"_{_digest(' '.join(members))}"
                taken.add(name)
                groups[members] = name
    return groups


def name_singles(name: str, members: Sequence[str]) -> list[str]:
    """What the addresses of an object of several are called, each by itself: by number.

    Those of an endpoint `elsewhere`, whatever the case, would have the names of what anys leave out, in this file or
    another. That changes with every address of another zone: there each is called by itself, so that the others keep
    their names.
    """
    base = re.sub(r"_part\d+\Z", "", name)
    if not ELSEWHERE.match(name):
        apart = "_address" if name[3:].casefold() == "elsewhere" else ""
        return [f"{name}{apart}_{number}" for number in range(1, len(members) + 1)]
    return [shorten(f"{base}_{re.sub('[^0-9a-f]', '_', one)}", _LONGEST) for one in members]


def name_denials(plan: Plan, longest: int) -> dict[tuple[str, ...], str]:
    """What the denial between each pair of sides is called: lan to dmz-web is another pair than lan-dmz to web."""
    return name_joined("default-deny", plan.sides, (plan.all_sides, plan.all_sides), longest)


def split(members: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """The members in parts of at most so many."""
    for start in range(0, len(members), most):
        yield members[start : start + most]


# ---- the head ----


def say_head(
    label: str, plan: Plan, edition: Edition | None, load: Iterable[object], *, loopback: bool = False
) -> Iterator[object]:
    """The sentences at the head of a file. `loopback` is whether it denies the loopback address to itself."""
    permits, entries = plan.permits, plan.openings
    disabled = sum(one.disabled for one in entries)
    yield from introduce(label, permits, edition, plan.default_deny, loopback=loopback)
    closed = f", {disabled} of them disabled, since a choice is open on which they depend{OPEN_THEM}"
    yield count_rules(permits, edition, len(entries)) + (closed if disabled else ".")
    yield from explain_codes(permits)
    yield from load
    yield from _say_published(plan)
    yield from permits.left_out
    yield from say_names(plan)
    if not entries:
        yield "There is no rule to write."


def _say_published(plan: Plan) -> Iterator[str]:
    """Who is seen under which address, and whom the file can't publish."""
    for one in dict.fromkeys((one.name, one.seen, one.source) for one in plan.translations):
        yield f"{one[0]} is published as {one[1]} to {clean(one[2], 60, slashes=True)}."
    if plan.untranslated:
        yield (
            "Published, and not translated here, since they have no single address of that family; their own are in: "
            f"{', '.join(plan.untranslated)}."
        )


def say_unbound(plan: Plan) -> Iterator[str]:
    """For devices whose entries stand at the interface that packets come in at: where they can't ask for another."""
    if plan.permits.firewall is not None and any(one.permit.destinations is None for one in plan.openings):
        yield (
            "Entries stand at the interface that packets come in at, and can't say where they leave: a destination "
            "that is any isn't held to its own side."
        )


def say_names(plan: Plan) -> Iterator[str]:
    """Whose objects are called otherwise than the plan calls them: a line for each."""
    addresses = plan.permits.addresses
    used = plan.objects.keys()
    named = show_names(
        endpoint
        for endpoint, by_family in addresses.members.items()
        if any(name in used for names in by_family.values() for name in names)
    )
    for endpoint, shown in named.items():
        if addresses.names[endpoint] != endpoint:
            yield f"{addresses.names[endpoint]} stands for {shown}."

"""What a diagram shows: frames (zones) with boxes in them (endpoints), and lines between boxes.

Only what is shown, not where: `layout` places it and `diagram` draws it. Every fact comes from the report.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from planner.engine.report import Report
from planner.engine.rules import Ports, ZoneGroup
from planner.plan.document import Endpoint
from planner.plan.kinds import KINDS, USUAL
from planner.report.diagram.icons import choose_icon
from planner.report.diagram.walls import Wall, find_walls, fit_walls
from planner.report.said.outline import label_endpoint
from ports.text import many, show_line

LARGE = 40
"""With more endpoints than this, like endpoints of a group of zones are one box until the group is unfolded."""
MOST = 150
"""More boxes than this are counted, not drawn."""

_NOTE = 22.0
"""How wide the names of firewalls in a box are at most, by the size of the font."""

Fields = Mapping[str, str]
"""Fields of a filter, or `unfold`: what a link leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An endpoint, endpoints alike, or a count of what isn't drawn."""

    key: str
    label: str
    note: str = ""
    icon: str | None = None
    many: bool = False
    """Stands for many machines."""
    about: str = ""
    """What it is, in words."""
    local: tuple[Ports, ...] = ()
    """What it opens to itself."""
    fields: Fields = field(default_factory=dict)
    kind: str = ""
    """The kind of zone, for a box that is a zone or stands outside of frames."""
    rules: tuple[str, ...] = ()
    """The numbers of the rules that an endpoint which stands alone is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A zone, or a group of zones with like endpoints together."""

    key: str
    label: str
    kind: str
    boxes: tuple[Box, ...]
    fields: Fields
    action: str = ""
    """"Unfold" or "Fold", where that would change anything."""
    action_about: str = ""
    """The group of zones that it is done to."""
    action_fields: Fields = field(default_factory=dict)
    zone: str = ""
    """The name of the zone; empty where the frame stands for several."""
    walls: tuple[Wall, ...] = ()
    """The firewalls of the plan that it is behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Everything that the boxes at one end open to those at the other."""

    source: Box
    destination: Box
    ports: tuple[Ports, ...]
    undecided: tuple[Ports, ...]
    """Those of the ports that depend on a choice that isn't made, wherever they are needed."""
    crosses: bool
    fields: Fields
    outwards: bool
    """Leads from an inner zone to an outer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What to draw. Boxes outside of frames are zones themselves, or stand for zones that aren't drawn."""

    frames: tuple[Frame, ...]
    loose: tuple[Box, ...]
    lines: tuple[Line, ...]
    depths: Mapping[str, int]
    """Key of a box -> how far inside it stands; lower is further out."""


def picture_zones(report: Report) -> Picture:
    """Zones, like ones together, and a line for each boundary."""
    counts: dict[str, int] = defaultdict(int)
    for endpoint in report.plan.endpoints:
        counts[endpoint.zone] += 1
    boxes = {}
    for group in report.zone_groups[:MOST]:
        total = sum(counts[zone] for zone in group.zones)
        boxes[group.code] = Box(
            key=group.code,
            label=show_line(group.label),
            note=" · ".join(filter(None, (many(total, "endpoint"), _name_walls(report, group)))),
            kind=group.kind,
            fields={"zone": group.code},
            many=len(group.zones) > 1,
        )
    hidden = len(report.zone_groups) - len(boxes)
    more = Box(key="more", label=f"and {many(hidden, 'more zone')}", kind=USUAL)
    lines: dict[tuple[str, str], Line] = {}
    for boundary in report.boundaries:
        ends = [boxes.get(group.code, more) for group in (boundary.source, boundary.destination)]
        if ends[0] is not ends[1]:
            known = lines.get((ends[0].key, ends[1].key))
            ports = {*boundary.ports, *(known.ports if known else ())}
            lines[ends[0].key, ends[1].key] = Line(
                source=ends[0],
                destination=ends[1],
                ports=tuple(sorted(ports, key=lambda item: item.order)),
                undecided=(),
                crosses=True,
                fields={"source": boundary.source.code, "destination": boundary.destination.code}
                if more not in ends
                else {},
                outwards=KINDS[ends[0].kind].trust > KINDS[ends[1].kind].trust,
            )
    loose = (*boxes.values(), more) if hidden else tuple(boxes.values())
    return Picture(
        frames=(), loose=loose, lines=tuple(lines.values()), depths={box.key: KINDS[box.kind].trust for box in loose}
    )


def _name_walls(report: Report, group: ZoneGroup) -> str:
    """The firewalls before a zone that is a box, as many as fit beside the count."""
    walls = find_walls(report.plan.firewalls, group.zones)
    return fit_walls(walls, _NOTE, 1.0) if walls else ""


def picture_endpoints(report: Report, unfolded: Collection[str] = ()) -> Picture:
    """Endpoints in their zones, and a line for each pair between which something flows.

    Of a plan with more than LARGE endpoints, those that are alike in a group of zones are one box, unless the code of
    the group is among `unfolded`. Of a smaller one each has a box, unless the code with a minus before it is among
    them: such a group is one box. Never more than about MOST boxes: what comes after those is counted.
    """
    return _Composer(report, unfolded).compose()


class _Composer:
    """Builds the picture of one report."""

    def __init__(self, report: Report, unfolded: Collection[str]) -> None:
        self.report = report
        self.large = len(report.plan.endpoints) > LARGE
        codes = [group.code for group in report.zone_groups]
        self.folded = [] if self.large else [code for code in codes if f"-{code}" in unfolded]
        self.unfolded = [code for code in codes if code in unfolded or (not self.large and code not in self.folded)]
        self.groups = {zone: group for group in report.zone_groups for zone in group.zones}
        self.inside: dict[str, list[Endpoint]] = defaultdict(list)
        for endpoint in report.plan.endpoints:
            self.inside[endpoint.zone].append(endpoint)
        self.local: dict[str, set[Ports]] = defaultdict(set)
        for flow in report.flows:
            if flow.source is flow.destination:
                self.local[flow.source.name].add(Ports(flow.need.protocol, flow.need.ports))
        self.rules: dict[str, list[str]] = defaultdict(list)
        for rule in report.rules:
            for name in dict.fromkeys(endpoint.name for endpoint in (*rule.sources, *rule.destinations)):
                self.rules[name].append(rule.id)
        self.boxes: dict[str, Box] = {}
        """Name of an endpoint -> the box that it is in."""
        self.group_of: dict[str, ZoneGroup] = {}
        """Key of a box -> the group of zones it stands in."""
        self.keys = 0

    def compose(self) -> Picture:
        """The picture."""
        drafts = [(group, list(self._frames(group))) for group in self.report.zone_groups]
        shares = _share([sum(max(1, len(boxes)) for _, boxes in frames) for _, frames in drafts])
        frames: list[Frame] = []
        loose: list[Box] = []
        left_out: list[tuple[ZoneGroup, list[list[Endpoint]]]] = []
        for (group, drafted), share in zip(drafts, shares, strict=True):
            if share:
                self._fill(group, drafted, share, frames, loose)
            else:
                left_out.append((group, [members for _, boxes in drafted for members in boxes]))
        if left_out:
            outside = self._rest([m for _, boxes in left_out for m in boxes], None, len(left_out), left_out[0][0].kind)
            loose.append(outside)
        depths = {box.key: KINDS[frame.kind].trust for frame in frames for box in frame.boxes}
        return Picture(
            frames=tuple(frames),
            loose=tuple(loose),
            lines=tuple(self._lines({**depths, **{box.key: KINDS[box.kind].trust for box in loose}})),
            depths={**depths, **{box.key: KINDS[box.kind].trust for box in loose}},
        )

    def _frames(self, group: ZoneGroup) -> Iterator[tuple[str, list[list[Endpoint]]]]:
        """The frames of a group of zones: a label, and the endpoints of each box."""
        if group.code in self.folded:
            yield group.label, [[endpoint for zone in group.zones for endpoint in self.inside[zone]]]
        elif group.code in self.unfolded:
            for zone in group.zones:
                yield zone, [[endpoint] for endpoint in self.inside[zone]]
        else:
            alike: dict[object, list[Endpoint]] = defaultdict(list)
            for zone in group.zones:
                for endpoint in self.inside[zone]:
                    alike[label_endpoint(endpoint, self.report.matrix), endpoint.group].append(endpoint)
            yield group.label, list(alike.values())

    def _fill(
        self,
        group: ZoneGroup,
        drafted: Sequence[tuple[str, list[list[Endpoint]]]],
        share: int,
        frames: list[Frame],
        loose: list[Box],
    ) -> None:
        """Draw as many boxes of a group as it may have, and count the rest."""
        whole = sum(max(1, len(boxes)) for _, boxes in drafted) <= share
        room = share if whole else max(1, share - 1)
        action = self._action(group, drafted)
        for number, (label, contents) in enumerate(drafted):
            if number and max(1, len(contents)) > room:
                rest = drafted[number:]
                loose.append(self._rest([m for _, boxes in rest for m in boxes], group, len(rest), group.kind))
                return
            shown = contents[:room]
            room -= max(1, len(shown))
            boxes = [self._box(members, group) for members in shown]
            hidden = contents[len(shown) :]
            if hidden:
                boxes.append(self._rest(hidden, group, 0, ""))
            zone = self._find_zone(label, group)
            frames.append(
                Frame(
                    key=self._key("f"),
                    label=show_line(label),
                    kind=group.kind,
                    boxes=tuple(boxes),
                    fields={"zone": group.code},
                    action=action if number == 0 else "",
                    action_about=show_line(group.label),
                    action_fields=self._toggle(group) if number == 0 else {},
                    zone=zone,
                    walls=find_walls(self.report.plan.firewalls, (zone,) if zone else group.zones),
                )
            )

    def _find_zone(self, label: str, group: ZoneGroup) -> str:
        """The zone that a frame of this label is; empty where it stands for several."""
        if len(group.zones) == 1:
            return group.zones[0]
        return label if group.code in self.unfolded else ""

    def _action(self, group: ZoneGroup, drafted: Sequence[tuple[str, list[list[Endpoint]]]]) -> str:
        """What can be done with a group: nothing where that would change nothing."""
        if not self.large:
            count = sum(len(self.inside[zone]) for zone in group.zones)
            return "Unfold" if group.code in self.folded else "Fold" if count > 1 else ""
        if group.code in self.unfolded:
            kinds = {
                (label_endpoint(endpoint, self.report.matrix), endpoint.group)
                for zone in group.zones
                for endpoint in self.inside[zone]
            }
            return "Fold" if len(group.zones) > 1 or len(kinds) < len(self.inside[group.zones[0]]) else ""
        folded = len(group.zones) > 1 or any(len(members) > 1 for _, boxes in drafted for members in boxes)
        return "Unfold" if folded else ""

    def _toggle(self, group: ZoneGroup) -> Fields:
        if not self.large:
            folded = [code for code in self.folded if code != group.code]
            return {"unfold": ",".join(f"-{code}" for code in sorted({*folded, *({group.code} - {*self.folded})}))}
        codes = [code for code in self.unfolded if code != group.code]
        return {"unfold": ",".join(codes if group.code in self.unfolded else [*codes, group.code])}

    def _box(self, members: list[Endpoint], group: ZoneGroup) -> Box:
        first = members[0]
        labels = label_endpoint(first, self.report.matrix)
        one = len(members) == 1
        what = ", ".join(labels) or "no role"
        if group.code in self.folded and not one:
            what = many(len(members), "endpoint")
        ports = {ports for endpoint in members for ports in self.local[endpoint.name]}
        box = Box(
            key=self._key("n"),
            label=show_line(first.name) if one else what,
            note="" if one or group.code in self.folded else f"{len(members):,} of them",
            icon=None if group.code in self.folded else choose_icon(first, self.report.matrix),
            many=first.group or not one,
            about=f"{what}; stands for many" if one and first.group else what if one else "",
            local=tuple(sorted(ports, key=lambda item: item.order)),
            fields={"endpoint": first.name} if one else {"zone": group.code},
            rules=tuple(self.rules[first.name]) if one else (),
        )
        self._keep(box, members, group)
        return box

    def _rest(self, boxes: Sequence[Sequence[Endpoint]], group: ZoneGroup | None, zones: int, kind: str) -> Box:
        """A box for what isn't drawn: further boxes of a frame, or further zones with all in them."""
        members = [endpoint for one in boxes for endpoint in one]
        words = "zones" if group is None else KINDS[group.kind].plural
        box = Box(
            key=self._key("n"),
            label=f"and {zones:,} more {words if zones > 1 else 'zone'}" if zones else f"and {len(boxes):,} more",
            note=many(len(members), "endpoint") if zones or len(members) != len(boxes) else "",
            many=True,
            fields={"zone": group.code} if group else {},
            kind=kind,
        )
        self._keep(box, members, group)
        return box

    def _keep(self, box: Box, members: Iterable[Endpoint], group: ZoneGroup | None) -> None:
        self.boxes.update((endpoint.name, box) for endpoint in members)
        if group:
            self.group_of[box.key] = group

    def _key(self, letter: str) -> str:
        self.keys += 1
        return f"{letter}{self.keys}"

    def _lines(self, depths: Mapping[str, int]) -> Iterator[Line]:
        ports: dict[tuple[str, str], dict[Ports, bool]] = defaultdict(dict)
        crossing: dict[tuple[str, str], bool] = {}
        for flow in self.report.flows:
            source, destination = self.boxes[flow.source.name].key, self.boxes[flow.destination.name].key
            if source == destination:
                continue
            ends = source, destination
            item = Ports(flow.need.protocol, flow.need.ports)
            ports[ends][item] = ports[ends].get(item, True) and bool(flow.need.any_of)
            crossing[ends] = crossing.get(ends, False) or flow.scope == "cross-zone"
        by_key = {box.key: box for box in self.boxes.values()}
        for (source, destination), items in ports.items():
            yield Line(
                source=by_key[source],
                destination=by_key[destination],
                ports=tuple(sorted(items, key=lambda item: item.order)),
                undecided=tuple(sorted((item for item, open_ in items.items() if open_), key=lambda item: item.order)),
                crosses=crossing[source, destination],
                fields=self._line_fields(by_key[source], by_key[destination]),
                outwards=depths[source] > depths[destination],
            )

    def _line_fields(self, source: Box, destination: Box) -> Fields:
        fields = {}
        for side, box in (("source", source), ("destination", destination)):
            if "endpoint" in box.fields:
                fields[f"{side}_endpoint"] = box.fields["endpoint"]
            elif "zone" in box.fields:
                fields[side] = box.fields["zone"]
        return fields


def _share(sizes: Sequence[int]) -> list[int]:
    """How many of MOST boxes each group gets: what it wants, but none more than a fair part of what is left."""
    shares = [0] * len(sizes)
    room = MOST
    order = sorted(range(len(sizes)), key=lambda index: sizes[index])
    for place, index in enumerate(order):
        # One box at least while there are any; a group that gets none stands in the box for all further zones.
        fair = room // (len(order) - place)
        shares[index] = min(sizes[index], max(fair, 1 if room else 0))
        room -= shares[index]
    return shares

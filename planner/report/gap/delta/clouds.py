"""What is missing in groups of rules of a cloud: commands of its own command line, and those that take it back.

Azure goes by priorities: new rules get free ones before the first that may refuse. Groups of AWS only allow and have
no order: what is added is what they lack. Syntax: Microsoft, “az network nsg rule”; AWS CLI Command Reference,
“authorize-security-group-ingress” and “revoke-security-group-ingress”, “…-egress”.
"""

import json
import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.engine.existing.lacks import Lacks
from planner.engine.existing.model import Stage
from planner.engine.existing.readers import aws, azure
from planner.engine.existing.sides import Ways
from planner.engine.flows import Flow
from planner.report.errors import NotExpressible
from planner.report.firewall.devices.clouds import EVERYBODY, check_group, list_networks, weigh
from planner.report.firewall.devices.openings import Opening, Plan, Sides, make_plan
from planner.report.firewall.head import (
    BACK,
    comment_out,
    count_rules,
    explain_codes,
    introduce,
    say_way_back,
    write_file,
)
from planner.report.firewall.omissions import LeftOut
from planner.report.firewall.words import cut
from planner.report.gap.delta.task import NOTHING, Stuck, Task, make_permits, say_unclear, say_when

_SIDES = Sides(pattern=re.compile(r"[\s\S]*"), allowed="anything")
_PLAIN = re.compile(r"[\w.()-]{1,255}", re.ASCII)
"""The name of a group, a resource group or an id that can be repeated in a command as it is."""
_UNDECIDED = "undecided: "
"""What begins a command that depends on an open choice, after the sign of a comment."""
_PRIORITIES = range(100, 4097)
"""What rules of one's own may have: Microsoft, “Network security groups”."""
_STEP = 10
_MOST = 60
"""Rules of one direction and family that a group of AWS takes unless AWS allows more (Amazon VPC quotas). A prefix
list counts as many as it may have entries (Amazon VPC User Guide, “Managed prefix lists”), so it makes no room."""
_OUTSIDE = re.compile(r"[^A-Za-z0-9 ._:/()#,@+=&;{}!$*\[\]-]+")
"""What a description of a rule of AWS can't have: Amazon EC2 API Reference, “IpRange”."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A command, and the one that takes back what it does."""

    name: str
    """Of the rule that it makes."""
    does: str
    undoes: str
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """What one group lacks one way."""

    group: str
    """As the reader calls it; empty where there is one alone."""
    way: str
    """`inbound` or `outbound`."""
    lacks: Lacks
    flows: tuple[Flow, ...]


class _Script:
    """What is gathered while groups are gone through."""

    def __init__(self, task: Task, label: str) -> None:
        self.task = task
        self.stuck = Stuck()
        self.suffix = task.find_suffix()
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self._label = label
        self._said: dict[object, None] = {}
        self._left_out: dict[LeftOut, None] = {}
        self._forbidden: dict[str, None] = {}

    def plan(self, flows: Sequence[Flow]) -> Plan:
        """What a group has to be told of some flows."""
        permits = make_permits(self.task, flows, None, suffix=self.suffix)
        return make_plan(permits, label=self._label, sides=_SIDES, longest=75, default_deny=False,
                         open_undecided=False)  # fmt: skip

    def note(self, plan: Plan, where: str) -> None:
        """Have the head say what is told to a group one way."""
        if plan.openings:
            said = f"{cut(where, 80)}: {count_rules(plan.permits, None, len(plan.openings))}."
            self._said |= dict.fromkeys([said, *explain_codes(plan.permits)])
        self._left_out |= dict.fromkeys(plan.permits.left_out)
        self._forbidden |= dict.fromkeys(plan.permits.forbidden)

    def write(self, begin: Iterable[str], how: Iterable[object]) -> bytes:
        """All of it as a file for a shell."""
        permits = make_permits(self.task, (), None)
        about: list[object] = [*introduce(f"{self._label}, what is missing", permits, None, False, self._forbidden)]
        if self.lines:
            about += [say_when(), *self._said, *how, *self.notes]
            if any(one.disabled for one in self.lines):
                about.append("What depends on an open choice is in comments.")
        elif not self.task.gap.missing:
            about.append(NOTHING)
        about += [*say_unclear(self.task), *self._left_out, *self.stuck.say()]
        about += say_way_back("#", "at the end") if self.lines else ()
        does = [f"# {_UNDECIDED}{one.does}" if one.disabled else one.does for one in self.lines]
        undoes = [f"# {BACK}{one.undoes}" for one in reversed(self.lines) if not one.disabled]
        return write_file(comment_out("#", about), [*begin, *does, *undoes] if self.lines else [])


def _list_lacking(task: Task, known: Sequence[str], script: _Script) -> Iterator[Lacking]:
    """By stage and group the flows that it has to admit and doesn't. Those of zones without a group are noted."""
    for stage in task.gap.ruleset.stages:
        way = stage.name.partition(" ")[0]
        if len(known) == 1:
            lacks = task.lacks(stage)
            yield Lacking(group="", way=way, lacks=lacks, flows=lacks.flows)
            continue
        for group in known:
            found = _find_lacking(task, stage, way, group)
            if found.flows:
                yield found
        zones = {zone for side, zone in task.sides if side in known}
        without = [flow for flow in task.lacks(stage).flows if _zone(flow, way) not in zones]
        script.stuck.add(f"Their zone is behind no group that is known: {stage.default_name}", without)


def _find_lacking(task: Task, stage: Stage, way: str, group: str) -> Lacking:
    zones = {zone for side, zone in task.sides if side == group}
    pairs = [(side, zone) for side, zone in task.sides if zone not in zones or side == group]
    lacks = Lacks(task.gap, stage, ways=Ways(pairs, mapped=bool(task.mapping)))
    flows = tuple(flow for flow in lacks.flows if _zone(flow, way) in zones)
    return Lacking(group=group, way=way, lacks=lacks, flows=flows)


def _zone(flow: Flow, way: str) -> str:
    return flow.destination.zone if way == "inbound" else flow.source.zone


def _plain(label: str, text: str) -> str:
    """A name that the cloud has. Raises NotExpressible for one that can't be repeated."""
    if not _PLAIN.fullmatch(text):
        raise NotExpressible(label, "the file has no name of a group, or one that can't be repeated safely")
    return text


# ---- Azure ----

_AZURE = "Azure network security groups"


def render_azure(task: Task) -> bytes:
    """Commands of az. Raises NotExpressible."""
    groups = azure.find_groups(task.text)
    script = _Script(task, _AZURE)
    counts: dict[str, Counter[str]] = {}
    for one in _list_lacking(task, list(groups), script):
        key = one.group or next(iter(groups))
        group = groups[key]
        plan, numbers = _find_room(one, group.taken[one.way], script)
        at = _call_azure(group)
        for opening, number in zip(plan.openings, numbers, strict=True):
            counts.setdefault(key, _count_there(group)).update(weigh(plan, opening))
            script.lines.append(_write_azure(plan, opening, at, one.way, number))
            if opening.permit.service[0] == "icmp":
                script.notes.append(
                    f"{script.lines[-1].name} opens more than the plan asks for: Azure's rules have no types of ICMP, "
                    "so this one lets all of ICMP through, and not an echo alone."
                )
    for key, count in counts.items():
        check_group(_AZURE, groups[key].name, count)
    needs = any(_RESOURCE_GROUP in line.does for line in script.lines)
    begin = ["set -eu", *([': "${RESOURCE_GROUP:?the resource group of the groups}"'] if needs else ())]
    how = (
        "Run it with sh where az is logged in, in the subscription of the groups. Each rule has a free priority "
        "before the first rule that may refuse what it opens."
    )
    return script.write(begin, [how])


def _count_there(group: azure.Known) -> Counter[str]:
    """What a group has of what it takes; of the addresses in its rules nothing is known here."""
    return Counter(rules=sum(number in _PRIORITIES for numbers in group.taken.values() for number in numbers))


_RESOURCE_GROUP = '"$RESOURCE_GROUP"'


def _call_azure(group: azure.Known) -> str:
    """How a command names a group."""
    within = _plain(_AZURE, group.resource_group) if group.resource_group else _RESOURCE_GROUP
    return f"--resource-group {within} --nsg-name {_plain(_AZURE, group.name)}"


def _find_room(one: Lacking, taken: frozenset[int], script: _Script) -> tuple[Plan, list[int]]:
    """What is told to a group, and a priority for each rule, before whatever may refuse; what has none is noted."""
    first: dict[int, tuple[int, str]] = {}
    for flow in one.flows:
        found = one.lacks.find_first(flow)
        number = re.search(r"\((\d+)\)$", found[1].name) if found else None
        first[id(flow)] = (int(number[1]) if number else _PRIORITIES.stop, found[1].name if found else "")
    flows = list(one.flows)
    while True:
        plan = script.plan(flows)
        limit, name = min((first[id(flow)] for flow in flows), default=(_PRIORITIES.stop, ""))
        free = [number for number in _PRIORITIES if number < limit and number not in taken]
        if len(free) >= len(plan.openings):
            script.note(plan, f"{one.group or 'The group'}, {one.way}")
            return plan, _share_out(free, len(plan.openings))
        without = [flow for flow in flows if first[id(flow)][0] == limit]
        script.stuck.add(f"No priority is free before {cut(name, 100)}: give that a higher one", without)
        flows = [flow for flow in flows if first[id(flow)][0] != limit]


def _share_out(free: Sequence[int], count: int) -> list[int]:
    """So many of the free priorities, the last ones, with room between them where there is enough."""
    apart = [number for number in free if number % _STEP == 0]
    chosen = apart if len(apart) >= count else free
    return list(chosen[len(chosen) - count :])


def _write_azure(plan: Plan, opening: Opening, at: str, way: str, number: int) -> Line:
    protocol, ports = opening.permit.service
    name = opening.name if way == "inbound" else f"{opening.name}-out"
    words = (
        f"--name {name} --priority {number} --direction {way.capitalize()} --access Allow "
        f"--protocol {protocol.capitalize()} "
        f"--source-address-prefixes {' '.join(list_networks(plan, opening, 'source'))} --source-port-ranges '*' "
        f"--destination-address-prefixes {' '.join(list_networks(plan, opening, 'destination'))} "
        f"--destination-port-ranges {ports or shlex.quote('*')} "
        f"--description {shlex.quote(opening.fit(140))}"
    )
    return Line(
        name=name,
        does=f"az network nsg rule create {at} {words}",
        undoes=f"az network nsg rule delete {at} --name {name}",
        disabled=opening.disabled,
    )


# ---- AWS ----

_AWS = "AWS security groups"


def render_aws(task: Task) -> bytes:
    """Commands of aws. Raises NotExpressible."""
    groups = aws.find_groups(task.text)
    script = _Script(task, _AWS)
    for one in _list_lacking(task, list(groups), script):
        group = groups[one.group] if one.group else next(iter(groups.values()))
        plan = script.plan(one.flows)
        script.note(plan, f"{group.id}, {one.way}")
        # What several rules of the plan ask for, or the group has, stands there once: twice is an error.
        there = set(group.there[one.way])
        chosen, wider = _choose_peers(plan, one.way, there)
        script.notes += wider
        for opening, peers in zip(plan.openings, chosen, strict=True):
            script.lines += _write_aws(opening, peers, _plain(_AWS, group.id), one.way, there)
        for family in (4, 6):
            found = _count(there, family)
            if found > _MOST:
                script.notes.append(
                    f"{cut(group.id, 60)} has {found} {one.way} rules of IPv{family} then; AWS allows {_MOST} unless "
                    "its quota is raised."
                )
    how = (
        "Run it with sh where aws is logged in, in the account and region of the groups. Rules of a group have no "
        "order and are for every member of it: what one endpoint needs, all others in the group have as well."
    )
    return script.write(["set -eu"], [how])


def _choose_peers(plan: Plan, way: str, there: Collection[aws.Rule]) -> tuple[list[list[str]], list[str]]:
    """By opening the networks of its other side, and what there is to say of those that are wider than the plan.

    Any is all but what is in other zones of the plan, as long as the group has room for that many rules beside those
    that it has, and those that name networks; else it is everybody.
    """
    end = "source" if way == "inbound" else "destination"
    asked = [list_networks(plan, opening, end) for opening in plan.openings]
    chosen = [
        [EVERYBODY[opening.permit.family]] if _is_any(opening, way) else peers
        for opening, peers in zip(plan.openings, asked, strict=True)
    ]
    used = set(there)
    for opening, peers in zip(plan.openings, chosen, strict=True):
        used |= _list_rules(opening, peers)
    said = []
    for place, opening in enumerate(plan.openings):
        family = opening.permit.family
        if chosen[place] == asked[place]:
            continue
        wanted = (used - _list_rules(opening, chosen[place])) | _list_rules(opening, asked[place])
        if _count(wanted, family) <= _MOST:
            chosen[place], used = asked[place], wanted
        else:
            said.append(
                f"{opening.name} is for everybody, other zones of the plan too: all but these is "
                f"{len(asked[place])} networks, and with the other rules a group takes no more than {_MOST}."
            )
    return chosen, said


def _is_any(opening: Opening, way: str) -> bool:
    return (opening.permit.sources if way == "inbound" else opening.permit.destinations) is None


def _count(rules: Iterable[aws.Rule], family: int) -> int:
    """How many of the rules are of a family."""
    return sum((":" in rule[3]) == (family == 6) for rule in rules)


def _list_rules(opening: Opening, peers: Iterable[str]) -> set[aws.Rule]:
    """What an opening is as rules of a group, each for one network."""
    return {(*_say_service(opening), peer) for peer in peers}


def _say_service(opening: Opening) -> tuple[str, int, int]:
    """Protocol, first and last port; of ICMP the type and the code of an echo."""
    protocol, ports = opening.permit.service
    first, _, last = (ports or "8-0").partition("-")
    return protocol, int(first), int(last or first)


def _write_aws(opening: Opening, peers: Sequence[str], group: str, way: str, there: set[aws.Rule]) -> Iterator[Line]:
    """The command for one opening; none where the group has all of it. What it adds is added to what is there."""
    permit = opening.permit
    protocol, begin, end = _say_service(opening)
    new = [peer for peer in peers if (protocol, begin, end, peer) not in there]
    if not new:
        return
    there.update((protocol, begin, end, peer) for peer in new if not opening.disabled)
    ranges, cidr = ("IpRanges", "CidrIp") if permit.family == 4 else ("Ipv6Ranges", "CidrIpv6")
    said = _OUTSIDE.sub(" ", opening.fit(255))
    way_word = "ingress" if way == "inbound" else "egress"

    def say(verb: str, **more: str) -> str:
        rule = {
            "IpProtocol": protocol,
            "FromPort": begin,
            "ToPort": end,
            ranges: [{cidr: peer, **more} for peer in new],
        }
        return f"aws ec2 {verb}-security-group-{way_word} --group-id {group} --ip-permissions " + shlex.quote(
            json.dumps([rule])
        )

    does = say("authorize", Description=said)
    yield Line(name=opening.name, does=does, undoes=say("revoke"), disabled=opening.disabled)

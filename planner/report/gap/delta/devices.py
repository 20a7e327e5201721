"""What is missing for devices that are told item by item: objects and entries of our own, put before what refuses."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from planner.engine.existing.devices.fortigate_addresses import has_central_nat
from planner.engine.existing.devices.fortigate_text import read_domains
from planner.engine.existing.devices.srx_objects import list_zones_with_books
from planner.engine.existing.devices.srx_tree import Tree, find, list_ends, read_all, read_tree, split_words
from planner.engine.existing.lacks import Lacks
from planner.engine.existing.model import Entry
from planner.engine.flows import Flow
from planner.report.errors import NotExpressible
from planner.report.firewall.devices.items import Item, find_change, write_items
from planner.report.firewall.devices.openings import Plan
from planner.report.firewall.devices.statements import say
from planner.report.firewall.devices.table import WRITERS
from planner.report.firewall.head import BACK, comment_out, count_rules, explain_codes, introduce, say_way_back
from planner.report.firewall.head import write_file as write_lines
from planner.report.firewall.places import told_as
from planner.report.firewall.words import cut
from planner.report.gap.delta.task import NOTHING, Stuck, Task, make_permits, part, say_unclear, say_when

Pair = tuple[str, str]
"""The side that packets come from, and the one that they go to."""
Firsts = Mapping[Pair, tuple[int, Entry]]
"""By pair of sides the first entry that may refuse what is to pass between them, and its place."""
_STAGES = {
    "fortigate": "firewall policy",
    "asa": "access-group in",
    "paloalto": "security rules",
    "srx": "security policies",
}
"""Where an entry of ours lets something through."""
_BOOKS = (
    "Junos takes no global address book, in which ours would stand, beside one that a zone has of its own. Move that "
    "into it, and compare again: "
)
_PLAIN = re.compile(r"[\w .:/@+-]{1,63}", re.ASCII)
"""A name of the device that can be repeated within quotes as it is."""


def render_device(task: Task) -> bytes:
    """The lines for one device. Raises NotExpressible."""
    name = task.gap.ruleset.format
    writer = WRITERS[told_as(name)]
    label = f"What {writer.label} lacks"
    device = task.device
    if device is None:
        raise NotExpressible(label, "say what each zone of the plan is behind on the device, each behind one side")
    stuck = Stuck()
    flows: list[Flow] = []
    lacks: Lacks | None = None
    for stage in task.gap.ruleset.stages:
        if stage.name == _STAGES[name]:
            lacks = task.lacks(stage)
            flows = part(lacks.flows, device, stuck)
        else:
            refused = task.lacks(stage, translated=True).flows
            stuck.add(f"They are refused by {cut(stage.name, 100)} or may be", refused)
    lists: dict[str, str] = {}
    if name == "asa":
        lists = _find_lists(task.text)
        without = [flow for flow in flows if device.zones[flow.source.zone] not in lists]
        stuck.add("The interface that they come by has no list of its own, and one would refuse all else", without)
        flows = [flow for flow in flows if device.zones[flow.source.zone] in lists]
        device = replace(device, options={**device.options, "lists": ",".join(map("=".join, lists.items()))})
    if name == "srx" and (zones := list_zones_with_books(read_tree(task.text))):
        stuck.add(_BOOKS + ", ".join(zones), flows)
        flows = []
    if name == "fortigate" and _has_central_nat(task.text, device.options.get("vdom", "")):
        writer = replace(writer, names_seen=(6,))
    permits = make_permits(task, flows, device, names=writer.taken, suffix=task.find_suffix())
    plan = writer.plan(permits, default_deny=False, open_undecided=False)
    items = writer.without_kept(writer.list_items(plan))
    left: list[str] = []
    items = _own_statements(task, items, left) if name == "srx" else _own(task, items)
    firsts = _find_firsts(name, plan, lacks, flows, stuck) if lacks else {}
    told = _PLACES[name](task, plan, items, firsts)
    back = find_change(told, ()).write(writer.end)
    about: list[object] = [*introduce(f"{writer.label}, what is missing", permits, None, False)]
    if plan.openings:
        about += [
            say_when(),
            f"{count_rules(permits, None, len(plan.openings))}{_say_disabled(plan)}",
            *explain_codes(permits),
            _HOW[name],
            *([_APART] if plan.translations else ()),
        ]
    elif not task.gap.missing:
        about.append(NOTHING)
    about += [*writer.needs(plan), *say_unclear(task), *left, *permits.left_out, *stuck.say()]
    lines = [*writer.write_within(plan, write_items(told, writer.end))]
    ways = [f"{writer.mark} {BACK}{line}" for line in writer.write_within(plan, back)]
    about += say_way_back(writer.mark, "at the end") if ways else ()
    return write_lines(comment_out(writer.mark, about), [*lines, *ways])


_HOW: Mapping[str, str] = {
    "fortigate": "Paste it or load it as a script: new policies are moved before the ones that would refuse.",
    "asa": "Paste it in configuration mode, or in a session: new lines stand before the ones that would refuse.",
    "paloalto": "Paste it in configuration mode, then: validate full, commit. New rules are moved before the ones "
    "that would refuse.",
    "srx": "In configuration mode: load set terminal (or load set FILE), show | compare, commit check, commit. New "
    "policies are put before the ones that would refuse.",
}
_APART = (
    "Who is published has a translation of its own here; where the device has one for that address, leave ours out."
)


def _say_disabled(plan: Plan) -> str:
    disabled = sum(one.disabled for one in plan.openings)
    return f", {disabled} of them disabled, since a choice is open on which they depend." if disabled else "."


def _own(task: Task, items: Sequence[Item]) -> list[Item]:
    """The items; what the device has by that name already is not taken back, nor what is within it.

    Names that change with the plan are of this file alone. Those of services and the like say what they are.
    """
    names = {item.key: item.key.split()[-1].strip('"') for item in items if not item.key.startswith("access-list ")}
    known = task.find_known(set(names.values()))
    kept = {key for key, name in names.items() if name in known}
    return [replace(item, undo=()) if item.key in kept or item.within in kept else item for item in items]


def _own_statements(task: Task, items: Sequence[Item], left: list[str]) -> list[Item]:
    """The same of a device that is said statement by statement: what is taken back is what it lacks.

    A published address has a rule beside those that its rule-set has already. A value that takes the place of another
    one is taken back by that. What is deactivated there is activated; `left` gets a sentence of what stays as it is.
    """
    tree, inactive = read_all(task.text)
    undone = {}
    for item in items:
        path = split_words(item.key)
        there = find(tree, path)
        if there is None:
            undone[item.key] = item.undo
        elif not item.lines or find(tree, split_words(item.lines[0])[1:]) is not None:
            undone[item.key] = ()
        else:
            undone[item.key] = tuple(f"set {say(*path, *end)}" for end in list_ends(there))
    return [*(replace(item, undo=undone[item.key]) for item in items), *_activate(tree, inactive, items, left)]


def _activate(
    tree: Tree, inactive: Iterable[tuple[str, ...]], items: Sequence[Item], left: list[str]
) -> Iterator[Item]:
    """What makes effective that is set into something that the device has deactivated; setting alone doesn't.

    Only where it has nothing in it but what is set here, or what that takes the place of: else something of others
    would be in force again.
    """
    told = [tuple(split_words(line)) for item in items for line in item.lines]
    said = {words[1:] for words in told if words[0] == "set"}
    within = {words[:length] for words in said for length in range(1, len(words) + 1)}
    off = {words[1:] for words in told if words[0] == "deactivate"}
    # A value of several is a part of its item's key.
    single = {path for item in items if item.lines and (path := tuple(split_words(item.key))) not in said}

    def is_ours(value: tuple[str, ...]) -> bool:
        return value in said or value[:-1] in single

    for path in inactive:
        if path not in within or path in off:
            continue
        there = find(tree, path)
        if there is not None and all(is_ours((*path, *end)) for end in list_ends(there)):
            line = f"activate {say(*path)}"
            yield Item(key=line, lines=(line,), undo=(f"deactivate {say(*path)}",))
        else:
            left.append(
                f"{cut(' '.join(path), 200)} is deactivated there, with more in it than is set here, and stays so: "
                "what is set in it here takes effect once it is activated."
            )


def _has_central_nat(text: str, domain: str) -> bool:
    """Whether policies say real addresses there, and a virtual IP in one is refused."""
    found = read_domains(text)
    return any(map(has_central_nat, [found[domain]] if domain and domain in found else found.values()))


def _find_lists(text: str) -> dict[str, str]:
    """The access list that an interface asks for what comes in; not of IPv6 alone, as before 9.0 there are."""
    of_six = {*re.findall(r"(?m)^ipv6 access-list (\S+)", text)}
    found = re.findall(
        r"(?m)^access-group ([A-Za-z0-9_.:/-]+) in interface ([A-Za-z0-9_.:/-]+)(?: per-user-override)?\s*$", text
    )
    return {side: name for name, side in found if name not in of_six}


def _find_firsts(
    name: str, plan: Plan, lacks: Lacks, flows: Iterable[Flow], stuck: Stuck
) -> dict[Pair, tuple[int, Entry]]:
    """By pair of sides the first entry that may refuse what is to pass between them, where an entry can be met."""
    zones = plan.permits.firewall.zones if plan.permits.firewall else {}
    firsts: dict[Pair, tuple[int, Entry]] = {}
    for flow in flows:
        pair = zones[flow.source.zone], zones[flow.destination.zone]
        found = lacks.find_first(flow)
        if found is None:
            continue
        if _MEETS[name].match(found[1].name) is None:
            if _LAST[name].match(found[1].name) is None:
                stuck.add(f"{cut(found[1].name, 80)} comes before all that this can be put before", [flow])
            continue
        if pair not in firsts or found[0] < firsts[pair][0]:
            firsts[pair] = found
    return firsts


_MEETS: Mapping[str, re.Pattern[str]] = {
    "fortigate": re.compile(r"(?:vdom \S+ )?policy (\d+)\b"),
    "asa": re.compile(r"access-list (\S+) "),
    "paloalto": re.compile(r'(?:pre-)?rule "(.+)"$'),
    "srx": re.compile(r"from-zone (\S+) to-zone (\S+) policy (.+)$"),
}
"""What an entry is called that others can be put before."""
_LAST: Mapping[str, re.Pattern[str]] = {
    "fortigate": re.compile(r"(?:vdom \S+ )?policy6 "),
    "asa": re.compile(r"implicit deny of |access-list \S+$"),
    "paloalto": re.compile(r"post-rule |intrazone-default|interzone-default"),
    "srx": re.compile(r"global policy "),
}
"""And of one that comes after all that is added."""


def _place_fortigate(task: Task, plan: Plan, items: list[Item], firsts: Firsts) -> list[Item]:
    numbers = {}
    for item in items:
        if item.section == "config firewall policy":
            [opening] = re.findall(r'set name "(.*)"', "\n".join(item.lines))
            numbers[opening] = item.key.split()[-1]
    moves = []
    for one in plan.openings:
        if found := firsts.get((one.source, one.destination)):
            meets = _MEETS["fortigate"].match(found[1].name)
            line = f"    move {numbers[one.name]} before {meets[1] if meets else ''}"
            moves.append(Item(key=line, lines=(line,), undo=(), section="config firewall policy"))
    return [*items, *moves]


def _place_srx(task: Task, plan: Plan, items: list[Item], firsts: Firsts) -> list[Item]:
    moves = []
    for one in plan.openings:
        found = firsts.get((one.source, one.destination))
        meets = _MEETS["srx"].match(found[1].name) if found else None
        if meets:
            pair = ("security", "policies", "from-zone", one.source, "to-zone", one.destination, "policy")
            line = f"insert {say(*pair, one.name)} before {say('policy', _repeat(meets[3]))}"
            moves.append(Item(key=line, lines=(line,), undo=()))
    return [*items, *moves]


def _place_paloalto(task: Task, plan: Plan, items: list[Item], firsts: Firsts) -> list[Item]:
    group = plan.options.get("device-group")
    place = ("device-group", group, "pre-rulebase") if group else ("rulebase",)
    set_here = {item.key for item in items}
    moves = []
    for one in plan.openings:
        found = firsts.get((one.source, one.destination))
        meets = _MEETS["paloalto"].match(found[1].name) if found else None
        path = (*place, "security", "rules", one.name)
        if meets and f"{say(*path)} " in set_here:
            line = f"move {say(*path)} before {say(_repeat(meets[1]))}"
            moves.append(Item(key=line, lines=(line,), undo=()))
    return [*items, *moves]


def _place_asa(task: Task, plan: Plan, items: list[Item], firsts: Firsts) -> list[Item]:
    """Entries get the number of the line that they come before; those that follow move on by one."""
    by_list: dict[str, tuple[int, Entry]] = {}
    for (source, _), found in firsts.items():
        name = plan.name_list(source)
        meets = _MEETS["asa"].match(found[1].name)
        # What a global list refuses comes after all of the interface's own.
        if meets and meets[1] == name and (name not in by_list or found[0] < by_list[name][0]):
            by_list[name] = found
    lines = _list_lines(task.text)
    counted = dict.fromkeys(by_list, 0)
    made = []
    for item in items:
        words = item.key.split()
        if words[0] != "access-list" or words[1] not in by_list:
            made.append(item)
            continue
        name = words[1]
        place = lines[name].index(by_list[name][1].name) + 1 + counted[name]
        counted[name] += 1
        [line] = item.lines
        numbered = line.replace(f"access-list {name} ", f"access-list {name} line {place} ", 1)
        made.append(replace(item, lines=(numbered,)))
    return made


def _list_lines(text: str) -> dict[str, list[str]]:
    """The lines of each access list in their order, remarks too, which an ASA counts with the others."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["access-list"] and len(words) > 2:
            found.setdefault(words[1], []).append(" ".join(words))
    return found


def _repeat(name: str) -> str:
    """A name that the device has. Raises NotExpressible for one that can't be repeated."""
    if not _PLAIN.fullmatch(name):
        raise NotExpressible("What is missing", "an entry that would refuse has a name that can't be repeated safely")
    return name


_PLACES = {"fortigate": _place_fortigate, "asa": _place_asa, "paloalto": _place_paloalto, "srx": _place_srx}

"""A change request as configuration: what takes a device from one revision to another, and the way back.

Devices that are told item by item get what is new, then what is gone is taken back. nftables and iptables load a chain
whole, so the file is that chain, with the lines that differ in its head.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from planner.engine.compare import Comparison
from planner.report.errors import NotExpressible
from planner.report.firewall import iptables, nftables
from planner.report.firewall.amount import check_amount
from planner.report.firewall.devices.items import Change, Item, find_change
from planner.report.firewall.devices.openings import Plan
from planner.report.firewall.devices.table import WRITERS, takes_names
from planner.report.firewall.devices.writer import Writer
from planner.report.firewall.head import BACK, comment_out, pack, say_forbidden, say_way_back, write_file
from planner.report.firewall.omissions import LeftOut
from planner.report.firewall.permits import Permits
from planner.report.firewall.places import check_place, list_gone, match_firewalls, told_as
from planner.report.firewall.words import clean, name_files
from planner.report.said.edition import Editions
from ports.text import many, plural

_CHAINS: dict[str, tuple[str, Callable[[Permits], tuple[list[str], tuple[LeftOut, ...]]], str]] = {
    "nftables": ("nftables", nftables.list_statements, "nft -c -f FILE checks it, nft -f FILE loads it."),
    "iptables": (
        "iptables", iptables.list_statements,
        "iptables-restore --noflush FILE loads it, and ip6tables-restore --noflush FILE.",
    ),
}  # fmt: skip
"""Targets whose chain is loaded whole: what they are called, the statements of a file and what these leave out, how it
is loaded."""


def render_items(name: str, comparison: Comparison, editions: Editions) -> bytes:
    """The change for a device that is told item by item. Raises NotExpressible."""
    writer = WRITERS[name]
    return _write_items(name, writer.permits(comparison.was), writer.permits(comparison.after), comparison, editions)


def _write_items(
    name: str, was: Permits | None, now: Permits | None, comparison: Comparison, editions: Editions
) -> bytes:
    """`was` or `now` is None for a device that a plan lacks: it has been told nothing, or is to keep nothing."""
    writer = WRITERS[name]

    def tell(permits: Permits | None) -> tuple[Plan | None, Sequence[Item]]:
        plan = writer.plan(permits, default_deny=False, open_undecided=False) if permits else None
        return plan, writer.list_items(plan) if plan else ()

    ((old, items_old), known), (new, items_new) = _tell_before(tell, was), tell(now)
    forward = find_change(items_old, items_new, writer.keep)
    back = find_change((*items_new, *forward.kept), items_old, writer.keep)
    forbidden = _find_forbidden(forward, old, new) if new else ()
    about = [
        *_introduce(writer.label, comparison, editions, was, now, forbidden),
        *_say_before(known, was, now, comparison),
        *(_say_items(writer, forward, back, new) if forward.added or forward.removed else _say_nothing(known)),
        *(now.left_out if now else ()),
    ]
    plan = new or old
    ways = [writer.write_within(plan, writer.write_change(way)) if plan else () for way in (forward, back)]
    lines = [*ways[0], *(f"{writer.mark} {BACK}{line}" for line in ways[1])]
    return write_file(comment_out(writer.mark, about), lines)


def _tell_before[Told](tell: Callable[[Permits | None], Told], was: Permits | None) -> tuple[Told, bool]:
    """What a device was told before, and whether that is known: nothing by a revision that has no file for it."""
    try:
        return tell(was), True
    except NotExpressible:
        return tell(None), False


def _say_before(known: bool, was: Permits | None, now: Permits | None, comparison: Comparison) -> Iterator[str]:
    """Whether what the device was told before is known, and whether the plan has it still."""
    if not known:
        yield "Of the first no file can be written; if an earlier one was loaded, take it back by its own head."
    if now is None:
        yield _say_gone(was, comparison)


def _say_gone(was: Permits | None, comparison: Comparison) -> str:
    """Of a firewall that the plan has no more: whether its name is another device's now, which is told otherwise."""
    gone = was.firewall if was else None
    other = next((one for one in comparison.after.plan.firewalls if gone and one.name == gone.name), None)
    if gone is None or other is None:
        return "No firewall of this name is left in the plan."
    return (
        f"In the plan this is another device now, of the format {other.format}: here is what takes back all that the "
        f"one of the format {gone.format} was told, and nothing for the new one."
    )


def _say_nothing(known: bool) -> Iterator[str]:
    """Where there are no lines."""
    if known:
        yield "The device has been told all of it: there is nothing to do."


_ENTRY = re.compile(r"(?<![\w-])([\w-]+?)(?:-|, )(?:tcp|udp|icmp)\b")
"""What an entry is called, or what its comment begins with: the number of its rule and a protocol."""


def _find_forbidden(change: Change, old: Plan | None, new: Plan) -> tuple[str, ...]:
    """Those rules that must stay closed of which a change sets an entry, or what gives one more to let through.

    That is an address that is new in an object, or one that a side sees and didn't see.
    """
    told = {rule for item in change.added for line in item.lines for rule in _ENTRY.findall(line)}
    before, after = old.permits.addresses.objects if old else {}, new.permits.addresses.objects
    grown = {name for name, members in after.items() if not set(members) <= set(before.get(name, ()))}
    seen = {
        (one.source, one.destination, name)
        for one in set(new.translations).difference(old.translations if old else ())
        for name in (one.name, one.seen_name)
    }
    for opening in new.openings:
        permit, destinations = opening.permit, opening.permit.destinations or ()
        if not grown.isdisjoint((*(permit.sources or ()), *destinations)) or any(
            (opening.source, opening.destination, name) in seen for name in destinations
        ):
            told.add(permit.label)
    return tuple(rule for rule in new.permits.forbidden if rule in told)


def _introduce(
    label: str,
    comparison: Comparison,
    editions: Editions,
    was: Permits | None,
    now: Permits | None,
    forbidden: Iterable[str],
) -> Iterator[object]:
    """What it is for, and which rules in it must stay closed by what the plan says."""
    yield f"{label}, a change for the plan: {clean(comparison.after.plan.name) or 'unnamed'}"
    firewalls = (one.firewall.name for one in (now, was) if one and one.firewall)
    names = [clean(name, 60) or "without letters" for name in dict.fromkeys(firewalls)]
    if names:
        yield f"Firewall {', before '.join(names)}."
    if len(names) > 1:
        yield "Taken for one device with another name."
        yield f"If it has been replaced, load the whole file of {names[0]} instead."
    before, after = (clean(side, 120, slashes=True) for side in (editions.before, editions.after))
    yield f"From {before or 'the old one'} to {after or 'the new one'}."
    yield f"Port matrix: {clean(comparison.after.matrix.version, 200)}"
    yield from say_forbidden(forbidden)
    yield "It is for a device that has the file of the first; what is undecided is disabled in both."


def _say_items(writer: Writer, change: Change, back: Change, plan: Plan | None) -> Iterator[object]:
    first = len(change.making_way)
    steps = [
        f"{many(len([item for item in change.added if item.lines]), 'item')} set",
        f"{many(len(change.removed) - first, 'item')} taken back",
    ]
    if first:
        steps.insert(0, f"{many(first, 'item')} taken back")
    yield (
        f"{', then '.join(reversed(steps) if writer.back_first else steps)}. Loaded again it changes nothing: what is "
        "gone is not found, and the device says so."
    )
    if plan:
        yield from writer.load(plan)
    yield from writer.say_kept(change)
    yield from writer.say_by_hand(change, back)
    yield from say_way_back(writer.mark, "at the end")


def render_chain(name: str, comparison: Comparison, editions: Editions) -> bytes:
    """The change for a chain that is loaded whole. Raises NotExpressible."""
    return _write_chain(name, Permits(comparison.was), Permits(comparison.after), comparison, editions)


def _write_chain(
    name: str, was: Permits | None, now: Permits | None, comparison: Comparison, editions: Editions
) -> bytes:
    """As `_write_items`. Of a chain that is to keep nothing there are no statements; the head says how it goes."""
    label, list_statements, load = _CHAINS[name]

    def tell(permits: Permits | None) -> tuple[list[str], tuple[LeftOut, ...]]:
        return list_statements(permits) if permits else ([], ())

    ((old, _), known), (new, left_out) = _tell_before(tell, was), tell(now)
    now = nftables.fit(now) if now and name == "nftables" else now
    forbidden = now.forbidden if now and old != new else ()
    about: list[object] = [*_introduce(label, comparison, editions, was, now, forbidden)]
    if old == new:
        about += [*_say_before(known, was, now, comparison), *_say_nothing(known)]
        return write_file(comment_out("#", about), ())
    added, removed = _without(new, old), _without(old, new)
    come, go = plural(len(added), "comes", "come"), plural(len(removed), "goes", "go")
    counted = f"{many(len(added), 'line')} {come}, {len(removed):,} {go}"
    about += [
        f"{counted}. The chain is loaded whole: again it changes nothing. {load}",
        *([] if now else [_say_gone(was, comparison), "Take the chain back, as its file says."]),
        *say_way_back("#", "at the end"),
        *left_out,
    ]
    lines = [
        *(f"# + {line}" for line in added),
        *(f"# - {line}" for line in removed),
        *new,
        *(f"# {BACK}{line}" for line in old),
    ]
    return write_file(comment_out("#", about, "| "), lines)


_INSTEAD = {
    "opnsense": "import the file of the new revision, and disable the rules of the old one that it lacks",
    "pfsense": "play the file of the new revision, which takes away what it lacks",
}
"""What helps where a format can't say a change."""


def render_devices(comparison: Comparison, editions: Editions) -> bytes:
    """An archive with the change of each firewall of the two plans, under its own names.

    One that is of another kind now is a device more and a device less. Raises NotExpressible for plans without
    firewalls, where a firewall's format can't say a change, and where one is elsewhere on its device now.
    """
    label = "A change for each firewall"
    for report in (comparison.was, comparison.after):
        check_amount(label, report)
    matched = match_firewalls(comparison.was, comparison.after)
    known = [
        *((one, matched.get(one.name), one) for one in comparison.after.plan.firewalls),
        *((one, one, None) for one in list_gone(comparison.was, matched)),
    ]
    if not known:
        raise NotExpressible(label, "the plan has no firewalls; add them, or take a format")
    files: dict[str, bytes] = {}
    for (one, old, new), stem in zip(known, name_files(one.name for one, _, _ in known), strict=True):
        kind = told_as(one.format)
        if old and new:
            check_place(old, new)
        was, now = (
            Permits(report, firewall, names=takes_names(kind)) if firewall else None
            for report, firewall in ((comparison.was, old), (comparison.after, new))
        )
        if kind in WRITERS:
            made = _write_items(kind, was, now, comparison, editions)
        elif kind in _CHAINS:
            made = _write_chain(kind, was, now, comparison, editions)
        else:
            raise NotExpressible(
                label,
                f"{clean(one.name, 60) or 'one'} is of the format {kind}, which can't say one; {_INSTEAD[kind]}",
            )
        files[f"{stem}.change.txt"] = made
    return pack(files)


def _without(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """The statements that the others don't have."""
    known = set(others)
    return [line for line in lines if line not in known and not line.startswith("#")]


render_asa = partial(render_items, "asa")
render_checkpoint = partial(render_items, "checkpoint")
render_ios = partial(render_items, "ios")
render_fortigate = partial(render_items, "fortigate")
render_paloalto_set = partial(render_items, "paloalto-set")
render_srx = partial(render_items, "srx")
render_mikrotik = partial(render_items, "mikrotik")
render_nftables = partial(render_chain, "nftables")
render_iptables = partial(render_chain, "iptables")

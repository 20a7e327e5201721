"""A change request as configuration: what takes a device from one revision to another, and the way back.

Devices that are told item by item get what is new, then what is gone is taken back. nftables and iptables load a chain
whole, so the file is that chain, with the lines that differ in its head.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from planner.engine.compare import Comparison
from planner.engine.report import Report
from planner.report.firewall import iptables, nftables
from planner.report.firewall.devices.items import Change, find_change
from planner.report.firewall.devices.openings import Plan
from planner.report.firewall.devices.table import WRITERS
from planner.report.firewall.devices.writer import Writer
from planner.report.firewall.head import Commands, comment_out, write_file
from planner.report.firewall.permits import LeftOut, Permits
from planner.report.firewall.words import clean
from planner.report.said.edition import Editions
from ports.text import many

_BACK = "back: "
"""What begins a line of the way back, after the sign of a comment."""
_CHAINS: dict[str, tuple[str, Callable[[Permits], list[str]], str]] = {
    "nftables": ("nftables", nftables.list_statements, "nft -c -f FILE checks it, nft -f FILE loads it."),
    "iptables": (
        "iptables", iptables.list_statements,
        "iptables-restore --noflush FILE loads it, and ip6tables-restore --noflush FILE.",
    ),
}  # fmt: skip
"""Targets whose chain is loaded whole: what they are called, the statements of a file, how it is loaded."""


def render_items(name: str, comparison: Comparison, editions: Editions) -> bytes:
    """The change for a device that is told item by item. Raises NotExpressible."""
    writer = WRITERS[name]
    permits = writer.permits(comparison.after)
    before, plan = (
        writer.plan(one, default_deny=False, open_undecided=False) for one in (writer.permits(comparison.was), permits)
    )
    old, new = writer.list_items(before), writer.list_items(plan)
    forward, back = find_change(old, new), find_change(new, old)
    about = [
        *_introduce(writer.label, comparison, editions),
        *(_say_items(writer, forward, plan) if forward.added or forward.removed else [_NOTHING]),
        *permits.left_out,
    ]
    lines = [
        *forward.write(writer.end),
        *(f"{writer.mark} {_BACK}{line}" for line in back.write(writer.end)),
    ]
    return write_file(comment_out(writer.mark, about), lines)


_NOTHING = "The device has been told all of it: there is nothing to do."


def _introduce(label: str, comparison: Comparison, editions: Editions) -> Iterator[object]:
    yield f"{label}, a change for the plan: {clean(comparison.after.plan.name) or 'unnamed'}"
    yield f"From {clean(editions.before, 120) or 'the old one'} to {clean(editions.after, 120) or 'the new one'}."
    yield f"Port matrix: {clean(comparison.after.matrix.version, 200)}"
    yield "It is for a device that has the file of the first; what is undecided is disabled in both."


def _say_items(writer: Writer, change: Change, plan: Plan) -> Iterator[object]:
    yield (
        f"{many(len([item for item in change.added if item.lines]), 'item')} set, then "
        f"{many(len(change.removed), 'item')} taken back. Loaded again it changes nothing: what is gone is not found, "
        "and the device says so."
    )
    yield from writer.load(plan)
    yield from _say_way_back(writer.mark)


def _say_way_back(mark: str) -> Iterator[object]:
    yield "The way back is at the end, in comments; this makes a file of it:"
    yield Commands((f"sed -n 's/^{mark} {_BACK}//p' FILE",))


def render_chain(name: str, comparison: Comparison, editions: Editions) -> bytes:
    """The change for a chain that is loaded whole. Raises NotExpressible."""
    label, list_statements, load = _CHAINS[name]
    old, new = list_statements(Permits(comparison.was)), list_statements(Permits(comparison.after))
    about: list[object] = [*_introduce(label, comparison, editions)]
    if old == new:
        return write_file(comment_out("#", [*about, _NOTHING]), ())
    added, removed = _without(new, old), _without(old, new)
    about += [
        f"{len(added)} lines come, {len(removed)} go. The chain is loaded whole, and again it changes nothing. {load}",
        *_say_way_back("#"),
        *_left_out(comparison.after),
    ]
    lines = [
        *(f"# + {line}" for line in added),
        *(f"# - {line}" for line in removed),
        *new,
        *(f"# {_BACK}{line}" for line in old),
    ]
    return write_file(comment_out("#", about, "| "), lines)


def _left_out(report: Report) -> tuple[LeftOut, ...]:
    return Permits(report).left_out


def _without(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """The statements that the others don't have."""
    known = set(others)
    return [line for line in lines if line not in known and not line.startswith("#")]


render_asa = partial(render_items, "asa")
render_ios = partial(render_items, "ios")
render_fortigate = partial(render_items, "fortigate")
render_paloalto_set = partial(render_items, "paloalto-set")
render_srx = partial(render_items, "srx")
render_mikrotik = partial(render_items, "mikrotik")
render_nftables = partial(render_chain, "nftables")
render_iptables = partial(render_chain, "iptables")

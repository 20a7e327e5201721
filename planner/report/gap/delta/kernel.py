"""What is missing for nftables and iptables: a chain of its own, and the jump to it before what would refuse.

An accept in one base chain is none in another, so nftables gets one for each chain at the hook forward that refuses
something, each under a name of its own in its table. Loading a file fills its chains alone; the jumps stand in the
head, to be made once.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from planner.engine.existing.model import Stage
from planner.engine.existing.readers.iptables import divide
from planner.engine.flows import Flow
from planner.report.errors import NotExpressible
from planner.report.firewall import iptables, nftables
from planner.report.firewall.entries import Entry, list_forward, say_disabled
from planner.report.firewall.head import Commands, comment_out, count_rules, explain_codes, introduce, write_file
from planner.report.firewall.omissions import LeftOut
from planner.report.firewall.permits import Permits
from planner.report.firewall.targets import IPTABLES, NFTABLES
from planner.report.firewall.words import cut
from planner.report.gap.delta.task import NOTHING, Stuck, Task, make_permits, part, say_unclear, say_when
from ports.text import plural

_NAME = re.compile(r"(inet|ip|ip6) [A-Za-z_][A-Za-z0-9_./-]* [A-Za-z_][A-Za-z0-9_./-]*")
"""A chain whose name can be repeated in a command as it is."""
_INDENT = "| "
_LONGEST = {"nftables": 100, "iptables": 28}
"""How long the name of a chain is at most, in characters: NFT_CHAIN_MAXNAMELEN is 128, XT_EXTENSION_MAXNAMELEN 29."""
_FAMILIES: tuple[tuple[Literal[4, 6], str], ...] = ((4, "iptables"), (6, "ip6tables"))


def render_nftables(task: Task) -> bytes:
    """A file for nft. Raises NotExpressible."""
    stuck, about = Stuck(), _About(task)
    chains: list[nftables.Chain] = []
    jumps: list[str] = []
    hooked = _find_forward(task.text)
    name = _name_chain(task, NFTABLES.name, nftables.CHAIN, "_delta")
    device = task.device
    for stage in task.gap.ruleset.stages:
        lacks = task.lacks(stage)
        if stage.name not in hooked:
            stuck.add(_elsewhere(stage.name), lacks.flows)
            continue
        flows = part(lacks.flows, device, stuck)
        if not flows:
            continue
        table, _, chain = stage.name.rpartition(" ")
        if not _NAME.fullmatch(stage.name):
            raise NotExpressible("What nftables lacks", "a chain is called so that no command can repeat it")
        permits = make_permits(task, flows, device)
        entries = tuple(one for one in _list_entries(permits, NFTABLES.label) if one.family in stage.families)
        beside = sum(one.table == table for one in chains)
        chains.append(
            nftables.Chain(
                name=f"{name}_{beside + 1}" if beside else name,
                jumps_from=chain,
                entries=entries,
                table=table,
                logs=bool(device and device.log),
            )
        )
        found = [one for one in map(lacks.find_first, flows) if one]
        jumps.append(_jump(chains[-1], stage, min(found, key=lambda one: one[0])[1].name if found else ""))
        about.take(permits, entries)
    head = [
        *about.say(NFTABLES.label),
        *(_say_nftables(chains, jumps) if chains else ()),
        *stuck.say(),
    ]
    return write_file(comment_out("#", head, _INDENT), nftables.write_chains(chains) if chains else ())


class _About:
    """What the head says of all chains together."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._said: list[object] = []
        self._left_out: dict[LeftOut, None] = {}
        self._permits: Permits | None = None
        self._forbidden: dict[str, None] = {}

    def take(self, permits: Permits, entries: tuple[Entry, ...]) -> None:
        """Count one chain in."""
        self._permits = self._permits or permits
        self._said.append(f"{count_rules(permits, None, len(entries))}{say_disabled(entries)}")
        self._left_out |= dict.fromkeys(permits.left_out)
        self._forbidden |= dict.fromkeys(entry.rule for entry in entries if entry.forbidden)

    def say(self, label: str) -> Iterator[object]:
        """The sentences with which a head begins."""
        permits = self._permits or Permits(self._task.narrow(()), self._task.device)
        yield from introduce(f"{label}, what is missing", permits, None, False, self._forbidden)
        if self._permits is None and not self._task.gap.missing:
            yield NOTHING
        elif self._permits is not None:
            yield say_when()
        yield from dict.fromkeys(self._said)
        if self._permits is not None:
            yield from explain_codes(permits)
        yield from say_unclear(self._task)
        yield from self._left_out


def _list_entries(permits: Permits, label: str) -> tuple[Entry, ...]:
    return list_forward(permits, label, open_undecided=False)


def _name_chain(task: Task, target: str, otherwise: str, mark: str) -> str:
    """A name that nothing in the configuration has."""
    own = task.device.options.get("chain", otherwise) if task.device else otherwise
    suffix = task.find_suffix(mark)
    return (own if len(own) + len(suffix) <= _LONGEST[target] else otherwise) + suffix


def _elsewhere(name: str) -> str:
    return f"They are refused by {cut(name, 100)} or may be, where no rule is to be put that opens them"


def _find_forward(text: str) -> frozenset[str]:
    """The chains in which a forwarded packet can be let through, by family, table and name."""
    items = (one.get("chain") for one in json.loads(text.removeprefix("\ufeff"))["nftables"])
    return frozenset(
        f"{one.get('family')} {one.get('table')} {one.get('name')}"
        for one in items
        if one and one.get("hook") == "forward" and one.get("type") == "filter" and one.get("family") != "bridge"
    )


def _jump(chain: nftables.Chain, stage: Stage, before: str) -> str:
    """The command that has a site's chain jump here, before the entry of this name; at its end where there is none."""
    if not before:
        return f"nft add rule {chain.table} {chain.jumps_from} jump {chain.name}"
    found = re.match(rf"{re.escape(stage.name)} handle (\d+)(?!\S)", before)
    if found is None:
        raise NotExpressible("What nftables lacks", "an entry that refuses has no handle; list the ruleset anew")
    return f"nft insert rule {chain.table} {chain.jumps_from} handle {found[1]} jump {chain.name}"


def _say_nftables(chains: list[nftables.Chain], jumps: list[str]) -> Iterator[object]:
    names = list(dict.fromkeys(chain.name for chain in chains))
    filled, it = plural(len(names), "the chain", "the chains"), plural(len(names), "it", "them")
    yield (
        f"It fills {filled} {', '.join(names)}, which nothing there is called, and changes nothing else. Check it "
        f"with nft -c -f FILE, load it with nft -f FILE. Once, after that, have {it} asked before what refuses:"
    )
    yield Commands(tuple(jumps))
    yield "To take it back:"
    yield Commands(tuple(line for chain in chains for line in chain.take_back()))


def render_iptables(task: Task) -> bytes:
    """A file for iptables-restore and ip6tables-restore. Raises NotExpressible."""
    stuck, about = Stuck(), _About(task)
    name = _name_chain(task, IPTABLES.name, iptables.CHAIN, "-DELTA")
    device, saved = task.device, divide(task.text)
    entries: list[Entry] = []
    jumps: list[tuple[str, str]] = []
    for family, program in _FAMILIES:
        flows: list[Flow] = []
        place = ""
        for stage in task.gap.ruleset.stages:
            if family not in stage.families:
                continue
            lacks = task.lacks(stage)
            if stage.name not in (program, f"{program} filter FORWARD"):
                stuck.add(_elsewhere(stage.name), lacks.flows)
                continue
            flows = part(lacks.flows, device, stuck)
            lines = [line for _, line, _ in saved[family][("filter", "FORWARD")].lines] if saved[family] else []
            found = [one for one in (lacks.find_first(flow, family) for flow in flows) if one]
            first = min(found, key=lambda one: one[0])[1].name if found else ""
            place = f"-I FORWARD {lines.index(first) + 1}" if first else "-A FORWARD"
        permits = make_permits(task, flows, device)
        mine = tuple(one for one in _list_entries(permits, IPTABLES.label) if one.family == family)
        if mine:
            entries += mine
            jumps.append((program, place))
            about.take(permits, mine)
    chain = iptables.Chain(name=name, entries=tuple(entries), logs=bool(device and device.log))
    head = [*about.say(IPTABLES.label), *(_say_iptables(name, jumps) if jumps else ()), *stuck.say()]
    return write_file(comment_out("#", head, _INDENT), iptables.write_chain(chain) if jumps else ())


def _say_iptables(name: str, jumps: Iterable[tuple[str, str]]) -> Iterator[object]:
    yield (
        f"It fills the chain {name} of the filter table, which nothing there is called, and changes nothing else. "
        "Once, before, make the chain and have FORWARD jump there before what refuses:"
    )
    yield Commands(tuple(line for one, place in jumps for line in (f"{one} -N {name}", f"{one} {place} -j {name}")))
    programs = " and ".join(f"{one}-restore --noflush FILE" for one, _ in jumps)
    yield f"Load it with {programs}. Where the jump is missing or --noflush is forgotten it refuses."
    yield "To take it back:"
    yield Commands(
        tuple(
            line
            for one, _ in jumps
            for line in (f"{one} -D FORWARD -j {name}", f"{one} -F {name}", f"{one} -X {name}")
        )
    )

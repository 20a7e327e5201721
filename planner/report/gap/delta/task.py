"""What is to be written: the answer, the text that it is of, and what its sides are called."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from planner.engine.existing.decide import Gap
from planner.engine.existing.lacks import Lacks
from planner.engine.existing.model import Stage
from planner.engine.findings.firewalls import passes
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import narrow_boundaries
from planner.plan.fields import Firewall
from planner.report.firewall.omissions import Names
from planner.report.firewall.permits import Permits
from planner.report.firewall.words import clean
from ports.text import many

NOTHING = "Nothing is missing: there is nothing to do."
_TOKENS = re.compile(r"[\w.:/-]+")
_NAMED = 5
"""How many flows a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A comparison whose answer is to be written as configuration."""

    gap: Gap
    text: str
    """The configuration that was compared."""
    firewall: Firewall | None = None
    """What it was compared as; its zones say what each zone of the plan is behind."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Side of the device -> zone of the plan, where somebody wrote it down."""

    @property
    def device(self) -> Firewall | None:
        """The firewall with every side that is known; None where none is, or a zone has several by a mapping."""
        if not self.mapping:
            return self.firewall
        zones: dict[str, str] = {}
        for side, zone in self.mapping.items():
            if zone in zones:
                return None
            zones[zone] = side
        if self.firewall is None:
            return Firewall(name=self.gap.ruleset.format, format=self.gap.ruleset.format, zones=zones)
        mapped = set(self.mapping)
        kept = {zone: side for zone, side in self.firewall.zones.items() if side not in mapped and zone not in zones}
        return replace(self.firewall, zones={**kept, **zones})

    @property
    def sides(self) -> tuple[tuple[str, str], ...]:
        """Side of the device, zone of the plan: each that is known.

        A zone may be behind several sides, and a side lead to several zones.
        """
        known = self.firewall.zones.items() if self.firewall else ()
        return (*self.mapping.items(), *((side, zone) for zone, side in known if side not in self.mapping))

    def lacks(self, stage: Stage, *, translated: bool = False) -> Lacks:
        """What a stage refuses of what is missing; `translated`: once what is published is translated there."""
        return Lacks(self.gap, stage, self.mapping, self.firewall, translated=translated)

    def narrow(self, flows: Iterable[Flow]) -> Report:
        """The report with the rules of these flows alone, under numbers that every device takes."""
        boundaries = narrow_boundaries(self.gap.report.boundaries, flows)
        return replace(
            self.gap.report,
            boundaries=tuple(
                replace(one, rules=tuple(replace(rule, id=rule.id.replace("/", "_")) for rule in one.rules))
                for one in boundaries
            ),
        )

    def find_suffix(self, mark: str = "-delta") -> str:
        """What ends the names of ours so that nothing in the configuration is called like them."""
        text, suffix, number = self.text.casefold(), mark, 1
        while suffix.casefold() in text:
            number += 1
            suffix = f"{mark}{number}"
        return suffix

    def find_known(self, names: Collection[str]) -> frozenset[str]:
        """Those of some names that stand in the configuration."""
        wanted = frozenset(names)
        return frozenset(one.group() for one in _TOKENS.finditer(self.text) if one.group() in wanted)


@dataclass(slots=True)
class Stuck:
    """What no line can open there, and why."""

    begins: str = "Not opened by this"
    """What its sentences begin with."""
    found: dict[str, list[Flow]] = field(default_factory=dict)

    def add(self, why: str, flows: Iterable[Flow]) -> None:
        """Remember flows under a reason."""
        several = list(flows)
        if several:
            self.found.setdefault(why, []).extend(several)

    def say(self) -> Iterator[str]:
        """A sentence for each reason."""
        for why, flows in self.found.items():
            single = list({id(flow): flow for flow in flows}.values())
            more = f" and {len(single) - _NAMED} more" if len(single) > _NAMED else ""
            said = ", ".join(
                f"{clean(flow.source.name, 60)} to {clean(flow.destination.name, 60)} {flow.need.protocol} "
                f"{flow.need.ports or 'echo'}"
                for flow in single[:_NAMED]
            )
            yield f"{self.begins}: {many(len(single), 'flow')} ({said}{more}). {clean(why, 300)}."


def part(flows: Iterable[Flow], device: Firewall | None, stuck: Stuck) -> list[Flow]:
    """Those of some flows that pass the device; the others are noted."""
    if device is None:
        return list(flows)
    passing: list[Flow] = []
    others: list[Flow] = []
    for flow in flows:
        (passing if passes(device, flow.source.zone, flow.destination.zone) else others).append(flow)
    stuck.add("Their zones stand behind one side of the device, or behind none that is known", others)
    return passing


def say_unclear(task: Task) -> Iterator[str]:
    """What isn't understood of the whole configuration."""
    if task.gap.ruleset.obscure:
        said = "; ".join(clean(one, 100) for one in task.gap.ruleset.obscure[:_NAMED])
        yield f"Not understood, and it may bear on anything: {said}. So look at what this opens."


def say_when() -> str:
    """Of which state of the rules it is."""
    return "It is for the rules as they were compared. Where they have changed since, compare again."


def make_permits(task: Task, flows: Iterable[Flow], device: Firewall | None, *, names: Names | None = None,
                 suffix: str = "") -> Permits:  # fmt: skip
    """The permits of some flows."""
    return Permits(task.narrow(flows), device, names=names, suffix=suffix)

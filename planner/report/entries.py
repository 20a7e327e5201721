"""What an entry of the registry of formats says: what a format is called, what writes it, and what it costs.

An entry names the function that writes the format as "module:function". It is imported when the format is asked for
the first time, because some cost up to a second and a half to import, and nobody else should wait for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.engine.acceptance import Acceptance
    from planner.engine.compare import Comparison
    from planner.engine.report import Report
    from planner.report.said.edition import Edition, Editions, Engine

OPTIONS: Mapping[str, str] = {
    "default_deny": "firewalls only: deny at the end what no rule names; for nftables and iptables that is a complete "
    "table, for a router that has no other rules; for hosts what comes and what leaves",
    "open_undecided": "firewalls only: open every option of undecided choices; else such rules are disabled",
    "host_files": "nftables only: a file for each host instead of the rules between zones, as a zip archive",
}
"""What some formats can be asked for beyond the report, and what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What formats of reports and of comparisons have in common."""

    name: str
    """What commands and addresses call it; the end of the names of files that commands write."""
    label: str
    content_type: str
    writes: str
    """The function that writes it, as "module:function"."""
    group: str = ""
    """Under which words it stands in menus; neighbours share them. Those without any come first."""
    part: str = ""
    """The part of a plan of which it tells alone; a plan without any has no such output."""
    is_printed: bool = False
    """Whether it is made for paper: it carries a date and follows a house style."""
    begins: str = ""
    """The function that starts what can be done before there is a report, as "module:function"; empty: nothing."""
    cost: float = 0.1
    """Milliseconds of a processor's time that an endpoint of the plan costs, measured with plans of many sites."""
    flow_cost: float = 0.004
    """The same of a flow, measured with 200 endpoints that are all each other's targets: they have 600 flows each."""

    def begin(self, engine: "Engine | None", *, is_styled: bool) -> None:
        """Have done what can be done while plans are read: a command calls it as soon as it knows what to write.

        `engine` is who sets the pages, None for the usual one; `is_styled`: there is a house style.
        """
        if self.begins:
            resolve_name(self.begins)(engine, is_styled=is_styled)

    def estimate(self, endpoints: int, *, flows: int = 0, passing: int = 0, by_weasyprint: bool = False) -> float:
        """About how many seconds of a processor's time a plan of so many endpoints takes, from document to file.

        `flows`: how many it has, where that is known, and `passing` the same of those at its firewalls, each counted
        at each. `by_weasyprint`: whether that sets the pages of PDFs.
        """
        cost = _BY_WEASYPRINT if by_weasyprint and self.name == "pdf" else self.cost
        of_endpoints = endpoints * (self.evaluations * _EVALUATED + cost)
        of_flows = flows * (self.evaluations * _FLOW_EVALUATED + self.flow_cost)
        if self.part == "firewalls":
            of_flows += passing * self.evaluations * _PASSING
        return max(of_endpoints, of_flows) / 1_000

    @property
    def evaluations(self) -> int:
        """How many reports have to be made for it."""
        return 1

    @property
    def extension(self) -> str:
        """The end of file names, without the dot: the name of the format, as the command line promises."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(_Entry):
    """A way to write a report."""

    options: frozenset[str] = frozenset()
    """Those of OPTIONS that it knows."""
    remarks: str = ""
    """The function that says what the output leaves out of a report, as "module:function"; empty: nothing."""
    ending: str = ""
    """The end of the names of downloads, where another one opens in the right program."""
    closes: bool = False
    """Whether its file takes back what the earlier reports of an edition opened and the report doesn't, or says what
    was called otherwise in them."""
    folder: str = ""
    """The function that writes it as several files, as "module:function": the command line makes a folder of them."""

    def render(self, report: "Report", edition: "Edition | None" = None, **options: bool) -> bytes:
        """The report in this format; documents that carry a date have that of the edition, or today's.

        `options` are by name those of OPTIONS that the format knows. The same report, edition and options give the
        same content. Raises NotExpressible where the format can't say what the report says.
        """
        written: bytes = resolve_name(self.writes)(report, edition, **options)
        return written

    def write_folder(self, report: "Report", edition: "Edition | None" = None, **options: bool) -> Mapping[str, bytes]:
        """The report as several files by name, for a format that has a `folder`. Raises as `render` does."""
        files: Mapping[str, bytes] = resolve_name(self.folder)(report, edition, **options)
        return files

    def notes(self, report: "Report") -> tuple[str, ...]:
        """What the output leaves out of the report, in sentences."""
        said: tuple[str, ...] = resolve_name(self.remarks)(report) if self.remarks else ()
        return said


_EVALUATED = 0.09
"""The same for reading a plan and working out its rules."""
_FLOW_EVALUATED = 0.0025
"""The same of a flow."""
_PASSING = 0.002
"""The same of a flow at a firewall that it passes, in the file of that firewall."""
_BY_WEASYPRINT = 2.0
"""The same for a PDF that WeasyPrint sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFormat(_Entry):
    """A way to write a comparison: a change request."""

    configures: bool = False
    """Whether it tells a device what to do: then it has no word of names, states and reasons that stay."""

    @property
    def evaluations(self) -> int:
        """That before and that after."""
        return 2

    def render(self, comparison: "Comparison", editions: "Editions") -> bytes:
        """The change request in this format. The same comparison and editions give the same content."""
        written: bytes = resolve_name(self.writes)(comparison, editions)
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceFormat(_Entry):
    """A way to write what results of checks prove of a plan."""

    def render(self, report: "Report", state: "Acceptance", **printed: object) -> bytes:
        """The acceptance in this format. What is printed has what `planner.report.paper.acceptance_pages` takes."""
        written: bytes = resolve_name(self.writes)(report, state, **printed)
        return written

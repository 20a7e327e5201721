"""What is not to be opened, as CSV: a file of its own, so that nobody opens a line of it by mistake for a flow."""

import csv
import io
from collections.abc import Iterator

from planner.engine.by_address import find_by_address
from planner.engine.report import Report
from planner.report.formats.csv import field
from planner.report.said.closed import name_breaking, say_opened
from planner.report.said.edition import Edition
from planner.report.said.text import list_reasons
from planner.report.said.unopened import say_why

COLUMNS = (
    "kind", "source", "source_is", "destination", "destination_is", "protocol", "ports", "sections", "what", "because",
    "kept", "broken_by", "by_address",
)  # fmt: skip
"""The header line. `kind` is excluded, closed, missing, withheld or unused."""


def render_closed(report: Report, edition: Edition | None = None) -> bytes:
    """What the whole plan keeps closed, under a header and written as `render_csv` writes it.

    First the flows that the plan excludes, then what must stay closed, then the rows of the document that lead to no
    flow. An empty protocol means every one, empty ports of a protocol mean all of them.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rows in (_list_excluded(report), _list_closed(report), _list_unopened(report)):
        writer.writerows(map(field, row) for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _list_excluded(report: Report) -> Iterator[tuple[str, ...]]:
    for one in report.excluded:
        need = one.flow.need
        asked = "; ".join(list_reasons(need.reasons))
        ends = one.flow.source.name, "endpoint", one.flow.destination.name, "endpoint"
        reason = one.exclusion.reason
        yield "excluded", *ends, need.protocol, need.ports or "", "; ".join(need.sections), asked, reason, "", "", ""


def _list_closed(report: Report) -> Iterator[tuple[str, ...]]:
    by_address = find_by_address(report, report.closed)
    for item in report.closed:
        ((kind, source),), ((kind_to, destination),) = item.source.items(), item.destination.items()
        service = item.protocol or "", item.ports or ""
        says = "the plan" if item.number is not None else "the document"
        kept = "yes" if item.kept else "no", "; ".join(name_breaking(item)), say_opened(item, by_address)
        sections = "; ".join(item.sections)
        yield "closed", source, kind, destination, kind_to, *service, sections, says, item.reason, *kept


def _list_unopened(report: Report) -> Iterator[tuple[str, ...]]:
    for kind in ("missing", "withheld", "unused"):
        for group in report.unneeded:
            if group.kind == kind:
                for requirement in group.requirements:
                    said = str(requirement.reason), say_why(group, requirement)
                    yield kind, "", "", "", "", "", "", group.section, *said, "", "", ""

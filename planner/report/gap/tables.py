"""The answer as tables: all flows as CSV, and everything as an Excel workbook."""

import csv
import io
from collections.abc import Iterable, Iterator

from planner.engine.existing.decide import FlowState, Gap
from planner.report.formats.csv import field
from planner.report.formats.workbook import Columns, Sheet, as_cell, make_book
from planner.report.gap.words import NAMES, say_narrower, say_note
from ports.text import show

_FLOWS: Columns = (
    ("State", 12), ("Source", 22), ("Source zone", 18), ("Destination", 22), ("Destination zone", 18),
    ("Protocol", 10), ("Ports", 14), ("By", 60), ("Note", 60),
)  # fmt: skip
_MISSING: Columns = (
    ("Rule", 16), ("Source zones", 18), ("Sources", 30), ("Destination zones", 18), ("Destinations", 30),
    ("Services", 24), ("Sections", 10),
)  # fmt: skip
_WIDER: Columns = (
    ("Entry", 60), ("Sources", 30), ("Destinations", 30), ("Admits", 30), ("Pairs of endpoints", 12),
    ("Needed of it", 60),
)  # fmt: skip
_UNKNOWN: Columns = (("Construct", 60), ("Entries", 60), ("Flows", 10))


def render_csv(gap: Gap) -> bytes:
    """Each flow with its state, as the report's own CSV is written: with a byte order mark, and nothing that runs."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(title.lower().replace(" ", "_") for title, _ in _FLOWS)
    writer.writerows([field(cell) for cell in _flow_cells(one)] for one in gap.flows)
    return text.getvalue().encode("utf-8-sig")


def render_xlsx(gap: Gap) -> bytes:
    """A workbook with the sheets Flows, Missing, Wider and Not understood."""
    return make_book(
        show(gap.report.plan.name),
        (
            Sheet("Flows", _FLOWS, _cells(_flow_cells(one) for one in gap.flows)),
            Sheet("Missing", _MISSING, _cells(_list_missing(gap))),
            Sheet("Wider", _WIDER, _cells(_list_wider(gap))),
            Sheet("Not understood", _UNKNOWN, _cells(_list_unknown(gap))),
        ),
    )


def _cells(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield tuple(map(as_cell, row))


def _flow_cells(one: FlowState) -> tuple[str, ...]:
    flow = one.flow
    return (
        NAMES[one.state],
        flow.source.name,
        flow.source.zone,
        flow.destination.name,
        flow.destination.zone,
        flow.need.protocol,
        flow.need.ports or "",
        "; ".join(one.by),
        say_note(one),
    )


def _list_missing(gap: Gap) -> Iterator[tuple[str, ...]]:
    for rule in gap.missing:
        yield (
            rule.id,
            "\n".join(rule.source_zones),
            "\n".join(end.name for end in rule.sources),
            "\n".join(rule.destination_zones),
            "\n".join(end.name for end in rule.destinations),
            "\n".join(map(str, rule.services)),
            ", ".join(rule.sections),
        )


def _list_wider(gap: Gap) -> Iterator[tuple[str, ...]]:
    for one in gap.wider:
        yield (
            one.entry,
            "\n".join(one.sources),
            "\n".join(one.destinations),
            "\n".join(one.services),
            str(one.pairs),
            say_narrower(one.narrower),
        )


def _list_unknown(gap: Gap) -> Iterator[tuple[str, ...]]:
    for one in gap.unknown:
        yield one.construct, "\n".join(one.entries), str(len(one.flows))
